// latchkey doctor: every finding on a deployment that has it, and none on one that has not.
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { speak } from '../../server/admin/finding.ts';
import { checkRegistry, type Registry } from '../../server/admin/registry-checks.ts';
import type { Client, Registration } from '../../server/clients/clients.ts';
import { openDatabase } from '../../server/storage/database.ts';
import { createPlace } from './cli.ts';

type Finding = { check: string; level: 'ok' | 'warning' | 'error'; words: string };
type Findings = Record<string, Finding>;

function newPlace(environment: Record<string, string> = {}) {
  const place = createPlace(environment);
  onTestFinished(place.remove);
  return place;
}

/** What the doctor says, by check, and its exit status. */
async function examine(place: ReturnType<typeof createPlace>): Promise<Findings & { status: number | null }> {
  const { status, out } = await place.quick.run(['doctor', '--json']);
  const findings = JSON.parse(out) as Finding[];
  return Object.assign(
    { status },
    Object.fromEntries(findings.map((one) => [one.check, one])),
  ) as Findings & {
    status: number | null;
  };
}

/** A deployment that has been used: it has its keys and one administrator. */
async function startedPlace(environment?: Record<string, string>) {
  const place = newPlace(environment);
  const words = [
    'accounts',
    'create',
    '--email',
    'ada@example.com',
    '--name',
    'Ada',
    '--admin',
    '--password-stdin',
  ];
  await place.quick.json(words, 'brass wheels turn slowly');
  return place;
}

/** Changes the database behind the program's back. */
async function tamper(place: ReturnType<typeof createPlace>, statement: string): Promise<void> {
  const database = openDatabase({ url: `sqlite:${place.database}`, poolMax: 1 });
  await database.transact(() => database.write({ sql: statement, bindings: [] }, { expects: 1 }));
  await database.close();
}

describe('the ground', () => {
  test('a public deployment without SMTP is warned: nobody could reset a password', async () => {
    const place = await startedPlace({ ISSUER: 'https://id.example.com' });
    const { status, mail } = await examine(place);
    expect([status, mail?.level]).toEqual([0, 'warning']);
    expect(mail?.words).toContain('LATCHKEY_SMTP_URL');
  });

  test('a deployment that is well has exit status 0', async () => {
    const place = await startedPlace({
      ISSUER: 'https://id.example.com',
      LATCHKEY_SMTP_URL: 'smtps://mail.example.com',
    });
    await place.quick.json([
      ...[
        'resources',
        'create',
        '--identifier',
        'urn:orders',
        '--name',
        'Orders',
        '--scope',
        'read=See',
        '--default',
      ],
    ]);
    const { status, ...findings } = await examine(place);
    expect(status).toBe(0);
    expect(Object.values(findings).filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(Object.keys(findings)).toEqual(
      expect.arrayContaining([
        'configuration',
        'secrets_file',
        'schema',
        'durability',
        'integrity',
        'keys',
        'audit',
      ]),
    );
    const text = await place.cli.run(['doctor']);
    expect([text.status, text.err]).toEqual([0, '']);
    expect(text.out).toMatch(/^ok +configuration /);
  });

  test('it makes no database and no secrets file where there is none', async () => {
    const place = newPlace();
    const findings = await examine(place);
    expect(findings).toMatchObject({ status: 1, database: { level: 'error' }, issuer: { level: 'warning' } });
    expect([existsSync(place.database), existsSync(join(place.directory, 'secrets'))]).toEqual([
      false,
      false,
    ]);
  });

  test('an issuer of this machine and the missing administrator are warnings', async () => {
    const place = newPlace();
    await place.quick.json(['accounts', 'list']);
    expect(await examine(place)).toMatchObject({
      status: 0,
      issuer: { level: 'warning' },
      first_administrator: { level: 'warning' },
      default_resource: { level: 'warning' },
    });
  });

  test('every fault of the configuration is told', async () => {
    const place = newPlace({ ISSUER: 'http://id.example.com', PORT: 'x' });
    const { status, configuration } = await examine(place);
    expect([status, configuration?.level]).toEqual([1, 'error']);
    expect(configuration?.words).toContain('issuer (ISSUER): must be https unless its host is loopback');
    expect(configuration?.words).toContain('listen.port (PORT): must be a whole number');
    expect(await place.quick.refusal(['accounts', 'list'])).toEqual({
      error: 'invalid_configuration',
      error_description: configuration?.words,
    });
  });

  test('a secrets file that others can read, another one, and a lost one are errors', async () => {
    const place = await startedPlace();
    const file = join(place.directory, 'secrets');
    chmodSync(file, 0o644);
    expect(await examine(place)).toMatchObject({ status: 1, secrets_file: { level: 'error' } });
    chmodSync(file, 0o600);
    writeFileSync(file, `${Buffer.alloc(32, 1).toString('base64url')}\n`);
    expect(await examine(place)).toMatchObject({
      status: 1,
      secrets_file: { level: 'ok' },
      keys: { level: 'error', words: expect.stringContaining('does not open the keys') },
    });
    expect(await place.quick.refusal(['accounts', 'list'])).toMatchObject({ error: 'secrets_file' });
    rmSync(file);
    expect(await examine(place)).toMatchObject({ status: 1, keys: { level: 'error' } });
    expect(existsSync(file)).toBe(false);
  });

  test('a schema that is older or newer than the program is an error', async () => {
    const place = await startedPlace();
    await tamper(place, "UPDATE knex_migrations SET name = '9999-later.ts' WHERE name = '0009-audit.ts'");
    expect((await examine(place)).schema).toMatchObject({
      level: 'error',
      words: expect.stringContaining('9999-later.ts'),
    });
    await tamper(place, "DELETE FROM knex_migrations WHERE name = '9999-later.ts'");
    expect((await examine(place)).schema).toMatchObject({
      level: 'error',
      words: expect.stringContaining('0009-audit.ts'),
    });
  });

  test('an event that was changed afterwards is an error, and audit verify says where', async () => {
    const place = await startedPlace();
    await tamper(place, "UPDATE audit_events SET actor = 'nobody' WHERE type = 'account.created'");
    expect(await examine(place)).toMatchObject({ status: 1, audit: { level: 'error' } });
    const { status, out } = await place.quick.run(['audit', 'verify', '--json']);
    expect([status, JSON.parse(out)]).toEqual([
      1,
      { intact: false, breaks: [{ node: expect.any(String), sequence: expect.any(Number) }] },
    ]);
  });

  test('a database that is none is one sentence', async () => {
    const place = newPlace();
    writeFileSync(place.database, 'x'.repeat(5000));
    expect(await examine(place)).toMatchObject({ status: 1, database: { level: 'error' } });
    const { error_description: words } = await place.quick.refusal(['accounts', 'list']);
    expect(words).not.toMatch(/\n| at /);
  });
});

describe('clients, APIs and people', () => {
  const registration: Registration = {
    name: 'Shop',
    type: 'web',
    auth: 'none',
    secrets: [],
    grants: [],
    redirectUris: [],
    postLogoutRedirectUris: [],
    origins: [],
    scopes: ['openid', 'read'],
    defaultScopes: [],
    optionalScopes: [],
    needsPkce: true,
    hasIdTokenClaims: false,
    isFirstParty: false,
  };
  const client: Client = {
    id: 'shop',
    source: 'database',
    registration,
    isCovering: false,
    resource: 'urn:orders',
    owner: undefined,
    createdAt: 1,
    updatedAt: 1,
    blockedAt: undefined,
    revokedAt: undefined,
  };
  const resource = {
    identifier: 'urn:orders',
    source: 'database' as const,
    registration: { name: 'Orders', scopes: { read: 'See' }, tokenFormat: 'opaque' as const },
    isCovering: false,
    isDefault: true,
    createdAt: 1,
  };
  const well: Registry = {
    config: { clients: [], resources: [] },
    clients: [client],
    resources: [resource],
    hasAdministrator: true,
    brokenChains: [],
    reports: [],
    now: 1000,
  };

  function levelsOf(change: Partial<Registry>) {
    return checkRegistry({ ...well, ...change })
      .map(speak)
      .filter(({ words }, index) => words !== fine[index]?.words);
  }
  const fine = checkRegistry(well).map(speak);

  test('nothing is said where all is well', () => {
    expect(fine.filter(({ level }) => level !== 'ok')).toEqual([]);
  });

  test.each<[string, Partial<Registry>, Finding]>([
    [
      'A11: PKCE switched off',
      { clients: [{ ...client, registration: { ...registration, needsPkce: false } }] },
      { check: 'pkce', level: 'warning', words: expect.stringMatching(/: shop\.$/) },
    ],
    [
      'a scope that no API knows',
      { clients: [{ ...client, registration: { ...registration, scopes: ['email', 'gone'] } }] },
      { check: 'scopes', level: 'warning', words: expect.stringContaining('gone (shop)') },
    ],
    [
      'a client of the file that covers one of the database',
      { clients: [{ ...client, source: 'file', isCovering: true }] },
      { check: 'covered_entries', level: 'warning', words: expect.stringContaining(': shop.') },
    ],
    [
      'an API of the file that covers one of the database',
      { resources: [{ ...resource, source: 'file', isCovering: true }] },
      { check: 'covered_entries', level: 'warning', words: expect.stringContaining(': urn:orders.') },
    ],
    [
      'no default API',
      { resources: [{ ...resource, isDefault: false }] },
      { check: 'default_resource', level: 'warning', words: expect.any(String) },
    ],
    [
      'an API for which nobody can introspect',
      { clients: [{ ...client, resource: undefined }] },
      { check: 'introspection', level: 'warning', words: expect.stringContaining('urn:orders') },
    ],
    [
      'no administrator',
      { hasAdministrator: false },
      { check: 'first_administrator', level: 'warning', words: expect.any(String) },
    ],
    [
      'a chain of events that is broken',
      { brokenChains: [{ node: 'n1', sequence: 7 }] },
      { check: 'audit', level: 'error', words: expect.stringContaining('n1 7') },
    ],
    [
      'a client whose devices people have reported',
      { reports: [{ clientId: 'shop' }, { clientId: 'shop' }] },
      { check: 'reported_devices', level: 'warning', words: expect.stringMatching(/ shop\.$/) },
    ],
    [
      'a secret that is being changed',
      {
        clients: [
          {
            ...client,
            registration: { ...registration, secrets: [{ sha256: 'a' }, { sha256: 'b', expiresAt: 1001 }] },
          },
        ],
      },
      { check: 'second_secrets', level: 'ok', words: expect.stringMatching(/: shop\.$/) },
    ],
  ])('named: %s', (_title, change, finding) => {
    expect(levelsOf(change)).toEqual([finding]);
  });

  test('a blocked client is named, and no error', () => {
    const findings = levelsOf({ clients: [client, { ...client, id: 'old', blockedAt: 5 }] });
    expect(findings).toEqual([
      { check: 'blocked_clients', level: 'ok', words: 'These clients are blocked: old.' },
    ]);
  });
});
