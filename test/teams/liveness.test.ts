// Rights are of now: a demotion, a smaller plan, a removed member and a deleted team are felt by the next call (rows G06, G10).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { explain } from '../../server/introspection/explain.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { sql } from '../../server/storage/statement.ts';
import { type AppClient, PASSWORD, type TokenSet } from '../support/world.ts';
import { BOARDS, createTeamWorld, operator, type TeamWorld } from './team-world.ts';

let world: TeamWorld;
/** What another process, or the command line, has. */
let elsewhere: Parts;

beforeAll(async () => {
  world = await createTeamWorld();
  elsewhere = await createParts(world.app.config, { actor: 'operator' });
});
afterAll(async () => {
  await elsewhere.close();
  await world.close();
});

const DEAD = { active: false };
let count = 0;

/** A person of their own in a team of Ada's, with an app that acts for it. */
async function signInMember(role = 'member') {
  count += 1;
  const person = await world.register(`member${count}@example.com`);
  const team = await world.makeTeam(world.ada, { [role]: person });
  const app = await world.registerApp();
  const tokens = await world.signIn(app, { email: person.email });
  return { person, team, app, tokens, place: { teamId: team.id, accountId: person.id } };
}

async function scopeOf({ access_token }: TokenSet): Promise<unknown> {
  return (await world.ask(access_token)).scope;
}

function why(text: string) {
  return explain(world.parts.database, text, nowSeconds());
}

async function expectDead({ app, tokens }: { app: AppClient; tokens: TokenSet }): Promise<void> {
  expect(await world.ask(tokens.access_token)).toEqual(DEAD);
  const refreshed = await world.refresh(app, tokens.refresh_token, { resource: BOARDS });
  expect(refreshed.body.error).toBe('invalid_grant');
  expect((await world.introspect(app, tokens.refresh_token)).body).toEqual(DEAD);
}

test('G06: another role cuts the scopes at the next call and at the next refresh, and gives them back', async () => {
  const { place, tokens, app } = await signInMember();
  expect(await scopeOf(tokens)).toBe('read:boards write:boards');
  await elsewhere.members.setRole(operator, place, 'reader');
  expect(await scopeOf(tokens)).toBe('read:boards');
  const refreshed = await world.refresh(app, tokens.refresh_token, { resource: BOARDS });
  expect(refreshed.body.scope).toBe('read:boards');
  await elsewhere.members.setRole(operator, place, 'guest');
  expect(await world.ask(String(refreshed.body.access_token))).toMatchObject({ active: true, scope: '' });
  await elsewhere.members.setRole(operator, place, 'admin');
  const again = await world.refresh(app, String(refreshed.body.refresh_token), { resource: BOARDS });
  expect(again.body.scope).toBe('read:boards write:boards');
});

test('G06: a smaller plan of the team cuts them for every role, the owner too', async () => {
  const { team, tokens, person, place } = await signInMember('owner');
  await elsewhere.teams.setPlan(operator, team.id, 'small');
  expect(await world.ask(tokens.access_token)).toMatchObject({ scope: 'read:boards', plan: 'small' });
  await elsewhere.teams.setPlan(operator, team.id, undefined);
  expect(await world.ask(tokens.access_token)).toMatchObject({
    ...{ scope: 'read:boards write:boards', plan: 'standard' },
  });
  // What the person may alone is another matter.
  await elsewhere.accountPlan.set(await elsewhere.accounts.get(person.id), 'none', 'operator');
  expect(await scopeOf(tokens)).toBe('read:boards write:boards');
  expect((await elsewhere.members.list(operator, place.teamId, { after: '', limit: 9 })).length).toBe(2);
});

test('G06: a smaller plan of a person cuts what they hold alone, at the next call, refresh and consent', async () => {
  const edith = await world.register('edith@example.com');
  const app = await world.registerClient({
    scopes: ['openid', 'offline_access', 'read:tasks', 'write:tasks'],
  });
  const wanted = {
    email: edith.email,
    scope: 'openid offline_access read:tasks write:tasks',
    resource: undefined,
  };
  const tokens = await world.signIn(app, wanted);
  await elsewhere.accountPlan.set(await elsewhere.accounts.get(edith.id), 'small', 'operator');
  const { body } = await world.introspect(world.api, tokens.access_token);
  expect(body).toMatchObject({ active: true, scope: 'read:tasks', plan: 'small' });
  const refreshed = await world.refresh(app, tokens.refresh_token);
  expect(String(refreshed.body.scope).split(' ')).toEqual(['openid', 'offline_access', 'read:tasks']);
  const other = await world.signIn(await world.registerClient(), wanted);
  expect(other.scope.split(' ').sort()).toEqual(['offline_access', 'openid', 'read:tasks']);
});

test('G10 G07: what a removed member had for the team is dead at once, and stays dead when they come back', async () => {
  const grace = await signInMember();
  const other = await world.makeTeam(world.ada, { member: grace.person }, 'Others');
  const elsewhereToo = await world.signIn(await world.registerApp(), {
    ...{ email: grace.person.email, team: other.id },
  });
  await elsewhere.members.remove(operator, grace.place);
  await expectDead(grace);
  expect(await why(grace.tokens.access_token)).toMatchObject({ ended: 'not_a_member' });
  // Another team is another matter, and so is what they are to this server.
  expect(await world.ask(elsewhereToo.access_token)).toMatchObject({ active: true, team_id: other.id });
  await elsewhere.members.add(operator, { teamId: grace.team.id, role: 'member' }, grace.person);
  await expectDead(grace);
});

test('G10: whoever leaves loses it in the same way', async () => {
  const grace = await signInMember();
  await elsewhere.members.leave(await elsewhere.accounts.get(grace.person.id), grace.team.id);
  await expectDead(grace);
});

test('G10: the membership alone decides, without the end of any grant', async () => {
  const grace = await signInMember();
  const { database } = elsewhere;
  await database.transact(() =>
    database.write(sql`DELETE FROM memberships WHERE account_id = ${grace.person.id}`),
  );
  expect(await world.ask(grace.tokens.access_token)).toEqual(DEAD);
  expect((await world.introspect(grace.app, grace.tokens.refresh_token)).body).toEqual(DEAD);
  expect(await why(grace.tokens.refresh_token)).toMatchObject({ ended: 'not_a_member' });
  const refreshed = await world.refresh(grace.app, grace.tokens.refresh_token, { resource: BOARDS });
  expect(refreshed.body.error).toBe('invalid_grant');
});

test('G10: a deleted team takes the tokens of every member with it, and its permissions are forgotten', async () => {
  const grace = await signInMember();
  const owned = await world.signIn(grace.app, { email: 'ada@example.com', team: grace.team.id });
  await elsewhere.teams.remove(operator, grace.team.id);
  await expectDead(grace);
  await expectDead({ app: grace.app, tokens: owned });
  expect(await why(grace.tokens.access_token)).toMatchObject({ ended: 'team_not_active' });
  expect(await world.parts.grants.findConsent(grace.person.id, grace.app.id, grace.team.id)).toBeUndefined();
});

test('G10: a code that waits to be redeemed is worth nothing once the member is out', async () => {
  const person = await world.register('late@example.com');
  const team = await world.makeTeam(world.ada, { member: person });
  const app = await world.registerApp();
  const { page, robot, verifier } = await world.begin(app, person.email);
  const back = await world.visits.decide(robot, page, 'allow');
  await elsewhere.members.remove(operator, { teamId: team.id, accountId: person.id });
  const answer = await world.redeem(app, back, { verifier, resource: BOARDS });
  expect(answer.body.error).toBe('invalid_grant');
});

test('G06: an API that becomes team-scoped gives nothing for grants of before, since no team stands behind them', async () => {
  const app = await world.registerClient({ scopes: ['openid', 'offline_access', 'read:tasks'] });
  const tokens = await world.signIn(app, {
    ...{ email: 'ada@example.com', scope: 'openid offline_access read:tasks', resource: undefined },
  });
  const { resources } = world.parts;
  const before = await resources.get('https://api.example.com/');
  await resources.update(before, { ...before.registration, isTeamScoped: true });
  try {
    const refreshed = await world.refresh(app, tokens.refresh_token);
    expect(refreshed.body.scope).toBe('openid offline_access');
  } finally {
    await resources.update(await resources.get(before.identifier), before.registration);
  }
});

test('an administrator is one alone: no role in a team and no * makes one', async () => {
  const root = await world.parts.accounts.register(
    { email: 'root@example.com', name: 'Root', password: PASSWORD, isAdmin: true },
    'operator',
  );
  const { rights } = world.parts;
  const scope = 'latchkey:accounts:read';
  expect(rights.mayHoldAlone(root, scope)).toBe(true);
  expect(rights.mayHoldAlone(world.ada, scope)).toBe(false);
});
