// Idempotency-Key: a creation that is sent again is one creation, whoever is fast, and nothing of it is kept in clear (rows F09, G01).
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../server/app.ts';
import { operations } from '../../server/management/nouns.ts';
import { sql } from '../../server/storage/statement.ts';
import { type Answer, createProgram } from '../support/program.ts';
import { createManagementWorld, createRequests, EVERY_RIGHT, type ManagementWorld } from './support.ts';

const creations = operations.filter((one) => one.method === 'post');

afterEach(() => {
  vi.useRealTimers();
});

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: ManagementWorld;
  /** Another server on the same database. */
  let other: {
    app: Awaited<ReturnType<typeof createApp>>;
    server: Server;
    ask: ReturnType<typeof createProgram>;
  };
  let count = 0;
  beforeAll(async () => {
    world = await createManagementWorld({ dialect });
    const app = await createApp(world.app.config);
    const server = createServer(app.handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    other = { app, server, ask: createProgram({ port, host: new URL(world.app.config.issuer).host }) };
  });
  afterAll(async () => {
    await new Promise((resolve) => other.server.close(resolve));
    await other.app.close();
    await world.close();
  });

  function newKey(): string {
    count += 1;
    return `key-${count}`;
  }

  function create(key: string, body: unknown, token = world.right): Promise<Answer> {
    return world.call(token, 'POST', '/v1/clients', { body, headers: { 'Idempotency-Key': key } });
  }

  function createElsewhere(key: string, body: unknown): Promise<Answer> {
    const headers = {
      ...{ Authorization: `Bearer ${world.right}`, 'Content-Type': 'application/json' },
      'Idempotency-Key': key,
    };
    return other.ask('/v1/clients', { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async function listNames(): Promise<string[]> {
    const { body } = await world.call(world.right, 'GET', '/v1/clients?limit=100');
    return (body.data as { name: string }[]).map((one) => one.name);
  }

  const bot = (name: string) => ({
    name,
    type: 'service',
    grants: ['client_credentials'],
    scopes: ['read:tasks'],
  });

  test('F09: the same key and request get the same answer, secret and all, and make one client', async () => {
    const key = newKey();
    const first = await create(key, bot('Once'));
    const again = await create(key, bot('Once'));
    const elsewhere = await createElsewhere(key, bot('Once'));
    expect(first.status).toBe(201);
    expect(first.body.client_secret).toMatch(/^lks_/);
    for (const answer of [again, elsewhere]) {
      expect([answer.status, answer.body]).toEqual([201, first.body]);
      expect(answer.headers.get('idempotent-replayed')).toBe('true');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect((await listNames()).filter((name) => name === 'Once')).toHaveLength(1);
  });

  test('the same key with another request is refused, and does nothing', async () => {
    const key = newKey();
    await create(key, bot('First'));
    const answer = await create(key, bot('Second'));
    expect([answer.status, answer.body]).toEqual([
      422,
      expect.objectContaining({ error: 'idempotency_key_reused', param: 'Idempotency-Key' }),
    ]);
    const account = { email: 'mary@example.com', name: 'Mary', password: 'a long walk over the hills' };
    const headers = { 'Idempotency-Key': key };
    expect((await world.call(world.right, 'POST', '/v1/accounts', { body: account, headers })).status).toBe(
      422,
    );
    expect(await listNames()).not.toContain('Second');
  });

  test('a key is its caller’s own: another one’s answer is never given away', async () => {
    const key = newKey();
    const mine = await create(key, bot('Mine'));
    const stranger = await world.tokenOf(await world.registerService());
    const theirs = await create(key, bot('Mine'), stranger);
    expect(theirs.status).toBe(201);
    expect(theirs.body.client_id).not.toBe(mine.body.client_id);
    expect(theirs.headers.get('idempotent-replayed')).toBeNull();
  });

  test('who may not create any more gets no answer of before', async () => {
    const service = await world.registerService();
    const key = newKey();
    expect((await create(key, bot('Before'), await world.tokenOf(service))).status).toBe(201);
    const reader = await world.tokenOf(
      service,
      EVERY_RIGHT.filter((one) => one.endsWith(':read')),
    );
    expect((await create(key, bot('Before'), reader)).status).toBe(403);
  });

  test('of ten at once, at two servers, all get the answer of the one that made it', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? create : createElsewhere)(key, bot('Race')),
      ),
    );
    expect(answers.map((one) => one.status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map((one) => one.text)).size).toBe(1);
    expect(answers.filter((one) => one.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect((await listNames()).filter((name) => name === 'Race')).toHaveLength(1);
  });

  test('also where both would have made the same name, which only one can have', async () => {
    const key = newKey();
    const named = { ...bot('Named'), client_id: 'named' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? create : createElsewhere)(key, named)),
    );
    expect(new Set(answers.map((one) => `${one.status} ${one.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect((await create(newKey(), named)).body.error).toBe('already_exists');
  });

  test('a refusal is not kept: the same key goes through once the request is right', async () => {
    const key = newKey();
    const wrong = { ...bot('Late'), type: 'web', grants: ['authorization_code'] };
    expect((await create(key, wrong)).status).toBe(400);
    expect((await create(key, bot('Late'))).status).toBe(201);
  });

  test.each(['', ' ', 'a b', 'ü', 'x'.repeat(256)])('the key %j is none', async (key) => {
    const answer = await create(key, bot(`Odd ${count}`));
    // An empty header is one that was not sent.
    const isAbsent = key.trim() === '';
    expect(answer.status).toBe(isAbsent ? 201 : 400);
    if (!isAbsent) expect(answer.body.param).toBe('Idempotency-Key');
  });

  test('after a day the key is free, and what was kept is gone', async () => {
    const key = newKey();
    const { body: first } = await create(key, bot('Daily'));
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 86_401_000);
    const token = await world.tokenOf(world.service);
    const again = await create(key, bot('Daily'), token);
    expect(again.status).toBe(201);
    expect(again.body.client_id).not.toBe(first.client_id);
    const { database } = world.app.parts;
    vi.setSystemTime(Date.now() + 2 * 86_401_000);
    const { createIdempotency } = await import('../../server/management/idempotency.ts');
    const { sweep } = createIdempotency({ database, sealingKey: Buffer.alloc(32) });
    await sweep(0, 1000);
    const row = await database.find<{ count: number }>(sql`SELECT COUNT(*) AS count FROM idempotent_answers`);
    expect(Number(row?.count)).toBe(0);
  });

  test('G01: nothing of the request or the answer is kept in clear, nor a hash that could be guessed from', async () => {
    const key = `told-${newKey()}`;
    const { body } = await create(key, bot('Sealed'));
    const rows = await world.app.parts.database.list<{ key_hash: Buffer; sealed: Buffer }>(
      sql`SELECT key_hash, sealed FROM idempotent_answers LIMIT 1000`,
    );
    expect(rows.length).toBeGreaterThan(0);
    const bytes = Buffer.concat(rows.flatMap((row) => [row.key_hash, row.sealed])).toString('latin1');
    for (const text of [key, String(body.client_secret), String(body.client_id), 'Sealed', '{"'])
      expect(bytes).not.toContain(text);
  });

  test.each(creations.map((one) => [one.path, one] as const))(
    'POST %s keeps its answer',
    async (_path, one) => {
      const { pathOf, bodyOf } = await createRequests(world);
      const sent = { body: bodyOf(one), headers: { 'Idempotency-Key': newKey() } };
      const first = await world.call(world.right, 'POST', pathOf(one), sent);
      const again = await world.call(world.right, 'POST', pathOf(one), sent);
      expect(first.status, first.text).toBe(201);
      expect(first.headers.get('idempotent-replayed')).toBeNull();
      expect([again.status, again.text]).toEqual([201, first.text]);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    },
  );
});
