// Keys that others publish are cached, asked for again when one is unknown, and never in a storm (row K07).
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createFetcher } from '../../server/outbound/fetcher.ts';
import { createRemoteKeys, type RemoteKeys } from '../../server/outbound/remote-keys.ts';
import { answers, type Receiver, startReceiver } from './receiver.ts';

let receiver: Receiver;
let remoteKeys: RemoteKeys;
let ec: JWK;
beforeAll(async () => {
  receiver = await startReceiver();
  ec = await exportJWK((await generateKeyPair('ES256')).publicKey);
});
afterAll(() => receiver.close());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  receiver.asked.length = 0;
  remoteKeys = createRemoteKeys({ fetcher: createFetcher({ allowedHosts: [receiver.host] }) });
});
afterEach(() => vi.useRealTimers());

function publish(kids: readonly string[], headers: Record<string, string> = {}): void {
  receiver.behave(answers.json({ keys: kids.map((kid) => ({ ...ec, kid })) }, headers));
}

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

async function kidsOf(kid?: string): Promise<string> {
  return remoteKeys.list(receiver.url('/jwks'), kid).then(
    (keys) => keys.map((key) => key.kid).join(' '),
    (error: { fault?: string }) => error.fault ?? String(error),
  );
}

test('K07: keys are asked for once and remembered', async () => {
  publish(['one']);
  for (let call = 0; call < 5; call += 1) expect(await kidsOf('one')).toBe('one');
  expect(receiver.asked).toHaveLength(1);
  expect(receiver.asked[0]?.path).toBe('/jwks');
});

test('K07: fifty who ask at once are one request', async () => {
  publish(['one']);
  const all = await Promise.all(Array.from({ length: 50 }, () => kidsOf('one')));
  expect(new Set(all)).toEqual(new Set(['one']));
  expect(receiver.asked).toHaveLength(1);
});

test('K07: a new key is accepted as soon as ten seconds have passed since the last request', async () => {
  publish(['one'], { 'cache-control': 'max-age=3600' });
  await kidsOf('one');
  publish(['one', 'two']);
  pass(10);
  expect(await kidsOf('two')).toBe('one two');
  expect(receiver.asked).toHaveLength(2);
});

test('K07: a thousand made-up key ids cause one request in ten seconds', async () => {
  publish(['one']);
  await kidsOf('one');
  for (let call = 0; call < 500; call += 1) expect(await kidsOf(`made-up ${call}`)).toBe('one');
  expect(receiver.asked).toHaveLength(1);
  pass(10);
  await Promise.all(Array.from({ length: 500 }, (_, call) => kidsOf(`other ${call}`)));
  expect(receiver.asked).toHaveLength(2);
});

test.each([
  ['no header', undefined, 599, 600],
  ['max-age=0', 'max-age=0', 59, 60],
  ['no-store', 'no-store', 59, 60],
  ['max-age=300', 'public, max-age=300', 299, 300],
  ['a year', 'max-age=31536000', 3599, 3600],
])('K07: with %s keys are fresh between a minute and an hour', async (_, header, fresh, over) => {
  publish(['one'], header === undefined ? {} : { 'cache-control': header });
  await kidsOf();
  pass(fresh);
  await kidsOf();
  expect(receiver.asked).toHaveLength(1);
  pass(over - fresh);
  await kidsOf();
  expect(receiver.asked).toHaveLength(2);
});

test('a withdrawn key is gone with the next refresh', async () => {
  publish(['one', 'two']);
  await kidsOf();
  publish(['two']);
  pass(600);
  expect(await kidsOf('one')).toBe('two');
});

test('F27: while a source fails its keys are good for another hour, and no longer', async () => {
  publish(['one']);
  await kidsOf();
  receiver.behave(answers.status(500));
  pass(600);
  expect(await kidsOf('one')).toBe('one');
  pass(3599);
  expect(await kidsOf('one')).toBe('one');
  pass(11);
  expect(await kidsOf('one')).toBe('not_a_key_set');
});

test('F27: a source that fails is asked once in ten seconds', async () => {
  receiver.behave(answers.status(404));
  for (let call = 0; call < 10; call += 1) expect(await kidsOf()).not.toBe('');
  expect(receiver.asked).toHaveLength(1);
  pass(10);
  publish(['one']);
  expect(await kidsOf()).toBe('one');
});

test.each([
  ['no JSON', 'hello'],
  ['null', null],
  ['a list', []],
  ['no keys', {}],
  ['keys that are no list', { keys: {} }],
])('%s is no key set', async (_, value) => {
  receiver.behave(
    value === 'hello' ? (_request, response) => void response.end('hello') : answers.json(value),
  );
  expect(await kidsOf()).toBe('not_a_key_set');
});

test('only whole public keys for signatures are kept, and of them only what a key is made of', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const rsa = await exportJWK((await generateKeyPair('RS256')).publicKey);
  const ed = await exportJWK((await generateKeyPair('EdDSA')).publicKey);
  const good = [
    { ...ec, kid: 'ec', use: 'sig', key_ops: ['verify'], x5c: 'ignored' },
    { ...rsa, kid: 'rsa', alg: 'RS256' },
    { ...ed, kid: 'ed' },
    await exportJWK(publicKey),
  ];
  const bad = [
    { ...(await exportJWK(privateKey)), kid: 'private' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'symmetric' },
    { ...ec, use: 'enc', kid: 'encryption' },
    { ...ec, key_ops: ['encrypt'], kid: 'operations' },
    { ...ec, kid: 7 },
    { ...ec, x: undefined, kid: 'half' },
    { ...ec, crv: 'secp256k1', kid: 'curve' },
    { ...rsa, n: 'AQAB', kid: 'short' },
    { ...ed, crv: 'X25519', kid: 'agreement' },
    null,
    'key',
    [],
  ];
  receiver.behave(answers.json({ keys: [...bad, ...good] }));
  const keys = await remoteKeys.list(receiver.url('/jwks'));
  expect(keys.map(({ kid }) => kid)).toEqual(['ec', 'rsa', 'ed', undefined]);
  expect(keys[0]).toEqual({ ...ec, kid: 'ec', use: 'sig' });
});

test('of a thousand and one addresses, the one not asked for longest is forgotten', async () => {
  const body = Buffer.from(JSON.stringify({ keys: [] }));
  const fetch = vi.fn(async () => ({ status: 200, headers: {}, body }));
  remoteKeys = createRemoteKeys({ fetcher: { fetch } });
  for (let index = 0; index <= 1000; index += 1) await remoteKeys.list(`https://${index}.example.com/jwks`);
  await remoteKeys.list('https://1000.example.com/jwks');
  expect(fetch).toHaveBeenCalledTimes(1001);
  await remoteKeys.list('https://0.example.com/jwks');
  expect(fetch).toHaveBeenCalledTimes(1002);
});
