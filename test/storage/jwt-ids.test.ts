// How a JWT access token names its row: by its looks alone, at little cost for whatever text comes.
import { expect, test } from 'vitest';
import { sha256 } from '../../server/secrets.ts';
import { parseId } from '../../server/storage/ids.ts';
import { createJwtId, parseAccessToken } from '../../server/storage/token-format.ts';

const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'a-kid' };

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function makeJwt(payload: unknown, header: unknown = HEADER, signature = 'c2lnbmF0dXJl'): string {
  return `${encode(header)}.${encode(payload)}.${signature}`;
}

test('its jti tells its row and its time, and never repeats', () => {
  const ids = Array.from({ length: 1000 }, createJwtId);
  expect(new Set(ids).size).toBe(1000);
  const places = ids.map((id) => parseId(/^at_([0-9a-z]{11})[A-Za-z0-9_-]{12}$/.exec(id)?.[1] ?? '') ?? 0);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('the key is the place in jti, the hash of the whole text, and the jti itself as the public name', () => {
  const jti = createJwtId();
  const text = makeJwt({ iss: 'https://id.example', jti, sub: 'ada' });
  const key = parseAccessToken(text);
  expect(key).toEqual({ id: parseId(jti.slice(3, 14)), secretHash: sha256(text), jti });
});

test('one other letter anywhere in it is another hash: header, payload and signature', () => {
  const text = makeJwt({ jti: createJwtId(), sub: 'ada' });
  const hash = parseAccessToken(text)?.secretHash;
  const [header = '', payload = '', signature = ''] = text.split('.');
  const others = [
    `${header.slice(0, -1)}x.${payload}.${signature}`,
    `${header}.${payload.slice(0, -1)}x.${signature}`,
    `${header}.${payload}.${signature.slice(0, -1)}x`,
  ];
  for (const other of others) {
    expect(parseAccessToken(other)).toBeDefined();
    expect(parseAccessToken(other)?.secretHash).not.toEqual(hash);
  }
});

test('a jti inside of another claim is not its jti', () => {
  const other = createJwtId();
  expect(parseAccessToken(makeJwt({ name: `"jti":"${other}"` }))).toBeUndefined();
});

const jti = createJwtId();
const good = makeJwt({ jti });
const [goodHeader, goodPayload] = good.split('.');
test.each([
  ['no jti', makeJwt({ sub: 'ada' })],
  ['the jti of another issuer', makeJwt({ jti: 'b1c2d3' })],
  ['a jti that is a number', makeJwt({ jti: 1 })],
  ['a place that is no safe integer', makeJwt({ jti: `at_zzzzzzzzzzz${jti.slice(14)}` })],
  ['a jti one letter longer', makeJwt({ jti: `${jti}A` })],
  ['a jti one letter shorter', makeJwt({ jti: jti.slice(0, -1) })],
  ['the jti alone', jti],
  ['the jti as an opaque token', `lka_${jti.slice(3)}`],
  ['two parts', `${goodHeader}.${goodPayload}`],
  ['no signature', `${goodHeader}.${goodPayload}.`],
  ['four parts', `${good}.AAAA`],
  ['five parts, as JWE has', `${good}.AAAA.AAAA`],
  ['padding', `${good}=`],
  ['a space before', ` ${good}`],
  ['a line break after', `${good}\n`],
  ['a header that is no object', makeJwt({ jti }, '[1]')],
  ['a payload that is not base64url', `${goodHeader}.${'*'.repeat(60)}.AAAA`],
  ['a payload that is no JSON', makeJwt('{{{{{{')],
  ['a payload nested ten thousand deep', makeJwt('['.repeat(10_000))],
  ['a megabyte of payload', makeJwt({ fill: 'x'.repeat(1_000_000) })],
  ['a million dots', '.'.repeat(1_000_000)],
  ['a million headers', `eyJ${'A'.repeat(1_000_000)}`],
])('%s names no row', (_what, text) => {
  expect(parseAccessToken(text)).toBeUndefined();
});
