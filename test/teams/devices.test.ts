// A device for a team: whoever approves it chooses for which (RFC 8628 section 3.3; rows G07, G10).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForCode, enterCode, poll } from '../support/devices.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { PASSWORD } from '../support/world.ts';
import { BOARDS, createTeamWorld, operator, type TeamWorld } from './team-world.ts';

const GRANTS = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'];

let world: TeamWorld;
beforeAll(async () => {
  world = await createTeamWorld();
});
afterAll(() => world.close());

/** A person of their own, with a device that waits for them, before the page that asks. */
async function atDecision(email: string, parameters = {}) {
  const person = await world.register(email);
  const app = await world.registerApp({ type: 'native', auth: 'none', grants: GRANTS, redirectUris: [] });
  const wanted = { scope: 'openid read:boards write:boards', resource: BOARDS, ...parameters };
  const code = await askForCode(world, app, wanted);
  const robot = world.app.robot();
  return {
    ...{ person, app, code, robot },
    look: () => enterCode(robot, code.user_code, { email, password: PASSWORD }),
  };
}

const allow = { button: 'decision=allow' };

test('G07 G10: the tokens of the device say the team, and die with the membership', async () => {
  const { person, app, code, robot, look } = await atDecision('grace1@example.com');
  await world.makeTeam(world.ada, { member: person }, 'Looms');
  const mills = await world.makeTeam(world.ada, { member: person }, 'Mills');
  const asked = await robot.send(await look(), {}, allow);
  expect(asked.status).toBe(400);
  expect(mainTextOf(asked)).toContain('Please choose a team, or deny.');
  const done = await robot.send(asked, { team: mills.id }, allow);
  expect(mainTextOf(done)).toContain('Your device is connected');
  const { body } = await poll(world, code, app);
  expect(await world.ask(String(body.access_token))).toMatchObject({ active: true, team_id: mills.id });
  expect((await world.parts.grants.listOf(person.id)).map(({ team }) => team?.name)).toEqual(['Mills']);
  await world.parts.members.remove(operator, { teamId: mills.id, accountId: person.id });
  expect(await world.ask(String(body.access_token))).toEqual({ active: false });
  const refreshed = await world.refresh(app, String(body.refresh_token), { resource: BOARDS });
  expect(refreshed.body.error).toBe('invalid_grant');
});

test('G07: a device gets no more than the role in the team that was chosen', async () => {
  const { person, app, code, robot, look } = await atDecision('grace2@example.com');
  const team = await world.makeTeam(world.ada, { reader: person });
  const page = await look();
  expect(mainTextOf(page)).not.toContain('Change your boards');
  await robot.send(page, {}, allow);
  const { body } = await poll(world, code, app);
  expect(await world.ask(String(body.access_token))).toMatchObject({
    team_id: team.id,
    scope: 'read:boards',
  });
});

test('G07: without a team the page says what to do, and nothing can be allowed', async () => {
  const { person, app, code, robot, look } = await atDecision('edith@example.com');
  const page = await look();
  expect(mainTextOf(page)).toContain('Ask an owner of a team to invite you');
  expect(page.html).not.toContain('value="allow"');
  await robot.send(page, {}, { button: 'decision=deny' });
  expect((await poll(world, code, app)).body.error).toBe('access_denied');
  expect(await world.parts.grants.listOf(person.id)).toEqual([]);
});
