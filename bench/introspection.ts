// How fast is introspection of an opaque token and of API keys, over bare Koa and over the plain engine in memory? Run: node bench/introspection.ts
import { collectTokens } from './collect-tokens.ts';
import { compare, type Variant } from './driver.ts';
import {
  basic,
  issueTokens,
  PASSWORD,
  resourceOf,
  startLatchkey,
  startSmall,
  withDirectory,
} from './start.ts';

const TOKENS = 40;
const KEYS = 10;
const REDIRECT = 'https://notes.example.com/cb';

function isActive(text: string): boolean {
  return JSON.parse(text).active === true;
}

const bareKoa: Variant = {
  name: 'bare Koa',
  async start(run) {
    const url = `${await startSmall(run, 'bare-koa')}/`;
    const headers = basic({ client_id: 'api', client_secret: 'api-secret' });
    return { url, headers, bodies: ['token=some-token-or-other'], isRight: isActive };
  },
};

const engineInMemory: Variant = {
  name: 'the engine in memory',
  async start(run) {
    const url = await startSmall(run, 'engine-memory');
    const app = basic({ client_id: 'app', client_secret: 'app-secret' });
    const tokens = await issueTokens(url, app, 'grant_type=client_credentials&scope=read');
    return {
      url: `${url}/token/introspection`,
      headers: basic({ client_id: 'api', client_secret: 'api-secret' }),
      bodies: tokens.map((token) => `token=${token}`),
      isRight: isActive,
    };
  },
};

await withDirectory(async (directory) => {
  /** With tokens that came through the pages. */
  const latchkey: Variant = {
    name: 'Latchkey on SQLite',
    async start(run) {
      const { issuer, port, command } = await startLatchkey(run, directory);
      command(
        ['accounts', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--password-stdin'],
        PASSWORD,
      );
      const api = command(resourceOf('opaque'));
      const scopes = ['--scope', 'openid', '--scope', 'read:tasks'];
      const client = command([
        ...['clients', 'create', '--name', 'Notes', '--type', 'web', '--redirect-uri', REDIRECT],
        ...scopes,
      ]);
      const tokens = await collectTokens({
        ...{ issuer, port, count: TOKENS, email: 'ada@example.com', password: PASSWORD },
        client: {
          id: client.client_id ?? '',
          secret: client.client_secret ?? '',
          redirectUri: REDIRECT,
        },
      });
      return {
        url: `${issuer}/introspect`,
        headers: basic(api),
        bodies: tokens.map((token) => `token=${token}`),
        isRight: isActive,
      };
    },
  };
  /** With keys of Ada, or of her team. */
  function keysOf(owner: 'account' | 'team'): Variant {
    return {
      name: owner === 'team' ? 'Latchkey, team keys' : 'Latchkey, API keys',
      async start(run) {
        const { issuer, command } = await startLatchkey(run, directory);
        const ada = ['--email', 'ada@example.com', '--name', 'Ada', '--password-stdin'];
        command(['accounts', 'create', ...ada], PASSWORD);
        const api = command(resourceOf('opaque'));
        const team = command(['teams', 'create', '--name', 'Looms', '--owner', 'ada@example.com']);
        const of = owner === 'team' ? ['--team', team.id ?? ''] : ['--account', 'ada@example.com'];
        const create = ['api-keys', 'create', ...of, '--name', 'Zapier', '--scope', 'read:tasks'];
        const keys = Array.from({ length: KEYS }, () => command(create).key ?? '');
        return {
          url: `${issuer}/introspect`,
          headers: basic(api),
          bodies: keys.map((key) => `token=${key}`),
          isRight: isActive,
        };
      },
    };
  }

  await compare([latchkey, keysOf('account'), keysOf('team'), bareKoa, engineInMemory]);
});
