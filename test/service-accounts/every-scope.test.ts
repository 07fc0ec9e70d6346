// `*` among the scopes of a service account: every scope of every API within its ceiling now, and never administration (row G06).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountRegistration } from '../../server/service-accounts/account-registration.ts';
import { checkTerms } from '../../server/service-accounts/account-terms.ts';
import { asOperator } from '../../server/teams/admission.ts';
import type { Team } from '../../server/teams/team.ts';
import { createManagementWorld, type ManagementWorld } from '../management/support.ts';
import { API } from '../support/world.ts';
import { createServiceAccount, createTeam, type TestAccount } from './accounts.ts';
import { MANY_REFUSALS, present, trustIssuer } from './issuers.ts';

const BILLS = 'https://bills.example.com/';

let world: ManagementWorld;
let bills: { id: string; secret: string | undefined };
beforeAll(async () => {
  world = await createManagementWorld({
    settings: {
      ...MANY_REFUSALS,
      plans: { standard: {}, small: { scopes: ['read:tasks'] } },
      api_keys: { explicit_scopes: ['admin:bills'] },
      service_accounts: [{ id: 'sa_declared', name: 'Declared', scopes: ['*'] }],
    },
  });
  const scopes = { 'read:bills': 'Read bills', 'admin:bills': 'Cancel bills' };
  const made = await world.app.parts.resources.register(
    { identifier: BILLS, isDefault: false, registration: { name: 'Bills', scopes, tokenFormat: 'opaque' } },
    { auth: 'client_secret_basic' },
  );
  bills = { id: made.clientId, secret: made.secret };
});
afterAll(() => world.close());

const assertion = (account: TestAccount, more = {}) =>
  account.sign({ aud: world.app.config.issuer, ...more });
async function scopeOfJwt(account: TestAccount, claims: Readonly<Record<string, unknown>> = {}) {
  const caller = claims.aud === BILLS ? bills : world.api;
  return (await world.introspect(caller, account.sign(claims))).body.scope;
}

async function scopeOfToken(account: TestAccount, resource = API): Promise<unknown[]> {
  const { status, body } = await present(world, assertion(account), { resource });
  const told = await world.introspect(resource === API ? world.api : bills, String(body.access_token));
  return [status, body.scope, told.body.scope];
}

test('G06: it gets every scope of the API that it asks, whichever that is, by assertion and by a JWT of its own', async () => {
  const account = await createServiceAccount(world, { scopes: ['*'] });
  expect(await scopeOfToken(account)).toEqual([200, 'read:tasks write:tasks', 'read:tasks write:tasks']);
  expect(await scopeOfJwt(account)).toBe('read:tasks write:tasks');
  expect(await scopeOfJwt(account, { scope: 'write:tasks read:bills *' })).toBe('write:tasks');
  const { scopes, scopesNow } = await account.get();
  expect([scopes, scopesNow]).toEqual([['*'], ['*']]);
});

test('G06: never administration: not of this server, and what the operator calls so by name only', async () => {
  const account = await createServiceAccount(world, { scopes: ['*'] });
  expect(await scopeOfToken(account, BILLS)).toEqual([200, 'read:bills', 'read:bills']);
  expect(await scopeOfJwt(account, { aud: BILLS })).toBe('read:bills');
  const asked = await present(world, assertion(account), { resource: BILLS, scope: 'admin:bills' });
  expect(asked.body.error).toBe('invalid_scope');
  for (const scope of ['latchkey:accounts:read', 'keys:write', 'openid', undefined]) {
    const parameters = { resource: world.resource, ...(scope === undefined ? {} : { scope }) };
    const { body } = await present(world, assertion(account), parameters);
    expect([scope, body.error]).toEqual([scope, expect.stringMatching(/^invalid_(scope|target)$/)]);
  }
  const named = await createServiceAccount(world, { scopes: ['*', 'admin:bills'] });
  expect(await scopeOfToken(named, BILLS)).toEqual([200, 'read:bills admin:bills', 'read:bills admin:bills']);
});

describe('within the ceiling now', () => {
  test('of its team, also for what was issued before', async () => {
    const teamId = await createTeam(world);
    const account = await createServiceAccount(world, { scopes: ['*'], teamId });
    const { body } = await present(world, assertion(account));
    const before = String(body.access_token);
    expect(await scopeOfToken(account, BILLS)).toEqual([200, 'read:bills', 'read:bills']);
    await world.app.parts.teams.setPlan(asOperator('operator'), teamId, 'small');
    expect(await scopeOfToken(account)).toEqual([200, 'read:tasks', 'read:tasks']);
    expect((await world.introspect(world.api, before)).body.scope).toBe('read:tasks');
    expect(await scopeOfJwt(account)).toBe('read:tasks');
    expect((await present(world, assertion(account), { resource: BILLS })).body.error).toBe('invalid_scope');
    expect((await account.get()).scopesNow).toEqual(['read:tasks']);
  });

  test('of its own plan, where it is the operator’s', async () => {
    const account = await createServiceAccount(world, { scopes: ['*'], plan: 'small' });
    expect(await scopeOfToken(account)).toEqual([200, 'read:tasks', 'read:tasks']);
    expect(await scopeOfJwt(account)).toBe('read:tasks');
  });
});

test('G06: whoever manages a team may give it too, and by name no more than the team may have', () => {
  const { rights } = world.app.parts;
  const team = { id: 'team_1', name: 'Shop', plan: 'small' } as Team;
  const check = (scopes: string[]) =>
    checkTerms(
      accountRegistration('sa_all', { name: 'All', scopes, profile: 'strict', keys: [], disabledKeys: [] }),
      { resources: [], rights, team },
    );
  expect(() => check(['*'])).not.toThrow();
  expect(() => check(['*', 'write:tasks'])).toThrow(/invalid_request/);
});

test('G06: made over HTTP by an operator, declared in the file, and acted as by a workload', async () => {
  const wanted = { name: 'All', scopes: ['*'] };
  const made = await world.call(world.right, 'POST', '/v1/service-accounts', { body: wanted });
  const shown = await world.call(world.right, 'GET', `/v1/service-accounts/${made.body.id}`);
  expect([made.status, shown.body.scopes, shown.body.scopes_now]).toEqual([201, ['*'], ['*']]);
  for (const id of ['sa_declared', String(made.body.id)]) {
    const rules = [
      { claim: 'aud', values: [world.app.config.issuer] },
      { claim: 'sub', values: ['repo:acme/shop:x'] },
    ];
    const mappings = [{ serviceAccountId: id, rules }];
    const ci = await trustIssuer(world, { profile: 'workload', mappings, scopes: [] });
    const { body } = await present(world, ci.assert({ sub: 'repo:acme/shop:x' }), { resource: BILLS });
    expect(body.scope).toBe('read:bills');
  }
});
