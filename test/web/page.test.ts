// Pages and refused forms.
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { Refusal } from '../../server/errors.ts';
import { createAssets } from '../../server/web/assets.ts';
import type { WebContext } from '../../server/web/context.ts';
import { createCsrf } from '../../server/web/csrf.ts';
import { createPages, type Pages, seeOther } from '../../server/web/page.ts';
import { createViews } from '../../server/web/views.ts';
import { createTestApp, ISSUER } from './support.ts';

const ada = { name: 'Ada Lovelace', email: 'ada@example.com', isAdmin: true };

function ask(answer: (pages: Pages, ctx: WebContext) => Promise<void> | void) {
  const csrf = createCsrf({
    key: Buffer.alloc(32, 1),
    issuer: ISSUER,
    cookieName: '__Host-lk-csrf',
    secure: true,
  });
  const views = createViews({ branding: { name: 'Latchkey' }, assets: createAssets() });
  const findAccount = async (id: string) => (id === 'acct_ada' ? ada : undefined);
  const pages = createPages({ views, csrf, findAccount });
  const { app, entries } = createTestApp((mounted) => mounted.use((ctx) => answer(pages, ctx)));
  const response = supertest(app.callback()).get('/').set({ Host: 'id.example', Accept: 'text/html' });
  return { response, entries };
}

function signedInAs(ctx: WebContext, accountId: string): void {
  ctx.state.person = { accountId, sessionUid: 'session', authTime: 0, methods: ['pwd'] };
}

function failing(error: unknown) {
  return ask((pages, ctx) =>
    pages.fail(ctx, 'interactions/sign-in', 'Sign in', {
      locals: { action: '/sign-in', email: ada.email },
      error,
    }),
  );
}

test('a page names who is signed in, and its forms carry a token that the cookie of the same answer makes good', async () => {
  const { response } = ask(async (pages, ctx) => {
    signedInAs(ctx, 'acct_ada');
    await pages.render(ctx, 'accounts/overview', 'Your account');
  });
  const { status, type, text, headers } = await response;
  expect([status, type]).toEqual([200, 'text/html']);
  expect(text).toContain('Administrator');
  expect(text).toMatch(/name="csrf" value="[\w-]+\.[\w-]+"/);
  expect(String(headers['set-cookie'])).toContain('__Host-lk-csrf=');
});

test('a person whose account is gone is nobody', async () => {
  const { response } = ask(async (pages, ctx) => {
    signedInAs(ctx, 'acct_gone');
    await pages.render(ctx, 'home', 'Welcome');
  });
  expect((await response).text).not.toContain('person-menu');
});

test.each([
  ['invalid_request', 400],
  ['wrong_credentials', 401],
  ['already_exists', 409],
] as const)(
  'a form refused with %s is shown again with status %i, its words and what was typed',
  async (code, status) => {
    const { response, entries } = failing(
      new Refusal(code, { words: 'Not <so>.', reason: 'in private', param: 'email' }),
    );
    const answer = await response;
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('<a href="#field-email">Not &lt;so&gt;.</a>');
    expect(answer.text).toContain('value="ada@example.com"');
    expect(answer.text).not.toContain('in private');
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(entries().at(-1)).toMatchObject({ event: 'request', error: code, reason: 'in private' });
  },
);

test.each([
  ['too_many_requests', 429, 90.2, '91'],
  ['temporarily_unavailable', 503, undefined, '1'],
] as const)(
  'a form refused with %s says when to come back (RFC 9110 section 10.2.3)',
  async (code, status, seconds, header) => {
    const options = seconds === undefined ? {} : { retryAfterSeconds: seconds };
    const answer = await failing(new Refusal(code, options)).response;
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe(header);
    expect(answer.text).toContain('action="/sign-in"');
  },
);

test('C08: what is no refusal does not become one', async () => {
  const answer = await failing(new Error('a bug with a password in it')).response;
  expect(answer.status).toBe(500);
  expect(answer.text).toContain('Something went wrong on our side.');
  expect(answer.text).not.toContain('bug with');
});

test('RFC 9110 section 15.4.4: after a form the browser goes on with GET', async () => {
  const answer = await ask((_pages, ctx) => seeOther(ctx, '/account?a=b')).response;
  expect([answer.status, answer.headers.location]).toEqual([303, '/account?a=b']);
});
