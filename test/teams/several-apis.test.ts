// A team-scoped API beside others: the team is in the tokens for it, and in no others (RFC 8707 section 2.2; row G07).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API, createVerifier, PASSWORD } from '../support/world.ts';
import { BOARDS, createTeamWorld, operator, type TeamWorld } from './team-world.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await createTeamWorld();
});
afterAll(() => world.close());

test('one authorization for two APIs: the token for the other one names no team and has the person’s own rights', async () => {
  const grace = await world.register('grace@example.com');
  const team = await world.makeTeam(world.ada, { reader: grace });
  const app = await world.registerApp();
  const robot = world.app.robot();
  const { verifier, challenge } = createVerifier();
  const scope = 'openid offline_access read:tasks read:boards write:boards';
  const path = world.authorizationPath(app, challenge, { scope, resource: BOARDS });
  const begun = await robot.visit(`${path}&resource=${encodeURIComponent(API)}`);
  const page = await world.visits.signIn(robot, begun, { email: grace.email, password: PASSWORD });
  const back = await world.visits.decide(robot, page, 'allow');
  const first = await world.redeem(app, back, { verifier, resource: BOARDS });
  expect(await world.ask(String(first.body.access_token))).toMatchObject({
    ...{ active: true, team_id: team.id, scope: 'read:boards' },
  });
  const second = await world.refresh(app, String(first.body.refresh_token), { resource: API });
  const { body } = await world.introspect(world.api, String(second.body.access_token));
  expect(body).toMatchObject({ active: true, scope: 'read:tasks' });
  expect(body).not.toHaveProperty('team_id');
  // What the app has here it has for the team: without it the grant is over, at every API.
  await world.parts.members.remove(operator, { teamId: team.id, accountId: grace.id });
  expect((await world.introspect(world.api, String(second.body.access_token))).body).toEqual({
    active: false,
  });
});

test('the default API may be team-scoped: an app that names no API acts for a team there, and still learns who somebody is', async () => {
  const { resources } = world.parts;
  const before = await resources.get(API);
  await resources.update(before, { ...before.registration, isTeamScoped: true });
  try {
    const edith = await world.register('edith@example.com');
    const scope = { scope: 'openid email read:tasks', resource: undefined };
    const app = await world.registerApp();
    const none = await world.begin(app, edith.email, scope);
    expect(none.page.html).not.toContain('value="allow"');
    const team = await world.makeTeam(edith);
    const tokens = await world.signIn(app, { email: edith.email, ...scope });
    const { body } = await world.introspect(world.api, tokens.access_token);
    expect(body).toMatchObject({ active: true, team_id: team.id, scope: 'read:tasks' });
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    expect((await world.app.robot().get('/userinfo', { headers })).status).toBe(200);
    // Who somebody is needs no team.
    const other = await world.signIn(app, { email: edith.email, scope: 'openid email', resource: undefined });
    expect(other.scope).toBe('openid email');
  } finally {
    await resources.update(await resources.get(API), before.registration);
  }
});
