// Another name and other scopes of a service account: less counts at once, more is judged as at its making (rows G04, G06, G12).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeServiceAccount } from '../../config/registrations.ts';
import { changeServiceAccount } from '../../server/service-accounts/account-change.ts';
import { asOperator, asPerson } from '../../server/teams/admission.ts';
import { createManagementWorld, type ManagementWorld } from '../management/support.ts';
import { dialects } from '../storage/ground.ts';
import { createServiceAccount, createTeam, type TestAccount } from './accounts.ts';
import { present } from './issuers.ts';

describe.each(dialects)('on %s', (dialect) => {
  let world: ManagementWorld;
  beforeAll(async () => {
    world = await createManagementWorld({
      dialect,
      settings: { plans: { standard: {}, small: { scopes: ['read:tasks'] } } },
    });
  });
  afterAll(() => world.close());

  const BOTH = ['read:tasks', 'write:tasks'];

  async function tokenOf(account: TestAccount): Promise<string> {
    const { body } = await present(world, account.sign({ aud: world.app.config.issuer }));
    return String(body.access_token);
  }

  const scopeOf = async (token: string) => (await world.introspect(world.api, token)).body.scope;

  function patch(id: string, body: object) {
    return world.call(world.right, 'PATCH', `/v1/service-accounts/${id}`, { body });
  }

  async function eventsOf(clientId: string): Promise<string[]> {
    const events = await world.app.parts.audit.list({ clientId, limit: 20 });
    return events.map(({ type }) => type).filter((type) => /renamed|shrunk|widened/.test(type));
  }

  test('G06: what it loses is gone at once, from the token and the JWT of before too; it gets back what it is given', async () => {
    const account = await createServiceAccount(world, { scopes: BOTH });
    const [token, jwt] = [await tokenOf(account), account.sign()];
    expect([await scopeOf(token), await scopeOf(jwt)]).toEqual([BOTH.join(' '), BOTH.join(' ')]);
    const shrunk = await patch(account.id, { scopes: ['read:tasks'] });
    expect([shrunk.status, shrunk.body.scopes]).toEqual([200, ['read:tasks']]);
    expect([await scopeOf(token), await scopeOf(jwt)]).toEqual(['read:tasks', 'read:tasks']);
    await patch(account.id, { name: 'Deployer', scopes: BOTH });
    expect(await scopeOf(await tokenOf(account))).toBe(BOTH.join(' '));
    expect((await account.get()).name).toBe('Deployer');
    expect(await eventsOf(account.id)).toEqual([
      ...['service_account.widened', 'service_account.renamed', 'service_account.shrunk'],
    ]);
  });

  test('G06: of everything a part is less; what everything never meant is more', async () => {
    const account = await createServiceAccount(world, { scopes: ['*'] });
    const token = await tokenOf(account);
    await patch(account.id, { scopes: ['read:tasks'] });
    expect(await scopeOf(token)).toBe('read:tasks');
    await patch(account.id, { scopes: ['*'] });
    expect(await eventsOf(account.id)).toEqual(['service_account.widened', 'service_account.shrunk']);
  });

  test.each<[string, object, number]>([
    ['nothing at all', { scopes: [] }, 400],
    ['a right over this server', { scopes: ['latchkey:keys:read'] }, 400],
    ['a scope of sign-in', { scopes: ['openid'] }, 400],
    ['no name', { name: '' }, 400],
  ])('G06: it is not given %s', async (_words, body, status) => {
    const account = await createServiceAccount(world);
    expect((await patch(account.id, body)).status).toBe(status);
    expect((await account.get()).scopes).toEqual(['read:tasks']);
  });

  test('G06 G07: a person gives it what the team may have and no more; to strangers it is not there', async () => {
    const { parts } = world.app;
    const teamId = await createTeam(world, 'small');
    const { get } = await createServiceAccount(world, { teamId, scopes: ['read:tasks'] });
    const change = async (scopes: string[], actor = asPerson(world.ada)) =>
      changeServiceAccount(
        { ...parts, rules: { judgeServiceAccount } },
        { account: await get(), change: { scopes } },
        { actor, checkWidening: () => undefined },
      );
    await expect(change(BOTH)).rejects.toMatchObject({ code: 'invalid_request', param: 'scope' });
    await expect(change(['*', 'nothing'])).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(change(['*'], asPerson(world.grace))).rejects.toMatchObject({ code: 'not_found' });
    expect((await change(['*'])).scopes).toEqual(['*']);
    // In the place of everything neither what the team may not have, though a larger plan would have held it.
    await expect(change(['write:tasks'])).rejects.toMatchObject({ code: 'invalid_request', param: 'scope' });
    await parts.teams.setPlan(asOperator('operator'), teamId, undefined);
    expect((await change(['write:tasks'])).scopes).toEqual(['write:tasks']);
  });

  test('G12: of two who change what they read before, one counts', async () => {
    const parts = { ...world.app.parts, rules: { judgeServiceAccount } };
    const account = await (await createServiceAccount(world, { scopes: BOTH })).get();
    const by = { actor: asOperator('operator'), checkWidening: () => undefined };
    const change = (scopes: string[]) => changeServiceAccount(parts, { account, change: { scopes } }, by);
    const ends = await Promise.allSettled([change(['read:tasks']), change(['write:tasks'])]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});
