// Trusted issuers of the configuration file: they follow it at every start, and what they were given dies with them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../server/app.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { listFaultsOf, loadSettings } from '../config/load-text.ts';
import { createSigner, type Signer } from './issuers.ts';

const OPERATOR = asOperator('operator');

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

describe('service accounts of the configuration file', () => {
  const reports = (more: object = {}) => ({
    ...{ id: 'sa_reports', name: 'Reports', scopes: ['read:tasks'], jwks: { keys: [signer.jwk] } },
    ...more,
  });

  async function startWithAccounts(
    service_accounts: object[],
    act?: (app: Awaited<ReturnType<typeof createApp>>) => unknown,
  ) {
    const app = await createApp(
      loadSettings({
        database: { url: `sqlite:${join(directory, 'accounts.sqlite')}` },
        secrets_file: join(directory, 'secrets-of-accounts'),
        log: { level: 'silent' },
        plans: { standard: {}, small: { scopes: [] } },
        service_accounts,
      }),
    );
    try {
      await act?.(app);
      return await app.parts.serviceAccounts.find('sa_reports');
    } finally {
      await app.close();
    }
  }

  test('one is there while the file declares it, and not when it says so', async () => {
    expect(await startWithAccounts([reports()])).toMatchObject({
      ...{ isActive: true, teamId: undefined, scopesNow: ['read:tasks'], plan: undefined },
      keys: [{ kid: 'key-1' }],
    });
    expect(await startWithAccounts([reports({ plan: 'small' })])).toMatchObject({
      plan: 'small',
      scopesNow: [],
    });
    expect(await startWithAccounts([reports({ allowed: false })])).toMatchObject({ isActive: false });
    expect(await startWithAccounts([])).toMatchObject({ isActive: false });
    expect(await startWithAccounts([reports()])).toMatchObject({ isActive: true });
  });

  test('the command line changes nothing that the file declares, but may disable it', async () => {
    const found = await startWithAccounts([reports()], async ({ parts: { serviceAccounts } }) => {
      const account = await serviceAccounts.get('sa_reports');
      for (const act of [
        serviceAccounts.removeKey(account, 'key-1', OPERATOR),
        serviceAccounts.remove(account, OPERATOR),
      ])
        await expect(act).rejects.toMatchObject({ code: 'invalid_request' });
      await serviceAccounts.disable(account, OPERATOR);
    });
    expect(found).toMatchObject({ isActive: false, keys: [{ kid: 'key-1' }] });
  });

  test('faults are named by their place', () => {
    const faultsOf = (settings: object) => listFaultsOf(() => loadSettings(settings));
    expect(faultsOf({ service_accounts: [reports({ id: 'reports' })] })).toEqual([
      'service_accounts[0].id: must be sa_ and 3 to 60 letters, digits, _ and -',
    ]);
    expect(faultsOf({ service_accounts: [reports(), reports()] })).toEqual([
      'service_accounts[1].id: is used twice; an id is for one client or one API',
    ]);
    expect(faultsOf({ trusted_issuers: [declaration({ issuer: 'sa_reports' })] })).toEqual([
      'trusted_issuers[0].issuer: must not begin with sa_: so service accounts are called',
    ]);
    const workload = (more: object) =>
      faultsOf({ trusted_issuers: [declaration({ profile: 'workload', scopes: [], ...more })] });
    expect(workload({})).toEqual([
      'trusted_issuers[0].service_accounts: is needed with the profile workload, and only there',
    ]);
    const mapped = { service_accounts: [{ id: 'sa_reports', rules: { aud: ['us'], sub: ['a'] } }] };
    expect(workload({ ...mapped, clients: ['shop'] })).toEqual([
      'trusted_issuers[0].profile: workload leaves no room for account, clients or scopes: its tokens act as a service account',
    ]);
    expect(workload({ service_accounts: [{ id: 'sa_reports', rules: { aud: ['us'] } }] })).toEqual([
      'trusted_issuers[0].service_accounts[0].rules: must have a rule that tells workloads apart, such as repository=acme/shop or sub=repo:acme/shop:*: others are met by strangers of the same issuer',
    ]);
  });
});
