// How fast are a refresh with rotation, and a device's polling, over the plain engine in memory? Run: node bench/exchanges.ts
import { collectTokens } from './collect-tokens.ts';
import { compare, type Ready, type Variant } from './driver.ts';
import { basic, PASSWORD, resourceOf, startLatchkey, startSmall, withDirectory } from './start.ts';

const CHAINS = 32;
// What one address gets in a minute without being refused.
const CODES = 10;
const EMAIL = 'ada@example.com';
const REDIRECT = 'https://notes.example.com/cb';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

function refreshWith(token: string): string {
  return `grant_type=refresh_token&refresh_token=${token}`;
}

/** Each answer has an access token and the refresh token of the next request. */
function refreshing(url: string, headers: Record<string, string>, tokens: readonly string[]): Ready {
  return {
    ...{ url, headers, bodies: tokens.map(refreshWith) },
    isRight: (text) => JSON.parse(text).access_token !== undefined,
    follow: (text) => refreshWith(JSON.parse(text).refresh_token),
  };
}

async function issueCodes(url: string, clientId: string): Promise<string[]> {
  const codes: string[] = [];
  while (codes.length < CODES) {
    const body = new URLSearchParams({ client_id: clientId });
    const response = await fetch(url, { method: 'POST', headers: FORM, body });
    const { device_code: code } = (await response.json()) as { device_code?: string };
    if (code === undefined) throw new Error(`no code: ${response.status}`);
    codes.push(code);
  }
  return codes;
}

/** Nobody has answered yet, and this asks more often than a device does. */
function polling(url: string, clientId: string, codes: readonly string[]): Ready {
  const grant = `grant_type=${encodeURIComponent(DEVICE_GRANT)}&client_id=${clientId}`;
  return {
    ...{ url, headers: FORM, bodies: codes.map((code) => `${grant}&device_code=${code}`) },
    isRight: (text) => ['authorization_pending', 'slow_down'].includes(JSON.parse(text).error),
    isRefusal: true,
  };
}

function latchkeyRefresh(directory: string): Variant {
  return {
    name: 'Latchkey on SQLite, refresh',
    async start(run) {
      const { issuer, port, command } = await startLatchkey(run, directory);
      command(['accounts', 'create', '--email', EMAIL, '--name', 'Ada', '--password-stdin'], PASSWORD);
      command(resourceOf('opaque'));
      const client = command([
        ...['clients', 'create', '--name', 'Notes', '--type', 'web', '--redirect-uri', REDIRECT],
        ...['--grant', 'authorization_code', '--grant', 'refresh_token'],
        ...['--scope', 'openid', '--scope', 'read:tasks'],
      ]);
      const tokens = await collectTokens({
        ...{ issuer, port, count: CHAINS, email: EMAIL, password: PASSWORD, kind: 'refresh_token' },
        client: {
          id: client.client_id ?? '',
          secret: client.client_secret ?? '',
          redirectUri: REDIRECT,
        },
      });
      return refreshing(`${issuer}/token`, basic(client), tokens);
    },
  };
}

const engineRefresh: Variant = {
  name: 'the engine in memory, refresh',
  async start(run) {
    const url = await startSmall(run, 'engine-memory');
    const asking = Array.from({ length: CHAINS }, async () => (await fetch(`${url}/refresh-token`)).text());
    const headers = basic({ client_id: 'notes', client_secret: 'notes-secret' });
    return refreshing(`${url}/token`, headers, await Promise.all(asking));
  },
};

function latchkeyPolling(directory: string): Variant {
  return {
    name: 'Latchkey on SQLite, polling',
    async start(run) {
      const { issuer } = await startLatchkey(run, directory);
      const codes = await issueCodes(`${issuer}/device/code`, 'latchkey-cli');
      return polling(`${issuer}/token`, 'latchkey-cli', codes);
    },
  };
}

const enginePolling: Variant = {
  name: 'the engine in memory, polling',
  async start(run) {
    const url = await startSmall(run, 'engine-memory');
    return polling(`${url}/token`, 'cli', await issueCodes(`${url}/device/auth`, 'cli'));
  },
};

await withDirectory(async (directory) => {
  await compare([latchkeyRefresh(directory), engineRefresh]);
  await compare([latchkeyPolling(directory), enginePolling]);
});
