// What lies in the database: hashes and sealed payloads of what can be replayed, in typed columns with a payload version.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../server/storage/database.ts';
import { sql } from '../../server/storage/statement.ts';
import { ADA, createAdapterWorld, payloadOf, samples } from './adapters.ts';
import { createGround, dialects, listTables, type Place, registerPeople } from './ground.ts';

const SECRET_LENGTH = 43;

/** The part of an id that opens something: of a token its last 256 bits, of a grant nothing. */
const secretOf = (id: string) => id.slice(-SECRET_LENGTH);

/** Every value of every row of every table, as bytes. */
async function dump(database: Database): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const table of await listTables(database)) {
    const rows = await database.list<Record<string, unknown>>({
      sql: `SELECT * FROM ${table} LIMIT 10000`,
      bindings: [],
    });
    for (const value of rows.flatMap((row) => Object.values(row))) {
      parts.push(Buffer.isBuffer(value) ? value : Buffer.from(String(value)), Buffer.from('\n'));
    }
  }
  return Buffer.concat(parts);
}

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    ground = await createGround(dialect);
    database = ground.open();
    const world = createAdapterWorld(database);
    await registerPeople(database, [ADA]);
    for (const [model, create] of Object.entries(samples)) {
      const id = create();
      if (model !== 'Grant') secrets.set(model, secretOf(id));
      const payload = payloadOf(model, id);
      await world.save(model, id, payload);
      if (model === 'Interaction') secrets.set('a cookie in an interaction', 'a-cookie');
      if (model === 'Session') secrets.set('the uid in the payload of a session', 'a-sid');
    }
    const { secret } = await world.parts.clients.register(
      {
        ...{ name: 'Looms', type: 'web', auth: 'client_secret_basic', grants: [], redirectUris: [] },
        ...{ postLogoutRedirectUris: [], origins: [], scopes: [], defaultScopes: [], optionalScopes: [] },
        ...{ needsPkce: true, hasIdTokenClaims: false, isFirstParty: false },
      },
      { id: 'looms' },
    );
    secrets.set('the secret of a client', secret?.slice(-SECRET_LENGTH) ?? '');
  });
  afterAll(() => ground.close());

  test('T10: no table holds an id or a secret that opens something: not as text, bytes, hex or base64', async () => {
    const everything = await dump(database);
    expect(everything.includes('looms'), 'the dump is one').toBe(true);
    expect(secrets.size).toBe(Object.keys(samples).length + 2);
    for (const [what, secret] of secrets) {
      expect(secret.length, what).toBeGreaterThan(4);
      const bytes = Buffer.from(secret);
      const forms = [
        bytes,
        bytes.toString('hex'),
        bytes.toString('base64'),
        Buffer.from(secret, 'base64url'),
      ];
      for (const form of forms) expect(everything.includes(form), what).toBe(false);
    }
  });

  test('what the engine may need to read is sealed: a copy of the database shows no request of anybody', async () => {
    const everything = await dump(database);
    for (const text of ['a-state', '/authorize/one', 'a-challenge', 'a-uid']) {
      expect(everything.includes(text), text).toBe(false);
    }
  });

  test('what is asked hot stands in typed columns, and every payload says its version', async () => {
    const tables = ['access_tokens', 'refresh_tokens', 'artifacts', 'sessions', 'grants'];
    for (const table of tables) {
      const rows = await database.list<Record<string, unknown>>({
        sql: `SELECT * FROM ${table} LIMIT 100`,
        bindings: [],
      });
      expect(rows.length, table).toBeGreaterThan(0);
      for (const row of rows) {
        expect(row.payload_version, table).toBe(1);
        expect(row.expires_at, table).toBeTypeOf('number');
      }
    }
    const token = await database.find(
      sql`SELECT account_id, client_id, audience, scope, token_type FROM access_tokens WHERE kind = 'AccessToken'`,
    );
    expect(token).toEqual({
      account_id: ADA,
      client_id: 'app',
      audience: 'https://api.example.com/',
      scope: 'openid read:tasks',
      token_type: 'Bearer',
    });
  });

  test('a sealed payload of one model does not open as one of another', async () => {
    const world = createAdapterWorld(database);
    const id = samples.Interaction?.() ?? '';
    await world.save('Interaction', id, payloadOf('Interaction', id));
    await database.transact(() =>
      database.write(sql`UPDATE artifacts SET model = 'AuthorizationCode' WHERE model = 'Interaction'`),
    );
    expect(await world.find('AuthorizationCode', id)).toBeUndefined();
  });
});
