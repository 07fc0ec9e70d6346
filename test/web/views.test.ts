// The pages: that they say what is true, that what strangers wrote stays text, and that everybody can use them.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Element, findAll, parseHtml, skeletonOf, textOf } from '../support/html.ts';
import { renderSample, samples } from '../support/render-pages.ts';

const names = Object.keys(samples);

const payloads = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  `' onfocus=alert(1) autofocus tabindex=1 x='`,
  '` onmouseover=`alert(1)',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '//evil.example/',
  '</title></style></textarea></script><svg/onload=alert(1)>',
  '{{ 7 * 7 }}{% include "error.njk" %}{#',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=alert() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>\\x3e`,
];

afterEach(() => {
  vi.useRealTimers();
});

function page(name: string, change?: Parameters<typeof renderSample>[1]): Element {
  return parseHtml(renderSample(name, change));
}

/** The same locals with another text for every text in them, however deep. */
/** A place on the page, a path of ours, an address of the configuration, or a file that the page holds. */
const OUR_ADDRESSES = /^(#|\/(?!\/)|https:\/\/(help\.)?example\.com\/|data:application\/json;base64,)/;

function withText(value: unknown, text: string): unknown {
  if (typeof value === 'string') return value === '' ? value : text;
  if (Array.isArray(value)) return value.map((each) => withText(each, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withText(each, text)]));
}

function consentFor(change: Record<string, unknown>): Element {
  return page('consent', (locals) => ({ ...locals, ...change }));
}

function buttonNamed(words: string, root: Element): Element | undefined {
  return findAll(root, 'button').find((button) => textOf(button) === words);
}

describe.each(names)('the page %s', (name) => {
  test.each(payloads)('C09: %s in every local adds no element and no attribute', (payload) => {
    const hostile = page(name, (locals) => withText(locals, payload));
    const harmless = page(name, (locals) => withText(locals, 'harmless'));
    expect(skeletonOf(hostile)).toBe(skeletonOf(harmless));
    for (const { attributes } of findAll(hostile, '*')) {
      for (const address of [attributes.href, attributes.action]) {
        if (address !== undefined) expect(address).toMatch(OUR_ADDRESSES);
      }
    }
  });

  test('C02: it carries no script but a file of ours, no style and no event handler of its own', () => {
    for (const { tag, attributes } of findAll(page(name), '*')) {
      if (tag === 'script') expect(attributes.src).toMatch(/^\/assets\/[\w-]+\.[0-9a-f]{12}\.js$/);
      expect(['style', 'iframe', 'object', 'img']).not.toContain(tag);
      expect(Object.keys(attributes).filter((key) => /^on|^style$|^srcdoc$/.test(key))).toEqual([]);
      if (tag === 'link') expect(attributes.href).toMatch(/^\/assets\/[\w-]+\.[0-9a-f]{12}\.\w+$/);
    }
  });

  test('C04: every form but a search is a POST, those that stay here carry the csrf token, and no token stands in an address', () => {
    for (const form of findAll(page(name), 'form')) {
      const isSearch = form.attributes.role === 'search';
      const staysHere = form.attributes.action?.startsWith('https:') !== true;
      expect(form.attributes.method).toBe(isSearch ? 'get' : 'post');
      const tokens = findAll(form, 'input').filter((input) => input.attributes.name === 'csrf');
      expect(tokens.map((input) => input.attributes.value)).toEqual(
        !isSearch && staysHere ? ['csrf-token'] : [],
      );
    }
  });

  test('WCAG 1.3.1, 3.3.2: every input has a label and what describes it exists', () => {
    const root = page(name);
    const ids = findAll(root, '*').flatMap(({ attributes }) => attributes.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const labelled = findAll(root, 'label').flatMap((label) => [
      label.attributes.for,
      ...findAll(label, 'input').map((input) => input.attributes.name),
    ]);
    for (const { attributes } of findAll(root, 'input')) {
      if (attributes.type === 'hidden') continue;
      expect(labelled).toContain(attributes.id ?? attributes.name);
      for (const id of attributes['aria-describedby']?.trim().split(/\s+/) ?? []) expect(ids).toContain(id);
    }
  });

  test('WCAG 2.4.2, 2.4.6, 3.1.1: it has a language, a title, one main part and one first heading', () => {
    const root = page(name);
    expect(findAll(root, 'html')[0]?.attributes.lang).toBe('en');
    expect(findAll(root, 'title').map(textOf).join()).toMatch(/.+ · Latchkey$/);
    expect(findAll(root, 'main')).toHaveLength(1);
    expect(findAll(root, 'h1').map(textOf)).toEqual([expect.stringMatching(/\w/)]);
  });
});

describe('consent', () => {
  test('A25: it tells who asks, whether that is known, where it leads, and as which account', () => {
    const words = textOf(page('consent'));
    for (const truth of [
      'Kairos Tasks',
      'Unverified',
      'app.kairos.example',
      'Ada Lovelace',
      'ada@example.com',
    ]) {
      expect(words).toContain(truth);
    }
  });

  test('A25: it tells each scope in words, the API it is of, how long it lasts and that it goes on unattended', () => {
    const words = textOf(page('consent'));
    const truths = [
      'Know your name and e-mail address',
      'See your tasks and projects',
      'Create and change tasks',
      'Kairos API',
      'https://api.kairos.example',
      'How longUntil you revoke it',
      'WhenAlso while you are away from the app',
    ];
    for (const truth of truths) expect(words).toContain(truth);
  });

  test('A25: a scope that was registered without words is named rather than left out', () => {
    expect(textOf(page('consent'))).toContain('Read documents');
  });

  test('A25: without offline access it says for how long and only while the app is used', () => {
    const words = textOf(page('consent-verified'));
    expect(words).toContain('How longFor 1 hour');
    expect(words).toContain('Only while you use the app');
  });

  test.each([
    ['consent', 'Unverified'],
    ['consent-verified', 'Verified'],
    ['consent-first-party', 'By Latchkey'],
  ])('A25: %s has exactly the badge %s', (name, badge) => {
    const badges = findAll(page(name), 'span')
      .map(textOf)
      .filter((words) => /^(Unverified|Verified|By .*)$/.test(words));
    expect(badges).toEqual([badge]);
  });

  test('A25: what is asked for the first time is marked, and only that', () => {
    const scopes = findAll(page('consent'), 'li').filter((item) => textOf(item).includes('New'));
    expect(scopes.map(textOf)).toEqual([expect.stringContaining('Create and change tasks')]);
  });

  test('optional scopes are boxes that can be unticked, the others are not', () => {
    const boxes = findAll(page('consent'), 'input').filter((input) => input.attributes.type === 'checkbox');
    expect(
      boxes.map(({ attributes }) => [attributes.name, attributes.value, 'checked' in attributes]),
    ).toEqual([
      ['scope_2', 'yes', true],
      ['scope_3', 'yes', true],
    ]);
  });

  test('nothing is focused beforehand, and the Enter key denies', () => {
    const root = page('consent');
    expect(findAll(root, '*').filter(({ attributes }) => 'autofocus' in attributes)).toEqual([]);
    const form = findAll(root, 'form').find((each) => each.attributes.action === '/interaction/abc/consent');
    const decisions = form === undefined ? [] : findAll(form, 'button');
    expect(decisions.map(({ attributes }) => [attributes.name, attributes.value])).toEqual([
      ['decision', 'deny'],
      ['decision', 'allow'],
    ]);
  });

  test('the first form with a decision is the one that answers the question', () => {
    const asks = (form: Element) =>
      findAll(form, 'button').some(({ attributes }) => attributes.name === 'decision');
    expect(findAll(page('consent'), 'form').find(asks)?.attributes.action).toBe('/interaction/abc/consent');
  });

  test('another account is one button away', () => {
    const button = buttonNamed('Use another account', page('consent'));
    expect(button?.attributes).toMatchObject({ name: 'decision', value: 'switch', type: 'submit' });
  });

  test('A26: a name of 500 characters with a change of direction is cut, cleaned and isolated', () => {
    const root = consentFor({
      client: { name: `Kairos\u202e\u2066${'W'.repeat(500)}`, redirect_host: 'evil.example' },
    });
    const shown = findAll(root, 'bdi').find((each) => textOf(each).startsWith('Kairos'));
    expect(shown && Array.from(textOf(shown))).toHaveLength(80);
    expect(textOf(root)).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(textOf(root)).not.toContain('W'.repeat(80));
  });

  test('A26: a name that shows nothing is called what it is', () => {
    const root = consentFor({ client: { name: '\u200b\u3164 \u2800\u202e', redirect_host: 'evil.example' } });
    expect(findAll(root, 'h1').map(textOf)).toEqual(['An app without a name wants to use your account']);
  });

  test('A26: of a long host the end is shown, which tells whose it is', () => {
    const root = consentFor({
      client: { name: 'Kairos', redirect_host: `login.kairos.example.${'a'.repeat(90)}.evil.example` },
    });
    expect(textOf(root)).toContain('a.evil.example');
    expect(textOf(root)).not.toContain('login.kairos.example');
  });
});

describe('other pages', () => {
  test('S03: sign-in names its fields as password managers expect them', () => {
    const inputs = findAll(page('sign-in'), 'input').map(({ attributes }) => [
      attributes.name,
      attributes.autocomplete,
    ]);
    expect(inputs).toContainEqual(['email', 'username']);
    expect(inputs).toContainEqual(['password', 'current-password']);
  });

  test('WCAG 3.3.1: an error is told in words, in the title and at the field at fault only', () => {
    const root = page('sign-up-error');
    expect(textOf(root)).toContain('This is not an e-mail address we can use.');
    expect(findAll(root, 'title').map(textOf).join()).toMatch(/^Error: /);
    const wrong = findAll(root, 'input').filter(({ attributes }) => attributes['aria-invalid'] === 'true');
    expect(wrong.map(({ attributes }) => [attributes.name, attributes['aria-describedby']])).toEqual([
      ['email', 'problem'],
    ]);
  });

  test('a typed password never comes back', () => {
    const inputs = names.flatMap((name) => findAll(page(name), 'input'));
    const passwords = inputs.filter(({ attributes }) => attributes.type === 'password');
    expect(passwords.length).toBeGreaterThan(5);
    expect(passwords.filter(({ attributes }) => 'value' in attributes)).toEqual([]);
  });

  test('sign-out carries the token of the engine and can be declined', () => {
    const root = page('logout');
    expect(
      findAll(root, 'input').map(({ attributes }) => [attributes.name, attributes.value]),
    ).toContainEqual(['xsrf', 'xsrf-secret']);
    expect(buttonNamed('Sign out', root)?.attributes).toMatchObject({ name: 'logout', value: 'yes' });
    expect(buttonNamed('Stay signed in', root)?.attributes).not.toHaveProperty('name');
  });

  test('each session and each grant has its own button to end it, and says which', () => {
    const actions = (name: string) => findAll(page(name), 'form').map((form) => form.attributes.action);
    expect(actions('sessions')).toEqual([
      '/sign-out',
      '/account/sessions/ses_1/end',
      '/account/sessions/ses_2/end',
      '/account/sessions/end-others',
    ]);
    expect(actions('access')).toEqual([
      '/sign-out',
      '/account/access/grant_1/revoke',
      '/account/access/grant_2/revoke',
      '/account/blocked-devices/lift',
    ]);
    expect(buttonNamed('Revoke the access of Kaneo CLI', page('access'))).toBeDefined();
    expect(buttonNamed('End the session of Safari on iPhone', page('sessions'))).toBeDefined();
  });

  test('a list of nothing explains what will be in it', () => {
    expect(textOf(page('access-empty'))).toContain('Nothing has access yet');
    expect(textOf(page('sessions-empty'))).toContain('No sessions');
  });

  test('times are told in UTC, and recent use by its age', () => {
    vi.useFakeTimers({ toFake: ['Date'] }).setSystemTime(new Date('2026-11-22T16:05:30Z'));
    const words = textOf(
      page('access', (locals) => ({ ...locals, grants: [grantUsedAt('2026-11-22T14:05:00Z')] })),
    );
    expect(words).toContain('Allowed 2 Nov 2026, 03:04 UTC · last used 2 hours ago');
    const old = page('access', (locals) => ({ ...locals, grants: [grantUsedAt('2026-09-01T00:00:00Z')] }));
    expect(textOf(old)).toContain('last used on 1 Sept 2026');
    expect(findAll(old, 'time').map(({ attributes }) => attributes.datetime)).toContain(
      '2026-11-02T03:04:00Z',
    );
  });
});

function grantUsedAt(moment: string) {
  const seconds = (text: string) => Date.parse(text) / 1000;
  const client = { name: 'Kairos Tasks', id: 'kairos-web' };
  return {
    id: 'g',
    client,
    scopes: [],
    since: seconds('2026-11-02T03:04:00Z'),
    last_used: seconds(moment),
  };
}
