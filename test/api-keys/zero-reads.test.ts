// Keys that are none cost no read of the database, and a right one costs one (rows G02, G03; bar 3).
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { basic } from '../support/world.ts';
import { createKeyWorld, type KeyWorld, readProduct } from './key-world.ts';

const INVENTED = 10_000;
const AT_ONCE = 50;

let world: KeyWorld;
beforeAll(async () => {
  world = await createKeyWorld({ settings: readProduct('krokanti') });
});
afterAll(() => world.close());

function inventKey(): string {
  return `kt_${randomBytes(20).toString('hex')}`;
}

test('G02: of 10,000 wrong keys, asked about by an API that was known a moment ago, none is looked up', async () => {
  expect(await world.ask(inventKey())).toEqual({ active: false });
  const { database } = world.parts;
  const reads = [vi.spyOn(database, 'find'), vi.spyOn(database, 'list'), vi.spyOn(database, 'transact')];
  const answers = new Set<string>();
  for (let count = 0; count < INVENTED; count += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, async () => JSON.stringify(await world.ask(inventKey())));
    for (const answer of await Promise.all(batch)) answers.add(answer);
  }
  expect([...answers]).toEqual(['{"active":false}']);
  // Once in five seconds the API itself is looked up anew.
  for (const read of reads) expect(read.mock.calls.length).toBeLessThan(INVENTED / 1000);
  for (const [statement] of reads[0]?.mock.calls ?? [])
    expect(JSON.stringify(statement)).not.toContain('api_key');
  vi.restoreAllMocks();
}, 60_000);

test('G02: a right key, and one with a right checksum that nobody has, cost exactly one read', async () => {
  await world.parts.database.transact(() =>
    world.parts.database.write({ sql: "UPDATE accounts SET plan = 'pro'", bindings: [] }),
  );
  const { secret } = await world.make({ scopes: ['*'] });
  await world.ask(secret);
  for (const key of [secret, world.parts.keyFormats.create('personal').text]) {
    const find = vi.spyOn(world.parts.database, 'find');
    await world.ask(key);
    expect(find).toHaveBeenCalledTimes(1);
    find.mockRestore();
  }
});

test('G02: whoever is not the API that it says is refused all the same, also right after it was answered', async () => {
  await world.ask(inventKey());
  const wrong = basic({ id: 'tracker', secret: 'another secret' });
  expect((await world.post('/introspect', { token: inventKey() }, wrong)).status).toBe(401);
  expect((await world.post('/introspect', { token: inventKey() })).status).toBe(401);
});

test('G02: nor is a wrong key looked up where it is brought to be revoked', async () => {
  const find = vi.spyOn(world.parts.database, 'find');
  await world.post('/revoke', { token: inventKey() });
  expect(find.mock.calls.filter(([statement]) => JSON.stringify(statement).includes('api_key'))).toEqual([]);
  find.mockRestore();
});
