// What an administrator does from the pages: each act is the one of the command line, felt at once and signed (rows H01, H03).
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { csrfOf, type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { ADA, type ConsoleWorld, createConsoleWorld, GRACE, WAITING } from './console-world.ts';

let world: ConsoleWorld;
let graces: FormRobot;
beforeAll(async () => {
  world = await createConsoleWorld();
  graces = await world.signedIn(GRACE);
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

/** Follows the link on the page to its question, and presses its button. */
async function confirm(path: string, robot = graces): Promise<Page> {
  return robot.submit(await robot.get(path));
}

function pathOf(page: Page): string {
  return page.location === undefined ? '' : new URL(page.location).pathname;
}

async function isAlive(token: string): Promise<boolean> {
  return (await world.introspect(world.api, token)).body.active === true;
}

test('whoever is disabled is out everywhere at once, and the log says who did it', async () => {
  const tokens = await world.signIn(world.notes);
  const person = `/admin/people/${world.ada.id}`;
  expect(await isAlive(tokens.access_token)).toBe(true);
  expect(await isAlive(world.key.secret)).toBe(true);
  const question = await graces.get(`${person}/disable`);
  expect(mainTextOf(question)).toContain(ADA);
  const done = await graces.submit(question);
  expect([done.status, pathOf(done)]).toEqual([303, person]);
  expect(await isAlive(tokens.access_token)).toBe(false);
  expect(await isAlive(world.key.secret)).toBe(false);
  expect((await world.adas.get('/account')).status).toBe(303);
  await expect(world.signedIn(ADA)).rejects.toThrow('401');
  expect(await world.lastEvent('account.disabled')).toMatchObject({
    ...{ actor: `account:${world.grace.id}`, accountId: world.ada.id },
  });

  const shown = await graces.follow(done);
  expect(mainTextOf(shown)).toContain('nobody can sign in');
  const back = await graces.submit(shown, {}, { action: `${person}/enable` });
  expect([back.status, pathOf(back)]).toEqual([303, person]);
  expect(await isAlive(tokens.access_token), 'what ended stays ended').toBe(false);
  expect(await isAlive(world.key.secret), 'a key has rested').toBe(true);
  await expect(world.signedIn(ADA)).resolves.toBeDefined();
  expect(await world.lastEvent('account.enabled')).toMatchObject({ actor: `account:${world.grace.id}` });
});

test('to sign somebody out everywhere ends their sessions, and leaves what has a refresh token', async () => {
  const adas = await world.signedIn(ADA);
  const { refresh_token: refreshToken } = await world.signIn(world.notes, {
    ...{ scope: 'openid offline_access read:tasks', prompt: 'consent' },
  });
  expect((await confirm(`/admin/people/${world.ada.id}/end-sessions`)).status).toBe(303);
  expect((await adas.get('/account')).status).toBe(303);
  expect((await world.refresh(world.notes, refreshToken)).status).toBe(200);
  expect(await world.lastEvent('session.ended')).toMatchObject({
    ...{ actor: `account:${world.grace.id}`, accountId: world.ada.id },
  });
});

test('an access of somebody is revoked from their page, and from nobody else’s', async () => {
  const { access_token: token } = await world.signIn(world.notes, {
    ...{ scope: 'openid offline_access read:tasks', prompt: 'consent' },
  });
  const page = await graces.get(`/admin/people/${world.ada.id}`);
  const [path = ''] = /\/admin\/people\/[\w-]+\/grants\/[\w-]+\/revoke/.exec(page.html) ?? [];
  const others = path.replace(world.ada.id, world.margaret.id);
  expect((await graces.get(others)).status).toBe(404);
  expect((await graces.post(others, { csrf: csrfOf(page) })).status).toBe(404);
  expect(await isAlive(token)).toBe(true);
  expect((await confirm(path)).status).toBe(303);
  expect(await isAlive(token)).toBe(false);
  expect(await world.lastEvent('grant.revoked')).toMatchObject({ actor: `account:${world.grace.id}` });
  expect((await graces.get(path)).status, 'a second time there is nothing').toBe(404);
});

test('an API key of somebody is revoked from their page, and from nobody else’s', async () => {
  const keys = `/admin/people/${world.ada.id}/keys/${world.key.key.id}/revoke`;
  expect((await graces.get(keys.replace(world.ada.id, world.margaret.id))).status).toBe(404);
  expect((await confirm(keys)).status).toBe(303);
  expect(await world.lastEvent('api_key.revoked')).toMatchObject({ actor: `account:${world.grace.id}` });
  expect(mainTextOf(await graces.get(`/admin/people/${world.ada.id}`))).not.toContain('Zapier');
});

test('a client that is blocked gets nothing, and what it had stays dead when it is allowed again', async () => {
  const client = await world.registerClient({ name: 'Photo Box' });
  const { access_token: token } = await world.signIn(client);
  const page = `/admin/clients/${client.id}`;
  expect(mainTextOf(await graces.get(page))).toContain('Photo Box Allowed');
  const done = await confirm(`${page}/block`);
  expect([done.status, pathOf(done)]).toEqual([303, page]);
  expect(await isAlive(token)).toBe(false);
  const blocked = await graces.get(page);
  expect(mainTextOf(blocked)).toContain('Photo Box Blocked');
  expect((await graces.submit(blocked, {}, { action: `${page}/allow` })).status).toBe(303);
  expect(await isAlive(token)).toBe(false);
  // What was issued up to the second of the block is dead.
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 2000);
  expect(await isAlive((await world.signIn(client)).access_token)).toBe(true);
  for (const type of ['client.blocked', 'client.allowed'])
    expect(await world.lastEvent(type)).toMatchObject({
      actor: `account:${world.grace.id}`,
      clientId: client.id,
    });
});

test('a client’s new secret is shown this once, and works beside the one of today', async () => {
  const client = await world.registerClient({ name: 'Photo Box' });
  const page = await confirm(`/admin/clients/${client.id}/rotate-secret`);
  expect(page.status).toBe(200);
  expect(page.headers.get('cache-control')).toBe('no-store');
  const [secret] = /lks_[\w-]+/.exec(page.html) ?? [];
  for (const one of [secret, client.secret])
    expect(
      (await world.token({ ...client, secret: one }, { grant_type: 'refresh_token', refresh_token: 'x' }))
        .body.error,
    ).toBe('invalid_grant');
  const again = await graces.get(`/admin/clients/${client.id}`);
  expect(again.html).not.toContain(secret);
  expect(await world.lastEvent('client.secret_rotated')).toMatchObject({
    actor: `account:${world.grace.id}`,
  });
});

test('what cannot be done is told where it was asked: a client that has no secret', async () => {
  const client = await world.registerClient({ name: 'Phone', type: 'native', auth: 'none' });
  const page = await confirm(`/admin/clients/${client.id}/rotate-secret`);
  expect([page.status, mainTextOf(page)]).toEqual([400, expect.stringContaining('has no secret')]);
});

test('to vouch for a client is signed, and taken back', async () => {
  const { id } = await world.registerClient({ name: 'Photo Box' });
  const page = `/admin/clients/${id}`;
  await graces.submit(await graces.get(page), {}, { action: `${page}/verify` });
  expect((await world.app.parts.clients.get(id)).registration.isVerified).toBe(true);
  await graces.submit(await graces.get(page), {}, { action: `${page}/unverify` });
  expect((await world.app.parts.clients.get(id)).registration.isVerified).toBe(false);
  expect(await world.lastEvent('client.unverified')).toMatchObject({ actor: `account:${world.grace.id}` });
});

test('an id that came asking is allowed with one click, and gets its code', async () => {
  const page = await graces.get('/admin/requests');
  expect(mainTextOf(page)).toContain(WAITING);
  const done = await graces.submit(page, {}, { action: `/admin/requests/${WAITING}/allow` });
  expect([done.status, pathOf(done)]).toEqual([303, '/admin/requests']);
  expect((await world.post('/device/code', { client_id: WAITING })).status).toBe(200);
  expect(mainTextOf(await graces.follow(done))).toContain('Nobody is waiting');
});

test('a client that was blocked meanwhile is not allowed by the click on its old request', async () => {
  await world.comeAsking('late-cli');
  const page = await graces.get('/admin/requests');
  await world.app.parts.clients.allowDevice('late-cli');
  await world.app.parts.clients.block('late-cli');
  const late = await graces.submit(page, {}, { action: '/admin/requests/late-cli/allow' });
  expect(late.status).toBe(409);
  expect((await world.app.parts.clients.get('late-cli')).blockedAt).toBeDefined();
});

test('an issuer and a service account are disabled, and enabled again', async () => {
  for (const [list, id, state] of [
    [
      '/admin/issuers',
      world.issuer.client_id,
      async () => (await world.app.parts.clients.get(world.issuer.client_id)).blockedAt,
    ],
    ['/admin/service-accounts', world.machine.id, async () => (await world.machine.get()).disabledAt],
  ] as const) {
    expect(pathOf(await confirm(`${list}/${id}/disable`)), list).toBe(list);
    expect(await state(), list).toBeDefined();
    expect(await world.lastEvent('client.blocked')).toMatchObject({
      actor: `account:${world.grace.id}`,
      clientId: id,
    });
    const page = await graces.get(list);
    expect((await graces.submit(page, {}, { action: `${list}/${id}/enable` })).status, list).toBe(303);
    expect(await state(), list).toBeUndefined();
  }
});

test('nobody disables themselves', async () => {
  const own = `/admin/people/${world.grace.id}`;
  expect(mainTextOf(await graces.get(own))).not.toContain('Disable the account');
  const refused = await confirm(`${own}/disable`);
  expect([refused.status, mainTextOf(refused)]).toEqual([
    409,
    expect.stringContaining('Ask another administrator'),
  ]);
});
