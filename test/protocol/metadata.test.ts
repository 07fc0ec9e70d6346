// What we publish about ourselves: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517; row H4.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';
const EVIL = 'evil.example';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

function issuer(): string {
  return world.app.config.issuer;
}

/** A request as it is written on the wire; answers all of what comes back. */
function write(lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.app.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}

test('M01: both well-known documents are there, equal, and name the configured issuer', async () => {
  const [openid, oauth] = await Promise.all([world.ask(OPENID), world.ask(OAUTH)]);
  expect(openid.status).toBe(200);
  expect(oauth.status).toBe(200);
  expect(openid.headers.get('content-type')).toMatch(/^application\/json/);
  expect(oauth.body).toEqual(openid.body);
  expect(openid.body.issuer).toBe(issuer());
});

test('M01: the endpoints are at the paths that were promised', async () => {
  const { body } = await world.ask(OPENID);
  const endpoints = Object.entries(body).filter(([name]) => /_endpoint$|_uri$/.test(name));
  expect(Object.fromEntries(endpoints)).toEqual({
    authorization_endpoint: `${issuer()}/authorize`,
    token_endpoint: `${issuer()}/token`,
    pushed_authorization_request_endpoint: `${issuer()}/par`,
    introspection_endpoint: `${issuer()}/introspect`,
    revocation_endpoint: `${issuer()}/revoke`,
    userinfo_endpoint: `${issuer()}/userinfo`,
    jwks_uri: `${issuer()}/jwks`,
    end_session_endpoint: `${issuer()}/logout`,
    device_authorization_endpoint: `${issuer()}/device/code`,
  });
});

function urlsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^[a-z]+:\/\//.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(urlsIn) : [];
}

// Each is believed by the plain engine, or by one that trusts its proxy.
const disguises: readonly (readonly [string, Record<string, string>])[] = [
  ['Host', { Host: EVIL }],
  ['X-Forwarded-Host', { 'X-Forwarded-Host': EVIL }],
  ['X-Forwarded-Proto', { 'X-Forwarded-Proto': 'https' }],
  ['X-Forwarded-Host and -Proto', { 'X-Forwarded-Host': EVIL, 'X-Forwarded-Proto': 'https' }],
  ['Forwarded', { Forwarded: `host=${EVIL};proto=https` }],
  ['X-Forwarded-Port and -Prefix', { 'X-Forwarded-Port': '1', 'X-Forwarded-Prefix': '/evil' }],
  ['X-Original-URL', { 'X-Original-URL': `http://${EVIL}/`, 'X-Rewrite-URL': '/evil' }],
];

test.each(disguises)('H4 M02: no URL of ours is made from what was sent: %s', async (_name, headers) => {
  for (const path of [OPENID, OAUTH]) {
    const { status, body, text } = await world.ask(path, { headers });
    expect(text).not.toContain(EVIL);
    if (status === 421) continue;
    expect(status).toBe(200);
    const urls = urlsIn(body);
    expect(urls.length).toBeGreaterThan(7);
    expect(urls.filter((url) => url !== issuer() && !url.startsWith(`${issuer()}/`))).toEqual([]);
  }
});

test('H4 M02: nor from an absolute request target, which is refused where it names another host', async () => {
  const host = `Host: ${new URL(issuer()).host}`;
  const foreign = await write([`GET http://${EVIL}${OPENID} HTTP/1.1`, host, 'Connection: close']);
  expect(statusOf(foreign)).toBe(400);
  expect(foreign).not.toContain(EVIL);
  const own = await write([`GET ${issuer()}${OPENID} HTTP/1.1`, host, 'Connection: close']);
  expect(statusOf(own)).toBe(200);
});

test('H4 M02: behind a trusted proxy the host that it forwards is checked, and the issuer stays what it is', async () => {
  const proxied = await createWorld({ settings: { trusted_proxies: ['127.0.0.0/8'] } });
  const ask = (headers: Record<string, string>) => proxied.ask(OPENID, { headers });
  expect((await ask({ 'X-Forwarded-Host': EVIL })).status).toBe(421);
  const { status, body } = await ask({ 'X-Forwarded-Proto': 'https' });
  expect({ status, issuer: body.issuer }).toEqual({ status: 200, issuer: proxied.app.config.issuer });
  expect(urlsIn(body).filter((url) => !url.startsWith(proxied.app.config.issuer))).toEqual([]);
  await proxied.close();
});

// The engine would answer them, past everything of ours that stands in front of it.
test.each([
  `${OPENID}/`,
  '/.Well-Known/openid-configuration',
  '/JWKS',
  '/jwks/',
  '/authorize/',
  '/AUTHORIZE',
])('M03: another spelling of a path is another path: %s', async (path) => {
  expect((await world.ask(path)).status).toBe(404);
});

test.each(['/authorize', '/token', '/jwks', '/introspect', '/interaction/x', '/sign-in', OPENID])(
  'H4 M06: an unknown Host gets 421 before any handler sees it: %s',
  async (path) => {
    const asked = await world.ask(path, { headers: { Host: EVIL } });
    expect(asked.status).toBe(421);
    expect(asked.headers.get('location')).toBeNull();
    expect(asked.headers.get('set-cookie')).toBeNull();
    expect(asked.text).not.toContain(EVIL);
  },
);

const badHosts: readonly (readonly [string, readonly string[]])[] = [
  ['two of them', ['Host: localhost', 'Host: localhost']],
  ['ours and another', ['Host: OURS', `Host: ${EVIL}`]],
  ['none', []],
  ['an empty one', ['Host:']],
  ['user information', ['Host: a@b:c']],
  ['ours as user information', [`Host: OURS@${EVIL}`]],
  ['a path', ['Host: OURS/x']],
  ['a space', ['Host: OURS evil']],
  ['a list', [`Host: OURS,${EVIL}`]],
  ['a port that is none', ['Host: localhost:99999999']],
];

test.each(badHosts)('H4 M06: a Host that is none is answered with 400: %s', async (_name, hosts) => {
  const written = hosts.map((line) => line.replace('OURS', new URL(issuer()).host));
  const answer = await write([`GET ${OPENID} HTTP/1.1`, ...written, 'Connection: close']);
  expect(statusOf(answer)).toBe(400);
  expect(answer).not.toContain(EVIL);
});

test('M04: /jwks has public members only, each key with its own kid, use and alg', async () => {
  const { status, body } = await world.ask('/jwks');
  expect(status).toBe(200);
  const keys = body.keys as Record<string, unknown>[];
  const publicMembers = new Set(['kty', 'use', 'kid', 'alg', 'n', 'e', 'crv', 'x', 'y']);
  expect(keys.flatMap((key) => Object.keys(key).filter((name) => !publicMembers.has(name)))).toEqual([]);
  expect(keys.map(({ use }) => use)).toEqual(keys.map(() => 'sig'));
  expect(keys.map(({ alg }) => alg).sort()).toEqual(['ES256', 'EdDSA', 'RS256']);
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
});

test.each(['/jwks', OPENID, OAUTH])(
  'M04: it may be cached for an hour at most, and a cache can ask whether it changed: %s',
  async (path) => {
    const first = await world.ask(path);
    const [, age] = /^public, max-age=(\d+)$/.exec(first.headers.get('cache-control') ?? '') ?? [];
    expect(Number(age)).toBeGreaterThan(0);
    expect(Number(age)).toBeLessThanOrEqual(3600);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    const again = await world.ask(path, { headers: { 'If-None-Match': etag } });
    expect(again).toMatchObject({ status: 304, text: '' });
    expect((await world.ask(path, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200);
  },
);

test('M05 H12: S256 and the code flow alone, and iss comes with every authorization response', async () => {
  const { body } = await world.ask(OPENID);
  expect(body).toMatchObject({
    code_challenge_methods_supported: ['S256'],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    authorization_response_iss_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  });
  expect(body.grant_types_supported).not.toContain('implicit');
  expect(body).not.toHaveProperty('registration_endpoint');
  expect(body).not.toHaveProperty('require_pushed_authorization_requests', true);
});
