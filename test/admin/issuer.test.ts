// How the command line polls and refreshes at an issuer that is not ours (RFC 8628 section 3.5), without waiting for it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCredentials } from '../../server/admin/credentials.ts';
import { discover } from '../../server/admin/issuer.ts';
import { pollForTokens } from '../../server/admin/issuer-tokens.ts';
import { whoAmI } from '../../server/admin/login-commands.ts';
import { pending, type Scripted, slowDown, startScriptedIssuer, tokens } from './scripted-issuer.ts';

const { signal } = new AbortController();
const closing: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) await close();
});

async function startIssuer(script: readonly Scripted[], metadata?: Record<string, unknown>) {
  const issuer = await startScriptedIssuer(script, metadata);
  closing.push(issuer.close);
  return issuer;
}

/** Waits take no time, but the clock goes on; what was waited is written down. */
function createPace() {
  const waited: number[] = [];
  async function wait(seconds: number): Promise<void> {
    waited.push(seconds);
    vi.setSystemTime(Date.now() + seconds * 1000);
  }
  return { waited, pace: { signal, wait } };
}

async function poll(script: readonly Scripted[], lifeSeconds = 600) {
  const server = await startIssuer(script);
  const issuer = await discover(server.issuer, signal);
  const { waited, pace } = createPace();
  const code = {
    deviceCode: 'dc-1',
    userCode: 'ABCD-EFGH',
    verificationUri: `${server.issuer}/device`,
    completeUri: undefined,
    endsAt: Math.floor(Date.now() / 1000) + lifeSeconds,
    intervalSeconds: 5,
  };
  const outcome = await pollForTokens({ issuer, clientId: 'tool' }, code, pace).catch((error) => error);
  return { outcome, waited, asked: server.asked };
}

describe('polling', () => {
  test('waits the interval before each poll, and sends what RFC 8628 section 3.4 asks for', async () => {
    const { outcome, waited, asked } = await poll([pending, pending, tokens]);
    expect(outcome).toMatchObject({ accessToken: 'at-1', refreshToken: 'rt-1', scope: 'openid' });
    expect(waited).toEqual([5, 5, 5]);
    expect(Object.fromEntries(asked[0] ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'dc-1',
      client_id: 'tool',
    });
  });

  test('D11: slow_down adds five seconds for good', async () => {
    expect((await poll([slowDown, pending, slowDown, tokens])).waited).toEqual([5, 10, 10, 15]);
  });

  test('outlives a lost network, a server that restarts and a gateway in between, and asks less often meanwhile', async () => {
    const away: Scripted[] = [
      'nothing',
      { status: 503, body: { error: 'temporarily_unavailable' } },
      { status: 502, body: '<html>' },
      { status: 429, body: 'too many' },
    ];
    const { outcome, waited } = await poll([...away, pending, tokens]);
    expect(outcome).toMatchObject({ accessToken: 'at-1' });
    expect(waited).toEqual([5, 10, 20, 40, 60, 5]);
  });

  test.each([
    ['access_denied', 'It was denied in the browser.'],
    ['expired_token', 'The code has ended before it was entered. Begin again.'],
    ['invalid_grant', 'no such code'],
  ])('%s ends it', async (error, words) => {
    const { outcome, waited } = await poll([
      pending,
      { status: 400, body: { error, error_description: 'no such code' } },
      tokens,
    ]);
    expect(outcome).toMatchObject({ code: error, message: words });
    expect(waited).toHaveLength(2);
  });

  test('the end of the code ends it, whatever the server says', async () => {
    const { outcome, asked } = await poll([pending, pending, pending, pending], 12);
    expect(outcome).toMatchObject({ code: 'expired_token' });
    expect(asked).toHaveLength(2);
  });

  test('what is no bearer token is refused', async () => {
    const { outcome } = await poll([{ status: 200, body: { access_token: 'at-1', token_type: 'DPoP' } }]);
    expect(outcome).toMatchObject({ code: 'invalid_response' });
  });
});

describe('discovery', () => {
  test('finds the metadata of RFC 8414 where there is none of OpenID Connect, and forgives a last slash', async () => {
    const server = await startIssuer([]);
    const issuer = await discover(`${server.issuer}/`, signal);
    expect(issuer).toMatchObject({ issuer: server.issuer, tokenEndpoint: `${server.issuer}/token` });
    expect(issuer.deviceEndpoint).toBeUndefined();
  });

  test.each([
    ['the metadata of another issuer', { issuer: 'https://evil.example' }, 'invalid_response'],
    ['a token endpoint without TLS', { token_endpoint: 'http://api.example/token' }, 'invalid_request'],
    ['a token endpoint that is no address', { token_endpoint: '/token' }, 'invalid_request'],
  ])('refuses %s', async (_words, metadata, code) => {
    const { issuer } = await startIssuer([], metadata);
    await expect(discover(issuer, signal)).rejects.toMatchObject({ code });
  });

  test.each([
    'http://accounts.example.com',
    'file:///etc/passwd',
    'accounts',
    'https://ada:secret@a.example',
  ])('refuses the issuer %s unasked', async (address) => {
    await expect(discover(address, signal)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('a token that has ended', () => {
  async function start(script: readonly Scripted[]) {
    const server = await startIssuer(script);
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-credentials-'));
    closing.push(() => rmSync(directory, { recursive: true }));
    const credentials = createCredentials(join(directory, 'latchkey', 'credentials.json'));
    credentials.keep(server.issuer, {
      client_id: 'tool',
      access_token: 'at-0',
      refresh_token: 'rt-0',
      expires_at: 1,
    });
    const ask = () => whoAmI({ credentials, pace: createPace().pace }, undefined);
    return { ...server, credentials, ask };
  }

  test.each<[string, Scripted]>([
    ['was lost', 'nothing'],
    ['was that of a gateway', { status: 502, body: '<html>' }],
  ])('T01: is refreshed with the same refresh token again where the answer %s', async (_words, first) => {
    const { ask, asked, credentials, issuer } = await start([first, tokens]);
    expect(await ask()).toEqual({ issuer, client_id: 'tool', sub: 'ada' });
    expect(asked.map((form) => form.get('refresh_token'))).toEqual(['rt-0', 'rt-0']);
    expect(credentials.find(issuer)?.credential).toMatchObject({
      access_token: 'at-1',
      refresh_token: 'rt-1',
    });
  });

  test('keeps its refresh token where the server gives no new one (RFC 6749 section 6)', async () => {
    const body = { access_token: 'at-2', token_type: 'bearer', expires_in: '60' };
    const { ask, credentials, issuer } = await start([{ status: 200, body }]);
    await ask();
    expect(credentials.find(issuer)?.credential).toMatchObject({
      access_token: 'at-2',
      refresh_token: 'rt-0',
      expires_at: Math.floor(Date.now() / 1000) + 60,
    });
  });

  test('that another command has refreshed meanwhile is read again', async () => {
    const dead: Scripted = { status: 400, body: { error: 'invalid_grant' } };
    const { ask, credentials, issuer } = await start([dead, dead]);
    await expect(ask()).rejects.toMatchObject({ code: 'unauthorized' });
    const find = credentials.find;
    let reads = 0;
    vi.spyOn(credentials, 'find').mockImplementation((name) => {
      reads += 1;
      if (reads === 2)
        credentials.keep(issuer, { client_id: 'tool', access_token: 'at-9', refresh_token: 'rt-9' });
      return find(name);
    });
    expect(await ask()).toMatchObject({ sub: 'ada' });
  });
});
