// Rules for workloads that were registered before a law of safety was added: operators are told which, and mend them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { nowSeconds } from '../../server/clock.ts';
import { createParts } from '../../server/parts.ts';
import { issuerRegistration, type TrustedIssuer } from '../../server/service-accounts/registration.ts';
import { createMachinePlace, ISSUER } from './machine-place.ts';

const CI = 'https://ci.example.com';
const place = await createMachinePlace();
const { quick, signer } = place;
let deployer: string;
afterAll(place.remove);

type Finding = { check: string; level: string; words: string };

/** As an older version took it. */
async function plant(rules: Record<string, string[]>): Promise<void> {
  const config = loadConfig({ env: place.variables });
  const parts = await createParts({ ...config, log: { level: 'silent' } }, { actor: 'operator' });
  const mapping = {
    serviceAccountId: deployer,
    rules: Object.entries(rules).map(([claim, values]) => ({ claim, values })),
  };
  const trust = { issuer: CI, profile: 'workload', jwks: { keys: [signer.jwk] }, disabledKeys: [] } as const;
  const registration = issuerRegistration('CI', [], {
    ...{ ...trust, subjects: [], clientIds: [], mappings: [mapping] },
  });
  await parts.trustedIssuers.trust(registration as TrustedIssuer['registration']);
  await parts.close();
}

beforeAll(async () => {
  const create = ['service-accounts', 'create', '--operator', '--name', 'Deployer'];
  const words = ['--scope', 'read:orders', '--jwks-file', place.keyFile];
  deployer = (await quick.json<{ id: string }>([...create, ...words])).id;
});

async function findFinding(): Promise<Finding | undefined> {
  const { out } = await quick.run(['doctor', '--json']);
  return (JSON.parse(out) as Finding[]).find(({ check }) => check === 'workload_rules');
}

test('the doctor and the trial of a token name them and their fault, and other rules take their place', async () => {
  await plant({ aud: [ISSUER], ref: ['refs/heads/main'] });
  const now = nowSeconds();
  const claims = { iss: CI, sub: 'repo:acme/shop:x', aud: ISSUER, iat: now, exp: now + 60 };
  const token = signer.sign({ ...claims, ref: 'refs/heads/main', repository: 'acme/shop' });
  const tried = await quick.run(['issuers', 'test', '-', '--json'], token);
  expect(JSON.parse(tried.out)).toMatchObject({
    ...{ accepted: false, reason: 'rules_not_safe' },
    rules: [
      { service_account: deployer, unmet: null, fault: expect.stringContaining('tells workloads apart') },
    ],
  });
  const finding = await findFinding();
  expect(finding?.level).toBe('warning');
  expect(finding?.words).toContain(`let nobody in any more: ${CI} (${deployer}).`);

  const rules = ['--rule', `aud=${ISSUER}`, '--rule', 'repository=acme/shop'];
  await quick.json(['issuers', 'keys', CI, '--disable', 'other']);
  await quick.json(['issuers', 'map', CI, '--service-account', deployer, ...rules]);
  const mended = await quick.run(['issuers', 'test', '-', '--json'], token);
  expect(JSON.parse(mended.out)).toMatchObject({ accepted: true, client_id: deployer });
  expect(await findFinding()).toMatchObject({ level: 'warning' });
  await quick.json(['issuers', 'unmap', CI, '--service-account', deployer]);
  await quick.json(['issuers', 'map', CI, '--service-account', deployer, ...rules]);
  expect(await findFinding()).toBeUndefined();
});
