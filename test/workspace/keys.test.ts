// The life of a key at a browser: made, shown once, changed, rotated and ended (rows G01, G02, G04).
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createWorkspaceWorld, type WorkspaceWorld } from './workspace-world.ts';

const KEYS = '/account/keys';

let world: WorkspaceWorld;
let ada: FormRobot;
beforeAll(async () => {
  world = await createWorkspaceWorld();
  ada = await world.signedIn('ada@example.com');
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

async function fillIn(fields: Record<string, string>, home = KEYS): Promise<Page> {
  const page = await ada.get(`${home}/new`);
  return ada.submit(page, { name: 'Backup', may: 'all', ...fields }, { action: `${home}/new` });
}

/** From the form to the page that shows the key. */
async function make(fields: Record<string, string> = {}, home = KEYS) {
  const sent = await fillIn(fields, home);
  const path = new URL(sent.location ?? '').pathname;
  const shown = await ada.get(path);
  const [secret = ''] = /\blkt?_[0-9A-Za-z]{36}\b/.exec(shown.html) ?? [];
  const [id = ''] = /key_[^/]+/.exec(path) ?? [];
  return { sent, path, shown, secret, id };
}

function countReveals() {
  return world.parts.database.find<{ count: number }>(
    sql`SELECT COUNT(*) AS count FROM artifacts WHERE model = 'KeyReveal'`,
  );
}

test('G01: a new key is shown on one page, once, with a line for curl, and is good', async () => {
  const { sent, path, shown, secret, id } = await make();
  expect([sent.status, shown.status]).toEqual([303, 200]);
  expect(sent.html).not.toContain(secret);
  expect(path).not.toContain(secret);
  expect(mainTextOf(shown)).toContain(`curl -H "Authorization: Bearer ${secret}"`);
  expect(shown.headers.get('cache-control')).toBe('no-store');
  expect(await world.ask(secret)).toMatchObject({ active: true, credential_type: 'api_key', jti: id });
  expect((await ada.get(path)).status).toBe(410);
});

test('G01: the key is in no later page, nor in the audit log, nor in the database', async () => {
  const { secret, id } = await make();
  for (const path of [KEYS, `${KEYS}/${id}`, `${KEYS}/${id}/revocation`, '/account']) {
    expect((await ada.get(path)).html, path).not.toContain(secret);
  }
  const tables = ['api_keys', 'api_key_secrets', 'artifacts', 'audit_events', 'outbox'];
  for (const table of tables) {
    const rows = await world.parts.database.list({ sql: `SELECT * FROM ${table} LIMIT 500`, bindings: [] });
    const values = rows.flatMap((row) => Object.values(row as Record<string, unknown>));
    const texts = values.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)));
    expect(texts.join('\n'), table).not.toContain(secret);
  }
  const events = await world.parts.audit.list({ limit: 100 });
  expect(JSON.stringify(events)).toContain(id);
});

test('G01: before it is shown the key waits sealed; ten seconds later nobody is shown it', async () => {
  const sent = await fillIn({});
  const row = await world.parts.database.find<{ payload: Buffer; expires_at: number; created_at: number }>(
    sql`SELECT payload, expires_at, created_at FROM artifacts WHERE model = 'KeyReveal'`,
  );
  expect(Number(row?.expires_at) - Number(row?.created_at)).toBe(10);
  expect(row?.payload.toString('latin1')).not.toMatch(/lk_|key_/);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 10_000);
  expect((await ada.get(new URL(sent.location ?? '').pathname)).status).toBe(410);
  // The next one that is made takes away what was left.
  await make();
  expect(Number((await countReveals())?.count)).toBe(0);
});

test('G01: what nobody came for is deleted after ten seconds', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const sent = await fillIn({});
  const [forget] = timers.mock.calls.find(([, milliseconds]) => milliseconds === 10_000) ?? [];
  timers.mockRestore();
  expect(Number((await countReveals())?.count)).toBe(1);
  forget?.();
  await vi.waitFor(async () => expect(Number((await countReveals())?.count)).toBe(0));
  expect((await ada.get(new URL(sent.location ?? '').pathname)).status).toBe(410);
});

test('G07: the page of a new key is for whoever made it', async () => {
  const home = `/teams/${world.team.id}/keys`;
  const sent = await fillIn({}, home);
  const path = new URL(sent.location ?? '').pathname;
  const grace = await world.signedIn('grace@example.com');
  expect((await grace.get(path)).status).toBe(410);
  const shown = await ada.get(path);
  expect(shown.status).toBe(200);
  expect(shown.html).toMatch(/\blkt_[0-9A-Za-z]{36}\b/);
});

test('G01: of twenty who ask for it at once one is shown it', async () => {
  const sent = await fillIn({});
  const path = new URL(sent.location ?? '').pathname;
  const pages = await Promise.all(Array.from({ length: 20 }, () => ada.get(path)));
  expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(pages.filter(({ status }) => status === 410)).toHaveLength(19);
});

test('what is wrong is told at its field, with what was typed, and nothing is made', async () => {
  const before = (await ada.get(KEYS)).html.match(/key_/g)?.length;
  const wrong: [Record<string, string>, string][] = [
    [{ name: ' ' }, 'name'],
    [{ may: 'chosen' }, 'scope'],
    [{ cidr: 'everywhere' }, 'cidr'],
    [{ expires_at: 'date', expires_on: '' }, 'expires_on'],
  ];
  for (const [fields, param] of wrong) {
    const page = await fillIn({ name: 'Typed by Ada', ...fields });
    expect(page.status, param).toBe(400);
    expect(page.html, param).toContain(`href="#field-${param}"`);
    expect(page.html, param).toContain(`id="field-${param}"`);
    if (param !== 'name') expect(page.html, param).toContain('value="Typed by Ada"');
  }
  expect((await ada.get(KEYS)).html.match(/key_/g)?.length).toBe(before);
});

test('a key is made with scopes, addresses, an end and one team', async () => {
  const form = await ada.get(`${KEYS}/new`);
  const [, box = ''] = /name="(scope_\d+)" value="read"/.exec(form.html) ?? [];
  const { id } = await make({
    ...{ may: 'chosen', [box]: 'read', cidr: '203.0.113.0/24, 2001:db8::/32' },
    ...{ expires_at: '7', team_id: world.team.id },
  });
  const key = await world.parts.apiKeys.get(world.asAda, id);
  expect(key).toMatchObject({ scopes: ['read'], teamId: world.team.id, networks: expect.any(Array) });
  expect(key.networks).toHaveLength(2);
  expect(Number(key.expiresAt) - key.createdAt).toBe(7 * 86_400);
  expect(mainTextOf(await ada.get(KEYS))).toContain('Expires soon');
});

test('a key is renamed, disabled, enabled and revoked, and revoking asks first', async () => {
  const { id, secret } = await make();
  const one = `${KEYS}/${id}`;
  await ada.send(await ada.get(one), { name: 'Nightly' }, { action: `${one}/name` });
  expect(mainTextOf(await ada.get(one))).toContain('Nightly');
  await ada.send(await ada.get(one), {}, { action: `${one}/disabling` });
  expect(await world.ask(secret)).toMatchObject({ active: false });
  await ada.send(await ada.get(one), {}, { action: `${one}/enabling` });
  expect(await world.ask(secret)).toMatchObject({ active: true });
  const question = await ada.get(`${one}/revocation`);
  expect(mainTextOf(question)).toContain('Nightly');
  expect(await world.ask(secret)).toMatchObject({ active: true });
  await ada.send(question, {}, { button: 'Revoke the key' });
  expect(await world.ask(secret)).toMatchObject({ active: false });
  expect((await ada.get(one)).html).not.toContain(`${one}/rotation`);
});

test('a key with everything keeps one scope, and never gets back what it lost', async () => {
  const { id } = await make();
  const one = `${KEYS}/${id}`;
  const page = await ada.get(one);
  const [, box = ''] = /name="(scope_\d+)" value="read"/.exec(page.html) ?? [];
  await ada.send(page, { [box]: 'read' }, { action: `${one}/scopes` });
  expect(await world.parts.apiKeys.get(world.asAda, id)).toMatchObject({ scopes: ['read'] });
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  expect((await ada.post(`${one}/scopes`, { csrf, scope_0: '*' })).status).toBe(400);
  expect(await world.parts.apiKeys.get(world.asAda, id)).toMatchObject({ scopes: ['read'] });
});

test('G01: a rotated key shows its new secret once; the old one ends when it was said', async () => {
  const { id, secret } = await make();
  const one = `${KEYS}/${id}`;
  const sent = await ada.submit(await ada.get(one), { overlap_hours: '0' }, { action: `${one}/rotation` });
  const shown = await ada.follow(sent);
  const [next = ''] = /\blk_[0-9A-Za-z]{36}\b/.exec(shown.html) ?? [];
  expect(next).not.toBe(secret);
  expect(await world.ask(next)).toMatchObject({ active: true, jti: id });
  expect(await world.ask(secret)).toMatchObject({ active: false });
});

test('a key that nobody used for 90 days is marked', async () => {
  const used = await make({ name: 'Used', expires_at: 'never' });
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 90 * 86_400_000);
  const robot = await world.signedIn('ada@example.com');
  expect(mainTextOf(await robot.get(`${KEYS}/${used.id}`))).toContain('Unused for 90 days');
});

test('whoever has no key yet is told what keys are for, and can make one', async () => {
  const eve = await world.signedIn('eve@example.com');
  const page = await eve.get(KEYS);
  expect(mainTextOf(page)).toContain('No API key yet');
  expect(page.html).toContain(`href="${KEYS}/new"`);
});
