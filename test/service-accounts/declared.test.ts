// Trusted issuers of the configuration file: they follow it at every start, and what they were given dies with them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../server/app.ts';
import { listFaultsOf, loadSettings } from '../config/load-text.ts';
import { createSigner, type Signer } from './issuers.ts';

const CI = 'https://ci.example.com';
const directory = mkdtempSync(join(tmpdir(), 'latchkey-'));
let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const declaration = (more: object = {}) => ({
  ...{ issuer: CI, jwks: { keys: [signer.jwk] }, scopes: ['read:tasks'] },
  ...more,
});

/** What is known of the issuer after a start with these. */
async function startWith(
  trusted_issuers: object[],
  act?: (app: Awaited<ReturnType<typeof createApp>>) => unknown,
) {
  const app = await createApp(
    loadSettings({
      database: { url: `sqlite:${join(directory, 'latchkey.sqlite')}` },
      secrets_file: join(directory, 'secrets'),
      log: { level: 'silent' },
      trusted_issuers,
    }),
  );
  try {
    await act?.(app);
    return await app.parts.trustedIssuers.findAuthority(CI);
  } finally {
    await app.close();
  }
}

test('an issuer is trusted while the file declares it, and not when it says so', async () => {
  expect(await startWith([declaration({ subjects: ['repo:shop'] })])).toMatchObject({
    ...{ isActive: true, issuer: CI, profile: 'strict', subjects: ['repo:shop'], scopes: ['read:tasks'] },
  });
  expect(await startWith([declaration({ allowed: false })])).toMatchObject({ isActive: false });
  expect(await startWith([declaration({ profile: 'service-account' })])).toMatchObject({
    ...{ isActive: true, profile: 'service-account', subjects: [] },
  });
  expect(await startWith([])).toMatchObject({ isActive: false });
});

test('the command line changes nothing that the file declares, but may disable it', async () => {
  const authority = await startWith([declaration()], async ({ parts: { trustedIssuers } }) => {
    const issuer = await trustedIssuers.get(CI);
    expect(() => trustedIssuers.remove(issuer)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    await expect(trustedIssuers.changeKeys(issuer, { disabledKeys: [] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await trustedIssuers.disable(issuer);
  });
  expect(authority?.isActive).toBe(false);
  // An operator's word stands, also after a restart.
  expect(await startWith([declaration()])).toMatchObject({ isActive: false });
});

test('faults are named by their place', () => {
  const faultsOf = (settings: object) => listFaultsOf(() => loadSettings(settings));
  const faults = (more: object) => faultsOf({ trusted_issuers: [declaration(more)] });
  expect(faults({ jwks_uri: 'https://ci.example.com/jwks' })).toEqual([
    'trusted_issuers[0].jwks: is needed, or jwks_uri, and never both',
  ]);
  expect(faults({ jwks: undefined, jwks_uri: 'http://10.0.0.1/jwks' })).toEqual([
    'trusted_issuers[0].jwks_uri: must be https, or http on a host that stands in outbound.allowed_hosts',
  ]);
  expect(faults({ account: 'ada@example.com' })).toEqual([
    'trusted_issuers[0].account: must be the id of an account: an e-mail may pass to somebody else',
  ]);
  expect(faults({ scopes: [] })).toEqual(['trusted_issuers[0].scopes: must have at least 1 entry']);
  expect(faultsOf({ issuer: CI, trusted_issuers: [declaration()] })).toEqual([
    'trusted_issuers: must not have this server itself: its tokens are no assertions',
  ]);
  expect(faultsOf({ trusted_issuers: [declaration(), declaration()] })).toEqual([
    'trusted_issuers[1].issuer: is used twice',
  ]);
});
