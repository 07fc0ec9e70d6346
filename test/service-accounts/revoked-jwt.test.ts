// A JWT that was revoked is dead in every spelling of its signature, and a wrong signature is never a good one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../support/world.ts';
import { createServiceAccount } from './accounts.ts';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same bytes written otherwise: the last character of an ES256 signature has four bits to spare. */
function respell(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return `${text.slice(0, -1)}${digits[digits.indexOf(text.at(-1) ?? '') + 1]}`;
}

/** Another good ES256 signature, made by nobody who has the key. */
function mirror(text: string): string {
  const at = text.lastIndexOf('.') + 1;
  const bytes = Buffer.from(text.slice(at), 'base64url');
  const s = P256_ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  return `${text.slice(0, at)}${Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')}`;
}

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function isActive(text: string): Promise<unknown> {
  return (await world.introspect(world.api, text)).body.active;
}

test('a JWT that was revoked stays dead with another spelling of its signature, and with its other signature', async () => {
  const account = await createServiceAccount(world);
  const text = account.sign();
  await world.post('/revoke', { token: text });
  for (const other of [respell(text), mirror(text)]) expect(await isActive(other)).toBe(false);
  // ES256 takes (r, n - s) too, so nothing but the revocation stands in its way.
  const fresh = account.sign({ jti: 'fresh' });
  expect([await isActive(mirror(fresh)), await isActive(respell(fresh))]).toEqual([true, false]);
  await world.post('/revoke', { token: mirror(fresh) });
  expect(await isActive(fresh)).toBe(false);
});

test('a wrong signature is wrong also over what was found good before', async () => {
  const account = await createServiceAccount(world);
  const text = account.sign();
  expect(await isActive(text)).toBe(true);
  expect(await isActive(`${text.slice(0, -8)}AAAAAAAA`)).toBe(false);
});
