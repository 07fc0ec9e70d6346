// Workload identity: ID tokens of an outside issuer (a CI system, a cluster) become tokens of a service account, by rules on claims and without a secret anywhere.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trust, WorkloadMapping } from '../../server/clients/trust.ts';
import { nowSeconds } from '../../server/clock.ts';
import { createWorld, type World } from '../support/world.ts';
import { createServiceAccount, type TestAccount } from './accounts.ts';
import { expectRefusal, MANY_REFUSALS, present, reasonOf, trustIssuer } from './issuers.ts';

const OURS = 'https://id.example.com';
let world: World;
let deployer: TestAccount;
let reader: TestAccount;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_REFUSALS });
  deployer = await createServiceAccount(world, { scopes: ['read:tasks', 'write:tasks'], signers: [] });
  reader = await createServiceAccount(world, { signers: [] });
});
afterAll(() => world.close());

function map(account: TestAccount, rules: Record<string, string[]>): WorkloadMapping {
  return {
    serviceAccountId: account.id,
    rules: Object.entries(rules).map(([claim, values]) => ({ claim, values })),
  };
}

/** A CI system of strangers too, whose workloads say where they come from. */
async function trustCi(mappings: readonly WorkloadMapping[]) {
  const ci = await trustIssuer(world, { profile: 'workload', mappings, scopes: [] } as Partial<Trust>);
  const claims = {
    ...{ aud: OURS, sub: 'repo:acme/shop:ref:refs/heads/main', repository: 'acme/shop' },
    ...{ ref: 'refs/heads/main', exp: nowSeconds() + 300 },
  };
  return { ...ci, token: (change: Record<string, unknown> = {}) => ci.assert({ ...claims, ...change }) };
}

const shop = { aud: [OURS], repository: ['acme/shop', 'acme/mail'], ref: ['refs/heads/main', 'refs/tags/*'] };

test('a token that meets every rule becomes one of the service account, for all that it may have', async () => {
  const ci = await trustCi([map(deployer, shop)]);
  const { status, body } = await present(world, ci.token());
  expect([status, body.scope]).toEqual([200, 'read:tasks write:tasks']);
  expect(body).not.toHaveProperty('refresh_token');
  expect((await world.introspect(world.api, String(body.access_token))).body).toMatchObject({
    ...{ active: true, sub: deployer.id, client_id: deployer.id, scope: 'read:tasks write:tasks' },
  });
  const events = await world.app.parts.audit.list({ type: 'assertion.accepted', limit: 1 });
  expect(events[0]).toMatchObject({ actor: `client:${ci.id}`, clientId: deployer.id });
});

test('values are equal, one of a list, or begin as the rule says', async () => {
  const ci = await trustCi([map(deployer, shop)]);
  for (const change of [{ repository: 'acme/mail' }, { ref: 'refs/tags/v1' }, { aud: [OURS] }])
    expect((await present(world, ci.token(change))).status).toBe(200);
  for (const change of [
    { repository: 'acme/shop2' },
    { repository: 'evil/shop' },
    { repository: 'ACME/SHOP' },
    { repository: undefined },
    { repository: ['acme/shop'] },
    { repository: { '0': 'acme/shop' } },
    { ref: 'refs/heads/main2' },
    { ref: 'refs/tags/' },
    { ref: 'refs/heads' },
    { ref: null },
    { ref: 7 },
  ])
    await expectRefusal(world, ci.token(change), 'no_rule_matches');
});

test('J02: the audience is the one that a rule names, alone', async () => {
  const ci = await trustCi([map(deployer, shop)]);
  for (const aud of [
    undefined,
    'https://github.example/acme',
    [OURS, 'https://other.example'],
    `${OURS}/`,
    [],
  ])
    await expectRefusal(world, ci.token({ aud }), 'wrong_audience');
});

test('J03 J06 J10: an hour at most, a jti once, and a sub that is text', async () => {
  const ci = await trustCi([map(deployer, shop)]);
  const now = nowSeconds();
  await expectRefusal(world, ci.token({ iat: now, exp: now + 3601 }), 'lives_too_long');
  await expectRefusal(world, ci.token({ exp: undefined }), 'no_times');
  await expectRefusal(world, ci.token({ sub: undefined }), 'no_subject');
  const once = ci.token({ jti: 'job-1' });
  expect((await present(world, once)).status).toBe(200);
  await expectRefusal(world, once, 'replayed');
});

test('J14: an access token of that issuer is no identity', async () => {
  const ci = await trustCi([map(deployer, shop)]);
  const { signer, claim } = ci;
  const claims = claim({ aud: OURS, sub: 'x', repository: 'acme/shop', ref: 'refs/heads/main' });
  await expectRefusal(world, signer.sign(claims, { typ: 'at+jwt' }), 'wrong_type');
  expect((await present(world, signer.sign(claims, { typ: 'JWT' }))).status).toBe(200);
});

test('several service accounts, told apart by the rules; where two are meant it is none', async () => {
  const ci = await trustCi([
    map(deployer, { aud: [OURS], sub: ['repo:acme/shop:environment:production'] }),
    map(reader, { aud: [OURS], sub: ['repo:acme/shop:pull_request'] }),
    map(reader, { aud: [OURS], sub: ['repo:acme/shop:*', 'repo:acme/both:*'], event_name: ['schedule'] }),
    map(deployer, { aud: [OURS], sub: ['repo:acme/both:*'] }),
  ]);
  const clientOf = async (change: Record<string, unknown>) => {
    const { body } = await present(world, ci.token(change));
    return (await world.introspect(world.api, String(body.access_token))).body.client_id;
  };
  expect(await clientOf({ sub: 'repo:acme/shop:environment:production' })).toBe(deployer.id);
  expect(await clientOf({ sub: 'repo:acme/shop:pull_request' })).toBe(reader.id);
  // Two mappings to the same one are no contradiction.
  expect(await clientOf({ sub: 'repo:acme/shop:pull_request', event_name: 'schedule' })).toBe(reader.id);
  const both = ci.token({ sub: 'repo:acme/both:x', event_name: 'schedule' });
  await expectRefusal(world, both, 'rules_disagree');
});

test('rules from before a law of safety count for nothing: strangers meet them, and the audit log says why', async () => {
  const stranger = { sub: 'repo:evil/shop:ref:refs/heads/main', repository: 'evil/shop' };
  for (const rules of [
    { aud: [OURS], ref: ['refs/heads/*'] },
    { aud: [OURS], sub: ['repo:*'] },
    { aud: [OURS], job_workflow_ref: ['acme/flows/deploy.yml@refs/heads/main'], ref: ['refs/heads/main'] },
    { aud: [`${OURS}*`], repository: ['acme/shop', 'evil/shop'] },
  ]) {
    const old = await trustCi([map(deployer, rules)]);
    const claims = { ...stranger, job_workflow_ref: 'acme/flows/deploy.yml@refs/heads/main' };
    const isOpenAud = rules.aud[0] !== OURS;
    await expectRefusal(world, old.token(claims), isOpenAud ? 'wrong_audience' : 'rules_not_safe');
    await expectRefusal(
      world,
      old.token({ ...claims, ref: 'other' }),
      isOpenAud ? 'wrong_audience' : rules.sub ? 'rules_not_safe' : 'no_rule_matches',
    );
  }
  // Beside them others do what they did, and there is no doubt as whom.
  const both = await trustCi([map(reader, { aud: [OURS], ref: ['refs/heads/*'] }), map(deployer, shop)]);
  const { body } = await present(world, both.token());
  expect((await world.introspect(world.api, String(body.access_token))).body.client_id).toBe(deployer.id);
  await expectRefusal(world, both.token(stranger), 'rules_not_safe');
  const [event] = await world.app.parts.audit.list({ type: 'token.refused', limit: 1 });
  expect(JSON.parse(event?.details ?? '{}')).toMatchObject({ service_accounts: reader.id });
  // What an operator has said of this issuer holds.
  const identified = { ...map(deployer, { aud: [OURS], ref: ['refs/heads/main'] }), identifiedBy: ['ref'] };
  expect((await present(world, (await trustCi([identified])).token())).status).toBe(200);
});

describe('it ends', () => {
  async function issue(account: TestAccount) {
    const ci = await trustCi([map(account, shop)]);
    const { body } = await present(world, ci.token());
    const isActive = async () => (await world.introspect(world.api, String(body.access_token))).body.active;
    expect(await isActive()).toBe(true);
    return { ci, isActive };
  }

  test('with its service account: the tokens of before are dead, and there are no new ones', async () => {
    const account = await createServiceAccount(world, { signers: [] });
    const { ci, isActive } = await issue(account);
    await account.disable();
    expect(await isActive()).toBe(false);
    await expectRefusal(world, ci.token(), 'service_account_not_active');
    await account.enable();
    await account.remove();
    await expectRefusal(world, ci.token(), 'service_account_not_active');
  });

  test('with the trust in its issuer', async () => {
    const { ci, isActive } = await issue(deployer);
    const { trustedIssuers } = world.app.parts;
    await trustedIssuers.disable(await trustedIssuers.get(ci.issuer));
    expect(await isActive()).toBe(false);
    await expectRefusal(world, ci.token(), 'issuer_disabled');
  });
});

test('it asks for less, and never for more than the service account has', async () => {
  const ci = await trustCi([map(reader, shop)]);
  expect((await present(world, ci.token(), { scope: 'read:tasks' })).body.scope).toBe('read:tasks');
  const beyond = await present(world, ci.token(), { scope: 'write:tasks' });
  expect([beyond.body.error, await reasonOf(world, beyond)]).toEqual(['invalid_scope', 'invalid_scope']);
  // What the workload says of itself is no request.
  expect((await present(world, ci.token({ scope: 'write:tasks' }))).body.scope).toBe('read:tasks');
});
