// /v1/issuers: the acts of the command line, over HTTP: workloads, their rules, and keys.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkloadMapping } from '../../server/clients/trust.ts';
import { nowSeconds } from '../../server/clock.ts';
import { issuerRegistration, type TrustedIssuer } from '../../server/service-accounts/registration.ts';
import { createServiceAccount } from '../service-accounts/accounts.ts';
import { createSigner, present, type Signer } from '../service-accounts/issuers.ts';
import { type Calls, createCalls, createManagementWorld, type ManagementWorld } from './support.ts';

const PATH = '/v1/issuers';
const CI = 'https://ci.example.com';
const OURS = 'https://id.example.com';

let world: ManagementWorld;
let call: Calls['call'];
let signer: Signer;
let count = 0;
beforeAll(async () => {
  world = await createManagementWorld();
  ({ call } = createCalls(world));
  signer = await createSigner();
});
afterAll(() => world.close());

function freshIssuer(): string {
  count += 1;
  return `${CI}/${count}`;
}

function tokenOf(issuer: string, change: Readonly<Record<string, unknown>> = {}): string {
  const now = nowSeconds();
  const claims = {
    iss: issuer,
    sub: 'repo:acme/shop:ref:refs/heads/main',
    aud: OURS,
    iat: now,
    exp: now + 300,
  };
  return signer.sign({ ...claims, repository: 'acme/shop', ref: 'refs/heads/main', ...change });
}

/** Trusts a CI system whose jobs act as that account; answers its id here. */
async function trust(issuer: string, account: { id: string }): Promise<string> {
  const service_accounts = [{ id: account.id, rules: { aud: [OURS], repository: ['acme/shop'] } }];
  const wanted = { issuer, profile: 'workload', jwks: { keys: [signer.jwk] }, service_accounts };
  const { status, body } = await call('POST', PATH, wanted);
  expect([status, body]).toEqual([201, { issuer, client_id: expect.stringMatching(/^iss_/) }]);
  return String(body.client_id);
}

test('workloads of an issuer are trusted by rules, and their jobs get tokens of the service account', async () => {
  const account = await createServiceAccount(world, { signers: [] });
  const issuer = freshIssuer();
  const id = await trust(issuer, account);
  expect((await call('GET', `${PATH}/${id}`)).body).toMatchObject({
    ...{ profile: 'workload', scopes: [], subjects: [] },
    service_accounts: [{ id: account.id, rules: { aud: [OURS], repository: ['acme/shop'] } }],
  });
  const { status, body } = await present(world, tokenOf(issuer));
  expect([status, body.scope]).toEqual([200, 'read:tasks']);
  expect((await world.introspect(world.api, String(body.access_token))).body.client_id).toBe(account.id);
});

test('their rules are judged as at the command line, with nothing done', async () => {
  const { id } = await createServiceAccount(world, { signers: [] });
  const safe = { aud: [OURS], repository: ['acme/shop'] };
  for (const [change, words] of [
    [{ service_accounts: [] }, /service_accounts: is needed with the profile workload/],
    [{ service_accounts: [{ id, rules: { aud: [OURS], ref: ['refs/*'] } }] }, /tells workloads apart/],
    [{ service_accounts: [{ id, rules: { repository: ['acme/shop'] } }] }, /must have a rule for aud/],
    [{ service_accounts: [{ id, rules: { aud: ['*'], repository: ['x'] } }] }, /aud exactly/],
    [{ service_accounts: [{ id, rules: { ...safe, ref: ['refs*'] } }] }, /only at its end/],
    [{ service_accounts: [{ id: 'sa_none', rules: safe }] }, /no service account sa_none/],
    [{ service_accounts: [{ id: world.service.id, rules: safe }] }, /no service account/],
    [{ scopes: ['read:tasks'] }, /leaves no room for account, clients or scopes/],
    [{ account_id: world.ada.id }, /leaves no room for account, clients or scopes/],
    [{ profile: 'strict', scopes: ['read:tasks'] }, /only there/],
    [{ service_accounts: [{ id, rules: safe, issuer: CI }] }, /issuer/],
  ] as const) {
    const wanted = {
      ...{ issuer: `${CI}/refused`, profile: 'workload', jwks: { keys: [signer.jwk] } },
      ...{ service_accounts: [{ id, rules: safe }], ...change },
    };
    const { status, body } = await call('POST', PATH, wanted);
    expect([400, 404]).toContain(status);
    expect(body.error_description).toMatch(words);
  }
  const { body } = await call('GET', `${PATH}?limit=100`);
  expect((body.data as { issuer: string }[]).map((one) => one.issuer)).not.toContain(`${CI}/refused`);
});

test('another list of rules is felt by the next job, and only an issuer of workloads has one', async () => {
  const [one, other] = [
    await createServiceAccount(world, { signers: [] }),
    await createServiceAccount(world, { signers: [] }),
  ];
  const issuer = freshIssuer();
  const id = await trust(issuer, one);
  const rules = { aud: [OURS], sub: ['repo:acme/shop:*'] };
  const changed = await call('PUT', `${PATH}/${id}/service-accounts`, {
    service_accounts: [{ id: other.id, rules, identified_by: ['pipeline'] }],
  });
  expect([changed.status, changed.body.service_accounts]).toEqual([
    200,
    [{ id: other.id, rules, identified_by: ['pipeline'] }],
  ]);
  const { body } = await present(world, tokenOf(issuer));
  expect((await world.introspect(world.api, String(body.access_token))).body.client_id).toBe(other.id);
  const unsafe = { service_accounts: [{ id: one.id, rules: { aud: [OURS], ref: ['refs/*'] } }] };
  expect((await call('PUT', `${PATH}/${id}/service-accounts`, unsafe)).status).toBe(400);
  const strict = await call('POST', PATH, {
    ...{ issuer: freshIssuer(), scopes: ['read:tasks'], jwks: { keys: [signer.jwk] } },
  });
  const refused = await call('PUT', `${PATH}/${strict.body.client_id}/service-accounts`, {
    service_accounts: [{ id: one.id, rules }],
  });
  expect([refused.status, refused.body.error_description]).toEqual([
    400,
    expect.stringMatching(/only there/),
  ]);
  const [event] = await world.app.parts.audit.list({ clientId: id, type: 'issuer.rules_changed', limit: 1 });
  expect(event).toMatchObject({ actor: `client:${world.service.id}` });
});

test('an empty list of rules lets in nobody any more; what was issued before stays', async () => {
  const account = await createServiceAccount(world, { signers: [] });
  const issuer = freshIssuer();
  const id = await trust(issuer, account);
  const before = String((await present(world, tokenOf(issuer))).body.access_token);
  const emptied = await call('PUT', `${PATH}/${id}/service-accounts`, { service_accounts: [] });
  expect([emptied.status, emptied.body.service_accounts]).toEqual([200, []]);
  expect((await present(world, tokenOf(issuer))).body.error).toBe('invalid_grant');
  expect((await world.introspect(world.api, before)).body.active).toBe(true);
});

test('J12: a key that is disabled over HTTP takes what it got with it', async () => {
  const account = await createServiceAccount(world, { signers: [] });
  const issuer = freshIssuer();
  const id = await trust(issuer, account);
  const token = String((await present(world, tokenOf(issuer))).body.access_token);
  const isActive = async () => (await world.introspect(world.api, token)).body.active;
  expect(await isActive()).toBe(true);
  const { status, body } = await call('PATCH', `${PATH}/${id}/keys`, { disable: ['key-1'] });
  expect([status, body.disabled_keys]).toEqual([200, ['key-1']]);
  expect(await isActive()).toBe(false);
  expect((await call('PATCH', `${PATH}/${id}/keys`, { enable: ['key-1'] })).status).toBe(200);
  expect(await isActive()).toBe(false);
});

test('rules from before a law of safety stand in the way of no key that was stolen, and give way to others', async () => {
  const account = await createServiceAccount(world, { signers: [] });
  const issuer = freshIssuer();
  const rules = [{ claim: 'ref', values: ['refs/*'] }];
  const old: WorkloadMapping = {
    serviceAccountId: account.id,
    rules: [{ claim: 'aud', values: [OURS] }, ...rules],
  };
  const trusted = issuerRegistration('CI', [], {
    ...{ issuer, profile: 'workload', jwks: { keys: [signer.jwk] }, disabledKeys: [], subjects: [] },
    ...{ clientIds: [], mappings: [old] },
  });
  const { id } = await world.app.parts.trustedIssuers.trust(trusted as TrustedIssuer['registration']);
  expect((await present(world, tokenOf(issuer))).body.error).toBe('invalid_grant');
  expect((await call('PATCH', `${PATH}/${id}/keys`, { disable: ['key-1'] })).status).toBe(200);
  expect((await call('PATCH', `${PATH}/${id}/keys`, { enable: ['key-1'] })).status).toBe(200);
  const mended = {
    service_accounts: [{ id: account.id, rules: { aud: [OURS], repository: ['acme/shop'] } }],
  };
  expect((await call('PUT', `${PATH}/${id}/service-accounts`, mended)).status).toBe(200);
  expect((await present(world, tokenOf(issuer))).status).toBe(200);
});

test('G04: the right over issuers makes nobody act in the name of an administrator', async () => {
  const keys = { jwks: { keys: [signer.jwk] } };
  const wanted = { issuer: freshIssuer(), scopes: ['read:tasks'], ...keys };
  for (const account of [world.grace.id, 'grace@example.com']) {
    const { status, body } = await call('POST', PATH, { ...wanted, account_id: account });
    expect([status, body.error]).toEqual([403, 'access_denied']);
  }
  const trusted = issuerRegistration('CI', ['read:tasks'], {
    ...{ issuer: freshIssuer(), profile: 'strict', disabledKeys: [], subjects: [], clientIds: [] },
    ...{ ...keys, accountId: world.grace.id },
  });
  const { id } = await world.app.parts.trustedIssuers.trust(trusted as TrustedIssuer['registration']);
  expect((await call('PATCH', `${PATH}/${id}/keys`, keys)).status).toBe(403);
  expect((await call('PATCH', `${PATH}/${id}/keys`, { disable: ['key-1'] })).status).toBe(200);
  expect((await call('PATCH', `${PATH}/${id}/keys`, { enable: ['key-1'] })).status).toBe(403);
  expect((await call('PUT', `${PATH}/${id}/block`)).status).toBe(200);
  expect((await call('DELETE', `${PATH}/${id}/block`)).status).toBe(403);
  const ordinary = await call('POST', PATH, { ...wanted, account_id: world.ada.id });
  expect(ordinary.status).toBe(201);
  expect((await call('PATCH', `${PATH}/${ordinary.body.client_id}/keys`, keys)).status).toBe(200);
});
