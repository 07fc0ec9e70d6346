// How an authorization is asked for and answered: PKCE, codes, iss, POST and form_post; rows A08 to A12, A17.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { answerOf, createVisits, stageOf, type Visits } from '../support/visits.ts';
import { type AppClient, createVerifier, createWorld, type World } from '../support/world.ts';

let world: World;
let visits: Visits;
let notes: AppClient;
/** A browser in which Ada has signed in and allowed Notes: every further answer comes at once. */
let robot: FormRobot;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  notes = world.notes;
  ({ robot } = await world.authorize(notes));
});
afterAll(() => world.close());
afterEach(() => void vi.useRealTimers());

type Parameters = Record<string, string | undefined>;

async function ask(parameters: Parameters = {}, client = notes): Promise<Page> {
  const { page } = await visits.begin(client, parameters, robot);
  return page;
}

function issuer(): string {
  return world.app.config.issuer;
}

const states = ['s', 'x'.repeat(384), '%20+&=é', ' a  b ', '"<script>"', '日本語', '%00%0d%0a', 'a?b#c/d\\e'];

test.each(states)('A08: state comes back as it was sent: %s', async (state) => {
  expect(answerOf(await ask({ state })).state).toBe(state);
  expect(answerOf(await ask({ state, scope: 'openid admin:all', prompt: 'nonsense' })).state).toBe(state);
});

const outcomes: readonly (readonly [string, Parameters])[] = [
  ['a code', {}],
  ['login_required', { prompt: 'none', max_age: '0' }],
  ['a malformed request', { prompt: 'nonsense' }],
  ['a missing challenge', { code_challenge: undefined }],
  ['an unknown response type', { response_type: 'token' }],
  ['an unknown resource', { resource: 'https://nobody.example/' }],
  ['a request object', { request: 'x.y.z' }],
];

test.each(outcomes)(
  'A09: iss stands in every answer and is the one of discovery: %s',
  async (_name, parameters) => {
    const { body } = await world.ask('/.well-known/openid-configuration');
    expect(answerOf(await ask(parameters)).iss).toBe(body.issuer);
  },
);

test('A09: also when the person says no', async () => {
  const begun = await visits.begin(notes, { prompt: 'consent' }, robot);
  const back = await visits.decide(robot, begun.page, 'deny');
  expect(answerOf(back)).toMatchObject({ error: 'access_denied', state: 'a-state', iss: issuer() });
  expect(answerOf(back)).not.toHaveProperty('code');
});

test('A10: a code has 256 random bits and is never the same', async () => {
  const codes = await Promise.all([1, 2, 3].map(async () => answerOf(await ask()).code ?? ''));
  for (const code of codes) expect(code).toMatch(/^lkc_[\w-]{43}$/);
  expect(new Set(codes).size).toBe(3);
});

test.each([
  [59, 200],
  [61, 400],
])('A10: a code lives for 60 seconds: after %d seconds it gets %d', async (seconds, status) => {
  const got = await world.authorize(notes, {}, robot);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + seconds * 1000);
  const answer = await world.redeem(notes, got);
  expect(answer.status).toBe(status);
  if (status === 400) expect(answer.body).toMatchObject({ error: 'invalid_grant' });
});

test('A10: a code is good for one use', async () => {
  const got = await world.authorize(notes, {}, robot);
  expect(await world.redeem(notes, got)).toMatchObject({ status: 200 });
  expect(await world.redeem(notes, got)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

test.each(['client_secret_basic', 'client_secret_post', 'none'] as const)(
  'A11 H12: PKCE is required of every client: %s',
  async (auth) => {
    const client = await world.registerClient({ auth });
    const page = await ask({ code_challenge: undefined, code_challenge_method: undefined }, client);
    expect(answerOf(page)).toMatchObject({ error: 'invalid_request', state: 'a-state', iss: issuer() });
  },
);

test('A11: an operator may let one confidential client do without, and a public one never', async () => {
  const without = { code_challenge: undefined, code_challenge_method: undefined };
  const old = await world.registerClient({ needsPkce: false });
  const { code } = await world.authorize(old, without, robot);
  const redeemed = await world.token(old, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: old.redirectUri,
  });
  expect(redeemed).toMatchObject({ status: 200 });
  const open = await world.registerClient({ auth: 'none', needsPkce: false });
  expect(answerOf(await ask(without, open))).toMatchObject({ error: 'invalid_request' });
});

test('A11: that client is still held to a challenge that it sent', async () => {
  const old = await world.registerClient({ needsPkce: false });
  const { code } = await world.authorize(old, {}, robot);
  const redeemed = await world.token(old, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: old.redirectUri,
  });
  expect(redeemed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

const { challenge } = createVerifier();
const badChallenges: readonly (readonly [string, Parameters])[] = [
  ['plain', { code_challenge_method: 'plain' }],
  ['no method', { code_challenge_method: undefined }],
  ['an empty method', { code_challenge_method: '' }],
  ['a method in other letters', { code_challenge_method: 's256' }],
  ['42 characters', { code_challenge: challenge.slice(1) }],
  ['129 characters', { code_challenge: 'a'.repeat(129) }],
  ['a character outside of the alphabet', { code_challenge: `${challenge.slice(1)}+` }],
  ['padding', { code_challenge: `${challenge.slice(1)}=` }],
  ['a line break', { code_challenge: `${challenge}\n` }],
];

test.each(badChallenges)(
  'A12: the challenge is S256, said so, and well-formed: %s',
  async (_name, parameters) => {
    expect(answerOf(await ask(parameters))).toMatchObject({ error: 'invalid_request', state: 'a-state' });
  },
);

function parametersOf(path: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(path.split('?')[1]));
}

test('A17: POST /authorize goes on with 303 to the same parameters, and the flow starts', async () => {
  const fresh = world.app.robot();
  const path = world.authorizationPath(notes, challenge, { state: '%20+&=é', login_hint: 'ada@example.com' });
  // As a form on another site is sent: SameSite keeps our cookies back, so nothing may be decided here.
  const posted = await fresh.post('/authorize', parametersOf(path), {
    headers: { Origin: 'https://notes.example.com', 'Sec-Fetch-Site': 'cross-site' },
  });
  expect(posted.status).toBe(303);
  const next = new URL(posted.location ?? '');
  expect(next.origin + next.pathname).toBe(`${issuer()}/authorize`);
  expect(Object.fromEntries(next.searchParams)).toEqual(parametersOf(path));
  expect(posted.headers.getSetCookie()).toEqual([]);
  const page = await fresh.follow(posted);
  expect(stageOf(page)).toBe('sign-in');
});

test('A17: whoever is signed in gets the code by POST as by GET', async () => {
  const posted = await robot.post('/authorize', parametersOf(world.authorizationPath(notes, challenge)));
  expect(answerOf(await robot.follow(posted)).code).toMatch(/^lkc_/);
});

test('A17: a parameter repeated in the POST is refused as in the GET', async () => {
  const body = `${world.authorizationPath(notes, challenge).split('?')[1]}&state=2`;
  const posted = await world.ask('/authorize', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body,
  });
  expect(posted.status).toBe(303);
  const got = await world.ask(posted.headers.get('location') ?? '');
  expect(got.headers.get('location')).toMatch(/^https:\/\/notes\.example\.com\/cb\?error=invalid_request/);
});

test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
  'A17: what is no form is refused: %s',
  async (type) => {
    const answer = await world.ask('/authorize', {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: '{}',
    });
    expect(answer.status).toBe(415);
  },
);

test.each(['PUT', 'DELETE', 'PATCH'])(
  'H10: %s /authorize is 405 and says what is answered',
  async (method) => {
    const answer = await world.ask('/authorize', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toMatch(/GET.*POST/);
  },
);

function formOf(page: Page): { action: string; fields: Record<string, string> } {
  const decode = (text: string) =>
    text.replace(
      /&(#39|amp|quot|lt|gt);/g,
      (_, name: string) => ({ '#39': "'", amp: '&', quot: '"', lt: '<', gt: '>' })[name] ?? '',
    );
  const fields = [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return {
    action: decode(/<form method="post" action="([^"]+)">/.exec(page.html)?.[1] ?? ''),
    fields: Object.fromEntries(fields.map(([, name = '', value = '']) => [name, decode(value)])),
  };
}

test('form_post: the code goes in a form to the registered address, also without script', async () => {
  const state = '"><script>evil()</script>&';
  const begun = await visits.begin(notes, { response_mode: 'form_post', state }, robot);
  expect(begun.page).toMatchObject({ status: 200, location: undefined });
  const { action, fields } = formOf(begun.page);
  expect(action).toBe(notes.redirectUri);
  expect(fields).toEqual({ code: expect.stringMatching(/^lkc_/), state, iss: issuer() });
  expect(begun.page.html).not.toContain('evil()</script>');
  expect(begun.page.html).toMatch(/<form(?:(?!<\/form>)[\s\S])*<button[^>]* type="submit">/);
  expect(begun.page.html).not.toContain('<noscript>');
  const redeemed = await world.redeem(notes, { code: fields.code ?? '', verifier: begun.verifier });
  expect(redeemed).toMatchObject({ status: 200 });
});

test('form_post A19 A20: its page may lead to the app, runs its own script alone, and is kept nowhere', async () => {
  const { headers, html } = await ask({ response_mode: 'form_post' });
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("form-action 'self' https://notes.example.com;");
  expect(policy).toContain("script-src 'self';");
  expect([policy, html]).toEqual([
    expect.not.stringMatching(/sha256|unsafe-inline/),
    expect.not.stringMatching(/<script(?! src="\/assets\/)/),
  ]);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('cache-control')).toContain('no-store');
});

test('form_post: errors go the same way', async () => {
  const page = await ask({ response_mode: 'form_post', prompt: 'none', max_age: '0', scope: 'openid' });
  const { action, fields } = formOf(page);
  expect(action).toBe(notes.redirectUri);
  expect(fields).toMatchObject({ error: 'login_required', state: 'a-state', iss: issuer() });
  expect([page.status, page.headers.get('cache-control')]).toEqual([400, 'no-store']);
});

test('form_post: its page speaks the language that the app asks for, and names the app', async () => {
  const page = await ask({ response_mode: 'form_post', ui_locales: 'de' });
  expect(mainTextOf(page)).toContain('Zurück zu Notes');
  expect(page.html).toContain('<html lang="de">');
});
