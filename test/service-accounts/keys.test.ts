// Which key may sign an assertion, and by which algorithm (RFC 8725 sections 3.1 and 3.10), over HTTP.
import { createHmac, createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { findFreePort } from '../clients/listening-world.ts';
import { createWorld, type World } from '../support/world.ts';
import {
  createSigner,
  expectRefusal,
  expectToken,
  MANY_REFUSALS,
  type TrustedSigner,
  trustIssuer,
} from './issuers.ts';

let world: World;
let ownPort: number;
let ci: TrustedSigner;
let robot: TrustedSigner;
beforeAll(async () => {
  ownPort = await findFreePort();
  const outbound = { allowed_hosts: [`127.0.0.1:${ownPort}`] };
  world = await createWorld({ settings: { ...MANY_REFUSALS, outbound } });
  ci = await trustIssuer(world);
  robot = await trustIssuer(world, { profile: 'service-account', issuer: 'robot@shop.example.com' });
});
afterAll(() => world.close());
afterEach(() => vi.useRealTimers());

function setClock(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(seconds * 1000);
}

describe('J04: the algorithm is that of the key', () => {
  test('none, HS256 keyed with the public key, and the algorithm of another kind of key', async () => {
    const rsa = await trustIssuer(world, { signer: await createSigner({ alg: 'RS256' }) });
    const [, payload] = rsa.assert().split('.');
    const forge = (header: object, sign: (input: string) => string) => {
      const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
      return `${input}.${sign(input)}`;
    };
    const publicKey = createPublicKey({ key: rsa.signer.jwk, format: 'jwk' } as never);
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const hmac = (input: string) => createHmac('sha256', pem).update(input).digest('base64url');
    for (const alg of ['HS256', 'none', 'None', 'ES256', 'RS512', '', 7, undefined])
      await expectRefusal(world, forge({ alg, kid: 'key-1' }, hmac), 'no_key');
    // No signature at all is not even the shape.
    await expectRefusal(
      world,
      forge({ alg: 'none' }, () => ''),
      'malformed',
    );
    await expectToken(world, rsa.assert());
    await expectRefusal(world, ci.assert({}, { alg: 'RS256' }), 'no_key');
  });

  test('a key that names its algorithm is good for that one only; one that names none for those of its kind', async () => {
    const signer = await createSigner({ alg: 'RS256' });
    const { alg: _alg, ...unnamed } = signer.jwk;
    const other = await trustIssuer(world, { signer, jwks: { keys: [{ ...signer.jwk, alg: 'PS256' }] } });
    await expectRefusal(world, other.assert(), 'no_key');
    const any = await trustIssuer(world, { signer, jwks: { keys: [unnamed] } });
    await expectToken(world, any.assert());
    const encryption = await trustIssuer(world, { signer, jwks: { keys: [{ ...signer.jwk, use: 'enc' }] } });
    await expectRefusal(world, encryption.assert(), 'no_key');
  });

  test('EdDSA is as good as the others', async () => {
    const signer = await createSigner({ alg: 'EdDSA' });
    await expectToken(world, (await trustIssuer(world, { signer })).assert());
  });

  test('b64 and crit mean that something must be understood, and nothing is', async () => {
    for (const header of [
      { b64: false, crit: ['b64'] },
      { b64: false },
      { b64: true },
      { crit: ['exp'] },
      { crit: [] },
    ])
      await expectRefusal(world, ci.assert({}, header), 'critical_header');
  });
});

test('J05: a key in the header is no key, and nobody is asked for it', async () => {
  const thief = await createSigner();
  const { kid: _kid, ...jwk } = thief.jwk;
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify({ keys: [thief.jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(ownPort, '127.0.0.1', resolve));
  const elsewhere = `http://127.0.0.1:${ownPort}/jwks.json`;
  // It could be asked: whoever is trusted by that address is believed.
  const published = await trustIssuer(world, { signer: thief, jwksUri: elsewhere });
  await expectToken(world, published.assert());
  expect(asked).toBe(1);
  for (const header of [{ jwk }, { jku: elsewhere }, { x5u: elsewhere }, { x5c: ['MIIB'] }]) {
    await expectRefusal(world, thief.sign(ci.claim(), header), 'wrong_signature');
    await expectRefusal(world, thief.sign(ci.claim(), { ...header, kid: undefined }), 'wrong_signature');
    await expectRefusal(world, thief.sign(robot.claim(), { ...header, kid: undefined }), 'wrong_signature');
    await expectToken(world, ci.assert({}, header));
  }
  expect(asked).toBe(1);
  await new Promise((resolve) => server.close(resolve));
});

test('keys that cannot be fetched are no keys', async () => {
  const away = await trustIssuer(world, { jwksUri: 'https://127.0.0.1/jwks.json' });
  await expectRefusal(world, away.assert(), 'keys_unavailable');
});

test('J12: a key that was taken away, disabled or has ended signs nothing from that moment on', async () => {
  const now = nowSeconds();
  setClock(now);
  const [first, second] = [await createSigner({ kid: 'first' }), await createSigner({ kid: 'second' })];
  const keys = [{ ...first.jwk, exp: now + 100 }, second.jwk];
  const shop = await trustIssuer(world, { signer: first, jwks: { keys } });
  const { trustedIssuers } = world.app.parts;
  const change = async (jwks: typeof keys, disabledKeys: string[] = []) =>
    trustedIssuers.changeKeys(await trustedIssuers.get(shop.issuer), { jwks: { keys: jwks }, disabledKeys });

  await expectToken(world, first.sign(shop.claim(), { kid: 'first' }));
  await change(keys, ['first']);
  await expectRefusal(world, first.sign(shop.claim(), { kid: 'first' }), 'key_not_in_force');
  await expectToken(world, second.sign(shop.claim(), { kid: 'second' }));
  await change([second.jwk]);
  await expectRefusal(world, first.sign(shop.claim(), { kid: 'first' }), 'no_key');
  await change(keys);
  await expectToken(world, first.sign(shop.claim(), { kid: 'first' }));
  setClock(now + 100);
  await expectRefusal(world, first.sign(shop.claim(), { kid: 'first' }), 'key_not_in_force');
  await expectToken(world, second.sign(shop.claim(), { kid: 'second' }));
});
