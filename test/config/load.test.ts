// How the file and the environment become one frozen Config, or one error with every fault: config/load.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../config/load.ts';
import { listFaultsOf, loadSettings, loadText, orders, phone, shop } from './load-text.ts';

const canary = 'Canary-7f3a';

test('every fault is told at once, one line each, by dotted path', () => {
  const load = () =>
    loadSettings(
      {
        surprise: 1,
        listen: { port: 'x' },
        sessions: { idle_seconds: 9_000_000, admin_idle_seconds: 50_000, step_up_seconds: -1 },
        tokens: { authorization_code_seconds: 600, id_token_seconds: 'x' },
        clients: [
          phone,
          {
            ...shop,
            name: 7,
            type: 'web',
            redirect_uris: ['https://shop.example/cb', 'http://shop.example'],
            scopes: 3,
          },
          { ...phone, pkce: false, allowed: 'yes', jwks: { keys: [{ d: 'x' }] } },
        ],
        resources: [
          { ...orders, name: null, introspection: { client_id: 'shop', auth: 'client_secret_post' } },
        ],
      },
      { ISSUER: 'http://id.example' },
    );
  expect(load).toThrow(ConfigError);
  expect([...listFaultsOf(load)].sort()).toEqual(
    [
      'surprise: is not a setting',
      'issuer (ISSUER): must be https unless its host is loopback',
      'listen.port: must be a whole number',
      'sessions.idle_seconds: must not be longer than absolute_seconds',
      'sessions.admin_idle_seconds: must not be longer than admin_absolute_seconds',
      'sessions.step_up_seconds: must be at least 1',
      'tokens.authorization_code_seconds: must be at most 60',
      'tokens.id_token_seconds: must be a whole number',
      'clients[1].name: must be text (in quotes, if it looks like something else)',
      'clients[1].redirect_uris[1]: must be https unless its host is loopback',
      'clients[1].scopes: must be a list',
      'clients[2].client_id: is used twice; an id is for one client or one API',
      'clients[2].pkce: may be false only for a client with an auth other than none',
      'clients[2].allowed: must be true or false',
      'clients[2].jwks.keys[0].kty: is missing; it must be one of RSA, EC, OKP',
      'clients[2].jwks.keys[0].d: is a private member: register the public key only',
      'resources[0].name: is empty: give it a value or take the line out',
      'resources[0].introspection.client_id: is used twice; an id is for one client or one API',
      'resources[0].introspection.secret_sha256: is needed with client_secret_basic and client_secret_post, and only there',
    ].sort(),
  );
  expect(load).toThrow(/^The configuration is not valid:\n(.+\n){18}.+$/);
});

test('H06: no value stands in the message, wherever a secret was put by mistake', () => {
  const url = `postgres://ada:${canary}@[`;
  const key = { kty: canary, d: canary };
  const message = listFaultsOf(() =>
    loadSettings(
      {
        version: canary,
        [`postgres://ada:${canary}@db/x`]: null,
        issuer: `https://${canary}@id.example`,
        listen: { port: canary },
        database: { url, [`postgres://ada:${canary}@db/x`]: null },
        log: { level: canary },
        people: { sign_up: canary },
        allowed_hosts: [`${canary}!`],
        trusted_proxies: [canary],
        branding: { accent_color: canary, support_url: canary },
        limits: { [`${canary} `.repeat(9)]: canary },
        clients: [
          {
            ...shop,
            secret_sha256: [canary],
            redirect_uris: [`http://${canary}.example`],
            type: canary,
            scopes: [`"${canary}`],
          },
          {
            ...shop,
            auth: canary,
            grants: [canary],
            origins: [canary],
            jwks: { keys: [key] },
            client_id: `${canary} `,
          },
        ],
        resources: [{ ...orders, identifier: canary, default: canary, scopes: { [`"${canary}`]: '' } }],
        roles: { member: canary },
      },
      { PORT: canary, LATCHKEY_SECRETS_FILE: canary },
    ),
  ).join('\n');
  expect(message.split('\n').length).toBeGreaterThan(25);
  expect(message).not.toContain(canary);
});

describe('a file that is no YAML', () => {
  test.each([
    [
      'a key that is there twice',
      `version: 1\nbranding:\n  name: ${canary}\n  name: ${canary}\n`,
      ['line 4, column 3: this key is there twice'],
    ],
    [
      'a quote that does not end',
      `version: 1\nissuer: "${canary}\n`,
      [expect.stringMatching(/^line \d, column \d+: this is not valid YAML \(MISSING_CHAR\)$/)],
    ],
    [
      'two documents',
      `version: 1\n---\nissuer: ${canary}\n`,
      [expect.stringMatching(/^line \d.*MULTIPLE_DOCS/)],
    ],
    ['a tag', `version: 1\nissuer: !${canary} x\n`, [expect.stringMatching(/^line 2.*TAG_RESOLVE_FAILED/)]],
    [
      'a star without quotes',
      `version: 1\nallowed_hosts: [*${canary}]\n`,
      ['the file: an alias (*name) leads nowhere; put quotes around text that begins with *'],
    ],
    ['a list', `- ${canary}\n`, ['the file: must be a mapping of settings']],
    ['an empty file', '', ['version: is missing; it must be 1']],
  ])('is refused by line and without its text: %s', (_title, text, faults) => {
    expect(listFaultsOf(() => loadText(text))).toEqual(faults);
  });

  test('a file that cannot be read is refused', () => {
    const env = { LATCHKEY_CONFIG: `/nowhere/${canary}.yaml` };
    expect(listFaultsOf(() => loadConfig({ env }))).toEqual([
      'the file (LATCHKEY_CONFIG): cannot be read (ENOENT)',
    ]);
  });
});

describe('the environment', () => {
  test('wins over the file', () => {
    const settings = {
      issuer: 'https://file.example',
      listen: { host: '10.0.0.1', port: 4000 },
      trusted_proxies: ['10.0.0.0/8'],
      database: { url: 'sqlite:file.sqlite', pool_max: 3 },
      secrets_file: 'file-secrets',
    };
    const config = loadSettings(settings, {
      ISSUER: 'https://id.example',
      HOST: '::',
      PORT: '5000',
      TRUSTED_PROXIES: '192.168.0.0/16, fd00::/8',
      DATABASE_URL: 'postgresql://db/latchkey',
      LATCHKEY_SECRETS_FILE: '/run/secrets/latchkey',
    });
    expect(config).toMatchObject({
      issuer: 'https://id.example',
      listen: { host: '::', port: 5000 },
      trusted_proxies: ['192.168.0.0/16', 'fd00::/8'],
      database: { url: 'postgresql://db/latchkey', pool_max: 3 },
      secrets_file: '/run/secrets/latchkey',
    });
  });

  test('counts as unset where it is empty', () => {
    const empty = {
      ISSUER: '',
      HOST: '',
      PORT: '',
      TRUSTED_PROXIES: '',
      DATABASE_URL: '',
      LATCHKEY_SECRETS_FILE: '',
      LATCHKEY_CONFIG: '',
    };
    expect(loadConfig({ env: empty })).toEqual(loadConfig({ env: {} }));
  });

  test.each([
    [{ PORT: 'x' }, 'listen.port (PORT): must be a whole number'],
    [{ PORT: '0x50' }, 'listen.port (PORT): must be a whole number'],
    [{ PORT: '70000' }, 'listen.port (PORT): must be at most 65535'],
    [
      { TRUSTED_PROXIES: '10.0.0.0/8,all' },
      'trusted_proxies[1] (TRUSTED_PROXIES): must be a network such as 10.0.0.0/8 or fd00::/8',
    ],
    [{ DATABASE_URL: 'mysql://db' }, 'database.url (DATABASE_URL): must begin with sqlite: or postgres://'],
  ])('is judged like the file, and the fault names the variable: %o', (env, fault) => {
    expect(listFaultsOf(() => loadSettings({}, env))).toEqual([fault]);
  });

  test('does not hide a section that is at fault', () => {
    expect(listFaultsOf(() => loadSettings({ listen: 'x' }, { PORT: '80' }))).toEqual([
      'listen: must be a mapping of settings',
    ]);
  });

  test('names another file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
    const file = join(directory, 'other.yaml');
    writeFileSync(file, 'version: 1\nbranding: { name: Kairos }\n');
    expect(loadConfig({ env: { LATCHKEY_CONFIG: file } }).branding.name).toBe('Kairos');
    rmSync(directory, { recursive: true });
  });
});

describe('what follows from other settings', () => {
  test('the issuer follows the port, in the way clients write it', () => {
    expect(loadSettings({}, { PORT: '4000' }).issuer).toBe('http://localhost:4000');
    expect(loadSettings({}, { PORT: '80' }).issuer).toBe('http://localhost');
  });

  test.each([
    ['http://localhost:3000', 'localhost'],
    ['http://127.0.0.1:3000', 'localhost'],
    ['http://[::1]:3000', 'localhost'],
    ['https://id.example', '0.0.0.0'],
  ])('with the issuer %s the server listens on %s unless told otherwise', (issuer, host) => {
    expect(loadSettings({ issuer }).listen.host).toBe(host);
    expect(loadSettings({ issuer, listen: { host: '10.0.0.1' } }).listen.host).toBe('10.0.0.1');
  });

  test.each([
    ['sqlite:data/latchkey.sqlite', 'data/secrets'],
    ['sqlite:/var/lib/latchkey/db.sqlite', '/var/lib/latchkey/secrets'],
    ['postgres://ada:pw@db/latchkey', 'data/secrets'],
  ])('with the database %s the secrets file is %s unless told otherwise', (url, secretsFile) => {
    expect(loadSettings({}, { DATABASE_URL: url }).secrets_file).toBe(secretsFile);
  });
});

test('the configuration is frozen to its last leaf', () => {
  const config = loadSettings({ clients: [shop], resources: [orders] });
  const open: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(path);
    for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`);
  };
  visit(config, 'config');
  expect(open).toEqual([]);
  expect(config.clients[0]?.redirect_uris).toEqual(['https://shop.example/cb']);
});
