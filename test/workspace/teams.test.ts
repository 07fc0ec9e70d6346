// A team at a browser: made, filled by invitation, managed, handed over and deleted (rows G07, G18).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asPerson } from '../../server/teams/admission.ts';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createWorkspaceWorld, type WorkspaceWorld } from './workspace-world.ts';

const TEAMS = '/account/teams';

let world: WorkspaceWorld;
let eve: FormRobot;
let mary: FormRobot;
beforeAll(async () => {
  world = await createWorkspaceWorld();
  [eve, mary] = [await world.signedIn('eve@example.com'), await world.signedIn('mary@example.com')];
});
afterAll(() => world.close());

function pathOf(page: Page): string {
  return new URL(page.url).pathname;
}

/** A team that Eve makes, and the path of its page. */
async function makeTeam(name = 'Spinners'): Promise<string> {
  const page = await eve.send(await eve.get(TEAMS), { name }, { action: TEAMS });
  expect(page.status).toBe(200);
  return pathOf(page);
}

/** Mary, invited by Eve, joins. */
async function join(team: string, role = 'member'): Promise<void> {
  const fields = { email: 'mary@example.com', role };
  const page = await eve.send(await eve.get(team), fields, { action: `${team}/invitations` });
  expect(mainTextOf(page)).toContain('mary@example.com');
  const waiting = await mary.get(TEAMS);
  const [, path = ''] = /href="(\/invitations\/[^"]+)"/.exec(waiting.html) ?? [];
  const question = await mary.get(path);
  expect(mainTextOf(question)).toContain('eve@example.com');
  expect(pathOf(await mary.send(question, {}, { action: `${path}/acceptance` }))).toBe(team);
  expect((await mary.get(path)).status).toBe(404);
}

test('a team is made, shown with its plan, and renamed', async () => {
  const team = await makeTeam('Carders');
  expect(mainTextOf(await eve.get(team))).toContain('standard');
  const page = await eve.send(await eve.get(team), { name: 'Weavers' }, { action: `${team}/name` });
  expect(mainTextOf(page)).toContain('Weavers');
  expect(mainTextOf(await eve.get(TEAMS))).toContain('Weavers');
  const refused = await eve.send(await eve.get(TEAMS), { name: 'www.evil.example' }, { action: TEAMS });
  expect(refused.status).toBe(400);
  expect(refused.html).toContain('href="#field-name"');
});

test('G18: an invitation is accepted once, on its page, by whoever has the address', async () => {
  const team = await makeTeam();
  await join(team);
  const page = await mary.get(team);
  expect(mainTextOf(page)).toContain('eve@example.com');
  expect(page.html).not.toContain(`${team}/name`);
});

test('an invitation is withdrawn, and then it is not there', async () => {
  const team = await makeTeam('Dyers');
  const fields = { email: 'mary@example.com', role: 'member' };
  const page = await eve.send(await eve.get(team), fields, { action: `${team}/invitations` });
  const [, id = ''] = /invitations\/(inv_[^/"]+)\/withdrawal/.exec(page.html) ?? [];
  expect((await mary.get(`/invitations/${id}`)).status).toBe(200);
  await eve.send(page, {}, { action: `${team}/invitations/${id}` });
  expect((await mary.get(`/invitations/${id}`)).status).toBe(404);
  expect(mainTextOf(await eve.get(team))).not.toContain('mary@example.com');
});

test('G18: an invitation to nobody we know leads a stranger to the sign-in page and back', async () => {
  const page = await world.app.robot().get(`/invitations/${world.invited.id}`);
  const { pathname, searchParams } = new URL(page.location ?? '');
  expect([pathname, searchParams.get('return_to')]).toEqual(['/sign-in', `/invitations/${world.invited.id}`]);
});

test('a role is changed, and whoever is removed has lost the team at the next page', async () => {
  const team = await makeTeam('Fullers');
  await join(team);
  const at = `${team}/members/${encodeURIComponent(world.mary.id)}`;
  await eve.send(await eve.get(team), { role: 'admin' }, { action: `${at}/role` });
  expect((await mary.get(`${team}/keys`)).status).toBe(200);
  const question = await eve.get(`${at}/removal`);
  expect(mainTextOf(question)).toContain('mary@example.com');
  await eve.send(question, {}, { button: 'Remove the member' });
  expect((await mary.get(team)).status).toBe(404);
  expect((await mary.get(`${team}/keys`)).status).toBe(404);
});

test('G18: the last owner does not leave; after the team was handed over they may', async () => {
  const team = await makeTeam('Spinners again');
  await join(team);
  const departure = `${team}/departure`;
  const refused = await eve.send(await eve.get(departure), {}, { button: 'Leave the team' });
  expect(refused.status).toBe(409);
  expect(mainTextOf(refused)).toContain('A team needs an owner.');
  const handing = await eve.get(`${team}/members/${encodeURIComponent(world.mary.id)}/transfer`);
  await eve.send(handing, {}, { button: 'Hand the team over' });
  const left = await eve.send(await eve.get(departure), {}, { button: 'Leave the team' });
  expect(pathOf(left)).toBe(TEAMS);
  expect((await eve.get(team)).status).toBe(404);
  const { role } = await world.parts.teams.get(asPerson(world.mary), team.split('/')[2] ?? '');
  expect(role).toBe('owner');
});

test('a deleted team takes its keys with it, after a question', async () => {
  const team = await makeTeam('Felters');
  const id = team.split('/')[2] ?? '';
  const made = await world.make({ owner: { kind: 'team', teamId: id } }, asPerson(world.eve));
  expect(mainTextOf(await eve.get(`${team}/keys`))).toContain('eve@example.com');
  await eve.send(await eve.get(`${team}/deletion`), {}, { button: 'Delete the team' });
  expect((await eve.get(team)).status).toBe(404);
  expect(await world.ask(made.secret)).toMatchObject({ active: false });
});

test('where people make no teams, the page says who does', async () => {
  const other = await createWorkspaceWorld({ settings: { teams: { made_by_people: false } } });
  try {
    const robot = await other.signedIn('ida@example.com');
    const page = await robot.get(TEAMS);
    expect(mainTextOf(page)).toContain('Teams are made by those who run this server.');
    expect(page.html).not.toContain('action="/account/teams"');
  } finally {
    await other.close();
  }
});
