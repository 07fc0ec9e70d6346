// Who a person is, in the middle of an authorization: signing in and up, another account, another tab.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mainTextOf, type Page } from '../support/form-robot.ts';
import { ADA, answerOf, createVisits, GRACE, stageOf, uidOf, type Visits } from '../support/visits.ts';
import { type AppClient, createWorld, PASSWORD, type World } from '../support/world.ts';

let world: World;
let visits: Visits;
let grace: { id: string };
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  grace = await world.app.parts.accounts.register(
    { ...GRACE, name: 'Grace Hopper', password: PASSWORD },
    'operator',
  );
});
afterAll(() => world.close());

async function subjectFrom(client: AppClient, back: Page, verifier: string): Promise<unknown> {
  const { body } = await world.redeem(client, { code: answerOf(back).code ?? '', verifier });
  const [, payload = ''] = String(body.id_token).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')).sub;
}

test('a wrong password is told on the page, which keeps the e-mail and the way on', async () => {
  const { page, robot, verifier } = await visits.begin(world.notes);
  const wrong = await visits.signIn(robot, page, { ...ADA, password: 'wrong horse' });
  expect(wrong.status).toBe(401);
  expect(wrong.html).toContain(`value="${ADA.email}"`);
  expect(wrong.html).not.toContain('wrong horse');
  const consent = await visits.signIn(robot, wrong);
  expect(await subjectFrom(world.notes, await visits.decide(robot, consent, 'allow'), verifier)).toBe(
    world.ada.id,
  );
});

test('the app may suggest who signs in, and no more than suggest', async () => {
  const { page } = await visits.begin(world.notes, { login_hint: '"><script>evil</script>@example.com' });
  expect(page.html).not.toContain('<script>evil');
  const known = await visits.begin(world.notes, { login_hint: ADA.email });
  expect(stageOf(known.page)).toBe('sign-in');
  expect(known.page.html).toContain(`value="${ADA.email}"`);
});

test('Cancel on the sign-in page tells the app access_denied', async () => {
  const { page, robot } = await visits.begin(world.notes);
  const back = await visits.decide(robot, page, 'deny');
  expect(answerOf(back)).toMatchObject({
    error: 'access_denied',
    state: 'a-state',
    iss: world.app.config.issuer,
  });
});

test('with another account the request begins again for whoever signs in', async () => {
  const client = await world.registerClient();
  const { page, robot, verifier } = await visits.begin(client, { nonce: 'a-nonce', scope: 'openid profile' });
  const consent = await visits.signIn(robot, page);
  expect(mainTextOf(consent)).toContain(ADA.email);
  const asked = await visits.decide(robot, consent, 'switch');
  expect(stageOf(asked)).toBe('sign-in');
  const other = await visits.signIn(robot, asked, GRACE);
  expect(stageOf(other)).toBe('consent');
  expect(mainTextOf(other)).toContain(GRACE.email);
  expect(other.html).not.toContain(ADA.email);
  expect(uidOf(other)).not.toBe(uidOf(consent));
  const back = await visits.decide(robot, other, 'allow');
  expect(answerOf(back)).toMatchObject({ state: 'a-state' });
  expect(await subjectFrom(client, back, verifier)).toBe(grace.id);
  // Nothing of it is Ada's: neither the permission nor the session.
  expect(await world.app.parts.grants.findConsent(world.ada.id, client.id)).toBeUndefined();
  expect(mainTextOf(await robot.visit('/account'))).toContain(GRACE.email);
});

test('with another account, and then the same one after all, it goes on where it was', async () => {
  const client = await world.registerClient();
  const { page, robot, verifier } = await visits.begin(client);
  const consent = await visits.signIn(robot, page);
  const again = await visits.signIn(robot, await visits.decide(robot, consent, 'switch'));
  expect(stageOf(again)).toBe('consent');
  expect(await subjectFrom(client, await visits.decide(robot, again, 'allow'), verifier)).toBe(world.ada.id);
});

test('what was offline, PKCE and resource in the request is so for the other person too', async () => {
  const client = await world.registerClient();
  const parameters = { scope: 'openid offline_access', prompt: 'login consent' };
  const { page, robot, verifier } = await visits.begin(client, parameters);
  const consent = await visits.signIn(robot, page);
  const other = await visits.signIn(robot, await visits.decide(robot, consent, 'switch'), GRACE);
  expect(stageOf(other)).toBe('consent');
  const back = await visits.decide(robot, other, 'allow');
  const { body } = await world.redeem(client, { code: answerOf(back).code ?? '', verifier });
  expect(body).toMatchObject({ scope: 'openid offline_access', refresh_token: expect.any(String) });
});

test('the old consent page of the first person can allow nothing any more', async () => {
  const client = await world.registerClient();
  const { page, robot } = await visits.begin(client);
  const consent = await visits.signIn(robot, page);
  await visits.signIn(robot, await visits.decide(robot, consent, 'switch'), GRACE);
  const late = await robot.submit(consent, {}, { button: 'decision=allow' });
  expect(late.status).toBeGreaterThanOrEqual(400);
  expect(late.status).toBeLessThan(500);
  expect(await world.app.parts.grants.findConsent(world.ada.id, client.id)).toBeUndefined();
  expect(await world.app.parts.grants.findConsent(grace.id, client.id)).toBeUndefined();
});

// The forms of before a sign-in are worth nothing after it, so the second tab has to be loaded again.
test('an app can be allowed from two tabs that were begun before anybody signed in', async () => {
  const client = await world.registerClient();
  const first = await visits.begin(client);
  const second = await visits.begin(client, {}, first.robot);
  const consent = await visits.signIn(first.robot, first.page);
  const one = await visits.decide(first.robot, consent, 'allow');
  const other = await visits.signIn(first.robot, await first.robot.get(second.page.url));
  expect(await subjectFrom(client, one, first.verifier)).toBe(world.ada.id);
  expect(await subjectFrom(client, other, second.verifier)).toBe(world.ada.id);
});

test('somebody else who signs in in a second tab gets their own request, without any script', async () => {
  const client = await world.registerClient();
  const first = await visits.begin(client);
  const second = await visits.begin(client, {}, first.robot);
  const asAda = await visits.signIn(first.robot, first.page);
  expect(answerOf(await visits.decide(first.robot, asAda, 'allow')).code).toMatch(/^lkc_/);
  const asGrace = await visits.signIn(first.robot, await first.robot.get(second.page.url), GRACE);
  expect(stageOf(asGrace)).toBe('consent');
  expect(mainTextOf(asGrace)).toContain(GRACE.email);
  const back = await visits.decide(first.robot, asGrace, 'allow');
  expect(await subjectFrom(client, back, second.verifier)).toBe(grace.id);
});

async function atSignUp(client: AppClient, people: Visits = visits) {
  const begun = await people.begin(client);
  const page = await begun.robot.visit(`/interaction/${uidOf(begun.page)}/sign-up`);
  return { ...begun, page, signIn: begun.page };
}

test('whoever has no account makes one on the way and goes on to the app', async () => {
  const client = await world.registerClient();
  const { page, robot, verifier, signIn } = await atSignUp(client);
  expect(signIn.html).toContain(`/interaction/${uidOf(signIn)}/sign-up`);
  expect(mainTextOf(page)).toContain('to continue to Notes');
  const person = { name: 'Emmy Noether', email: 'emmy@example.com', password: 'brass wheels turn slowly' };
  const consent = await robot.send(page, person);
  expect(stageOf(consent)).toBe('consent');
  expect(mainTextOf(consent)).toContain('Emmy Noether');
  const back = await visits.decide(robot, consent, 'allow');
  const { id } = await world.app.parts.accounts.get('emmy@example.com');
  expect(await subjectFrom(client, back, verifier)).toBe(id);
  expect(mainTextOf(await robot.visit('/account'))).toContain('emmy@example.com');
});

test.each([
  ['an e-mail that is taken', { email: ADA.email }, 409],
  ['a password that is too short', { password: 'short' }, 400],
  ['no e-mail at all', { email: 'nobody' }, 400],
])('a sign-up that fails says why and makes nobody: %s', async (_name, change, status) => {
  const { page, robot } = await atSignUp(world.notes);
  const person = { name: 'Lise', email: 'lise@example.com', password: 'brass wheels turn slowly', ...change };
  const failed = await robot.send(page, person);
  expect(failed.status).toBe(status);
  expect(stageOf({ ...failed, status: 200 })).toBe('sign-up');
  expect(failed.html).not.toContain(person.password);
  expect((await robot.get('/account')).status).toBe(303);
  const fixed = await robot.send(failed, {
    ...person,
    email: `${status}-${person.password.length}@example.com`,
    password: 'brass wheels turn slowly',
  });
  expect(stageOf(fixed)).toBe('consent');
});

test('where sign-up is switched off neither the page nor the form is there', async () => {
  const closed = await createWorld({ settings: { people: { sign_up: false } } });
  const people = createVisits(closed);
  const { page, robot, signIn } = await atSignUp(closed.notes, people);
  expect(signIn.html).not.toContain('/sign-up');
  expect(page.status).toBe(404);
  const csrf = /name="csrf" value="([^"]+)"/.exec(signIn.html)?.[1] ?? '';
  const person = { name: 'Lise', email: 'lise@example.com', password: 'brass wheels turn slowly', csrf };
  expect((await robot.post(`/interaction/${uidOf(signIn)}/sign-up`, person)).status).toBe(404);
  await expect(closed.app.parts.accounts.get('lise@example.com')).rejects.toMatchObject({
    code: 'not_found',
  });
  await closed.close();
});

test('a disabled person is nobody here, also in the middle of it', async () => {
  const person = { email: 'rosa@example.com', name: 'Rosa', password: PASSWORD };
  const account = await world.app.parts.accounts.register(person, 'operator');
  const begun = await visits.begin(world.notes);
  const rosa = { email: person.email, password: PASSWORD };
  const consent = await visits.signIn(begun.robot, begun.page, rosa);
  await world.app.parts.accounts.disable(account, 'operator');
  const late = await visits.decide(begun.robot, consent, 'allow');
  expect(late.location ?? '').not.toContain('code=');
  expect(late.status).toBeLessThan(500);
  const again = await visits.begin(world.notes);
  expect((await visits.signIn(again.robot, again.page, rosa)).status).toBe(401);
});

test('a client that is blocked in the middle of it gets nothing', async () => {
  const client = await world.registerClient();
  const { page, robot } = await visits.begin(client);
  const consent = await visits.signIn(robot, page);
  await world.app.parts.clients.block(client.id);
  const late = await visits.decide(robot, consent, 'allow');
  expect(late).toMatchObject({ status: 400, location: undefined });
  expect(await world.app.parts.grants.findConsent(world.ada.id, client.id)).toBeUndefined();
});
