// Somebody tries tokens at an API (RFC 7662 section 4, row I07): the API is served as before, and the operator hears of it.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { basic, createWorld, type TokenSet, type World } from '../support/world.ts';

const ALARM = 'introspection.scanning';
const MANY = 100;
const WINDOW_SECONDS = 60;

let world: World;
let tokens: TokenSet;
beforeAll(async () => {
  world = await createWorld();
  tokens = await world.signIn(world.notes);
});
afterAll(() => world.close());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function ask(token: string, address?: string) {
  return world.post('/introspect', { token, client_ip: address }, basic(world.api));
}

/** So many texts that nobody was given, in the shapes of ours and in none. */
async function scan(count: number, address?: string): Promise<void> {
  const { access_token: live } = tokens;
  for (let index = 0; index < count; index += 1) {
    const invented = [
      live.slice(0, -1) + (live.endsWith('A') ? 'B' : 'A'),
      `guess-${index}`,
      `eyJ.${index}.x`,
    ];
    const { status, body } = await ask(invented[index % 3] ?? '', address);
    expect([status, body]).toEqual([200, { active: false }]);
  }
}

function listAlarms() {
  return vi.spyOn(world.app.parts.log, 'warn').mock;
}

test('I07: answers are not stored, of live tokens and of others', async () => {
  for (const token of [tokens.access_token, 'guess'])
    expect((await ask(token)).headers.get('cache-control')).toBe('no-store');
});

test('I07: whoever scans is noticed once a minute, by network where the API says it; the API is never refused', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + WINDOW_SECONDS * 1000);
  const { calls } = listAlarms();
  await scan(MANY - 1, '192.0.2.7');
  await scan(10, '198.51.100.1');
  expect(calls).toEqual([]);
  await scan(20, '192.0.2.7');
  const fields = { client_id: world.api.id, address: '192.0.2.7', count: MANY, seconds: WINDOW_SECONDS };
  expect(calls).toEqual([[ALARM, fields]]);
  expect((await ask(tokens.access_token, '192.0.2.7')).body.active).toBe(true);
  vi.setSystemTime(Date.now() + WINDOW_SECONDS * 1000);
  await scan(MANY, '192.0.2.7');
  expect(calls).toHaveLength(2);
});

test('I07: without addresses the API itself is named, and what is an address nowhere counts for it', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 10 * WINDOW_SECONDS * 1000);
  const { calls } = listAlarms();
  await scan(MANY / 2);
  await scan(MANY / 2, 'somewhere');
  const fields = { client_id: world.api.id, address: undefined, count: MANY, seconds: WINDOW_SECONDS };
  expect(calls).toEqual([[ALARM, fields]]);
});

test('I07: tokens that were good once are no scan', async () => {
  const { access_token: revoked } = await world.signIn(world.notes);
  await world.post('/revoke', { token: revoked }, basic(world.notes));
  const { calls } = listAlarms();
  for (let count = 0; count < 2 * MANY; count += 1)
    expect((await ask(revoked)).body).toEqual({ active: false });
  expect(calls).toEqual([]);
});
