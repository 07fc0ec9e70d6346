// On behalf of which team an app acts: chosen on the consent page, remembered for each team, and said in every token.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mainTextOf } from '../support/form-robot.ts';
import { findAll, parseHtml, textOf } from '../support/html.ts';
import { answerOf, listedOn, stageOf } from '../support/visits.ts';
import { BOARDS, createTeamWorld, operator, type TeamWorld } from './team-world.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await createTeamWorld();
});
afterAll(() => world.close());

/** The teams among which the page lets choose, the chosen one marked. */
function teamsOn(html: string): string[] {
  return findAll(parseHtml(html), 'input')
    .filter(({ attributes }) => attributes.name === 'team')
    .map(({ attributes }) => `${attributes.value}${attributes.checked === undefined ? '' : ' chosen'}`);
}

test('G07: whoever is in one team finds it chosen, and the tokens say it', async () => {
  const grace = await world.register('grace1@example.com');
  const team = await world.makeTeam(world.ada, { member: grace });
  const app = await world.registerApp();
  const { page, robot, verifier } = await world.begin(app, grace.email);
  expect(teamsOn(page.html)).toEqual([`${team.id} chosen`]);
  expect(mainTextOf(page)).toContain('Looms');
  const back = await world.visits.decide(robot, page, 'allow');
  const { body } = await world.redeem(app, back, { verifier, resource: BOARDS });
  expect(body.scope).toBe('read:boards write:boards');
  expect(await world.ask(String(body.access_token))).toMatchObject({
    ...{ active: true, sub: grace.id, team_id: team.id, plan: 'standard', scope: 'read:boards write:boards' },
  });
  const refreshed = await world.refresh(app, String(body.refresh_token), { resource: BOARDS });
  expect(await world.ask(String(refreshed.body.access_token))).toMatchObject({
    active: true,
    team_id: team.id,
  });
});

test('G07: whoever is in several chooses, and is asked to where nothing was chosen', async () => {
  const grace = await world.register('grace2@example.com');
  const looms = await world.makeTeam(world.ada, { member: grace }, 'Looms');
  const mills = await world.makeTeam(world.ada, { reader: grace }, 'Mills');
  const app = await world.registerApp();
  const { page, robot, verifier } = await world.begin(app, grace.email);
  expect(teamsOn(page.html)).toEqual([looms.id, mills.id]);
  expect(mainTextOf(page)).toContain('Not for this team: Change your boards');
  const asked = await world.visits.decide(robot, page, 'allow');
  expect(asked.status).toBe(400);
  expect(mainTextOf(asked)).toContain('Please choose a team, or deny.');
  const back = await world.visits.decide(robot, asked, 'allow', { team: mills.id });
  const { body } = await world.redeem(app, back, { verifier, resource: BOARDS });
  expect(await world.ask(String(body.access_token))).toMatchObject({
    team_id: mills.id,
    scope: 'read:boards',
  });
});

test('G07: the team of others is none to choose, whatever is sent', async () => {
  const grace = await world.register('grace3@example.com');
  await world.makeTeam(world.ada, { member: grace });
  const foreign = await world.makeTeam(world.ada, {}, 'Others');
  const app = await world.registerApp();
  const { page, robot } = await world.begin(app, grace.email);
  const asked = await world.visits.decide(robot, page, 'allow', { team: foreign.id });
  expect(asked.status).toBe(400);
  expect(asked.html).not.toContain('Others');
  expect(await world.parts.grants.listOf(grace.id)).toEqual([]);
});

test('G07: without a team that may, nothing can be allowed, and the page says what to do', async () => {
  const edith = await world.register('edith4@example.com');
  await world.makeTeam(world.ada, { guest: edith });
  const app = await world.registerApp();
  const { page, robot } = await world.begin(app, edith.email);
  expect(page.status).toBe(200);
  expect(mainTextOf(page)).toContain('Ask an owner of a team to invite you');
  expect(page.html).not.toContain('value="allow"');
  expect(listedOn(page)).not.toContain('See your boards');
  const action = new URL(page.url).pathname;
  const csrf = findAll(parseHtml(page.html), 'input').find(({ attributes }) => attributes.name === 'csrf');
  const forced = await robot.post(`${action}/consent`, {
    csrf: csrf?.attributes.value ?? '',
    decision: 'allow',
  });
  expect(forced.status).toBe(403);
  const denied = await world.visits.decide(robot, page, 'deny');
  expect(answerOf(denied)).toMatchObject({ error: 'access_denied' });
});

test('G07: an app that may not ask is told so where nobody can be asked for a team', async () => {
  const edith = await world.register('edith5@example.com');
  const app = await world.registerApp({ isFirstParty: true });
  const { page } = await world.begin(app, edith.email);
  expect(stageOf(page)).not.toBe('app');
  const team = await world.makeTeam(edith);
  const tokens = await world.signIn(app, { email: edith.email });
  expect(await world.ask(tokens.access_token)).toMatchObject({ team_id: team.id });
});

test('what was allowed is remembered for the team for which it was, and asked for another', async () => {
  const grace = await world.register('grace6@example.com');
  const looms = await world.makeTeam(world.ada, { member: grace }, 'Looms');
  const mills = await world.makeTeam(world.ada, { member: grace }, 'Mills');
  const app = await world.registerApp();
  await world.signIn(app, { email: grace.email, team: looms.id });
  const again = await world.signIn(app, { email: grace.email });
  expect(await world.ask(again.access_token)).toMatchObject({ team_id: looms.id });
  const other = await world.begin(app, grace.email, { prompt: 'consent' });
  expect(teamsOn(other.page.html)).toEqual([`${looms.id} chosen`, mills.id]);
  const back = await world.visits.decide(other.robot, other.page, 'allow', { team: mills.id });
  const { body } = await world.redeem(app, back, { verifier: other.verifier, resource: BOARDS });
  expect(await world.ask(String(body.access_token))).toMatchObject({ team_id: mills.id });
  expect(await world.parts.grants.findConsent(grace.id, app.id)).toBeUndefined();
  await world.parts.members.remove(operator, { teamId: mills.id, accountId: grace.id });
  const third = await world.signIn(app, { email: grace.email });
  expect(await world.ask(third.access_token)).toMatchObject({ team_id: looms.id });
});

test('an app that asks for no scope of such an API is not asked for a team, and its tokens name none', async () => {
  const app = await world.registerApp();
  const { page } = await world.begin(app, 'ada@example.com', {
    scope: 'openid read:tasks',
    resource: undefined,
  });
  expect(teamsOn(page.html)).toEqual([]);
  const tokens = await world.signIn(app, {
    ...{ email: 'ada@example.com', scope: 'openid read:tasks', resource: undefined },
  });
  const { body } = await world.introspect(world.api, tokens.access_token);
  expect(body).toMatchObject({ active: true, scope: 'read:tasks', plan: 'standard' });
  expect(body).not.toHaveProperty('team_id');
});

test('the list of what has access tells for which team', async () => {
  const grace = await world.register('grace7@example.com');
  await world.makeTeam(world.ada, { member: grace }, 'Spinning Jennies');
  const app = await world.registerApp();
  const { page, robot } = await world.begin(app, grace.email);
  await world.visits.decide(robot, page, 'allow');
  const [grant] = await world.parts.grants.listOf(grace.id);
  expect(grant?.team?.name).toBe('Spinning Jennies');
  const listed = await robot.visit('/account/access');
  expect(findAll(parseHtml(listed.html), 'p').map(textOf)).toContain(
    'On behalf of the team Spinning Jennies',
  );
});

test('RFC 9068: a JWT says the team, is cut to its rights when it is issued, and loses what was lost at the refresh', async () => {
  const signed = await createTeamWorld({ tokenFormat: 'jwt' });
  try {
    const grace = await signed.register('grace@example.com');
    const team = await signed.makeTeam(signed.ada, { member: grace });
    const app = await signed.registerApp();
    const tokens = await signed.signIn(app, { email: grace.email });
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      ...{ team_id: team.id, scope: 'read:boards write:boards', aud: BOARDS },
    });
    expect(await signed.ask(tokens.access_token)).toMatchObject({ active: true, team_id: team.id });
    await signed.parts.members.setRole(operator, { teamId: team.id, accountId: grace.id }, 'reader');
    expect(await signed.ask(tokens.access_token)).toMatchObject({ active: true, scope: 'read:boards' });
    const { body } = await signed.refresh(app, tokens.refresh_token, { resource: BOARDS });
    expect(decodeJwt(String(body.access_token)).scope).toBe('read:boards');
  } finally {
    await signed.close();
  }
});
