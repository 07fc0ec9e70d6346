// Teams and who is in them: made, renamed, put on a plan, left, handed over and deleted, on both databases (rows G07, G18, H04).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asPerson } from '../../server/teams/admission.ts';
import { dialects } from '../storage/ground.ts';
import { createTeamGround, endOf, operator, type TeamGround } from './team-ground.ts';

const FIRST = { after: '', limit: 100 };

describe.each(dialects)('on %s', (dialect) => {
  let ground: TeamGround;
  beforeAll(async () => {
    ground = await createTeamGround(dialect);
  });
  afterAll(() => ground.close());

  test('a person makes a team and owns it; its id is random, and the event stands beside it', async () => {
    const ada = await ground.person('ada');
    const team = await ground.here.teams.create(asPerson(ada), ada, { name: '  Looms  ', plan: 'small' });
    expect(team).toMatchObject({
      id: expect.stringMatching(/^team_[\w-]{22}$/),
      name: 'Looms',
      plan: undefined,
    });
    expect(await ground.rolesIn(team.id)).toEqual({ ada: 'owner' });
    expect(await ground.there.teams.listOf(ada.id)).toMatchObject([{ id: team.id, role: 'owner' }]);
    const [event] = await ground.here.audit.list({ type: 'team.created', limit: 1 });
    expect(event).toMatchObject({ actor: `account:${ada.id}`, accountId: ada.id });
    expect(JSON.parse(event?.details ?? '')).toMatchObject({ team_id: team.id });
  });

  test.each([
    '',
    '   ',
    'x'.repeat(101),
    'Pay at https://evil.example',
    'www.evil.example',
    '<b>',
    'a\u202eb',
  ])('a name like %j is refused: it stands in mails to strangers', async (name) => {
    const ada = await ground.person('ada');
    await expect(ground.here.teams.create(asPerson(ada), ada, { name })).rejects.toMatchObject({
      ...{ code: 'invalid_request', param: 'name' },
    });
  });

  test('where people make no teams, an operator still does', async () => {
    const closed = await createTeamGround(dialect, { teams: { made_by_people: false } });
    try {
      const ada = await closed.person('ada');
      expect(await endOf(closed.here.teams.create(asPerson(ada), ada, { name: 'Looms' }))).toBe(
        'access_denied',
      );
      expect(await endOf(closed.here.teams.create(operator, ada, { name: 'Looms' }))).toBe('done');
    } finally {
      await closed.close();
    }
  });

  test('G07: to whoever is not in it a team is not there, whatever they try: it answers as one that never was', async () => {
    const [ada, mallory] = [await ground.person('ada'), await ground.person('mallory')];
    const { id } = await ground.team({ owner: ada });
    const { teams, members, invitations } = ground.there;
    const actor = asPerson(mallory);
    const actsOn = (teamId: string, place = { teamId, accountId: ada.id }): (() => Promise<unknown>)[] => [
      () => teams.get(actor, teamId),
      () => teams.rename(actor, teamId, 'Mine'),
      () => teams.setPlan(actor, teamId, 'small'),
      () => teams.remove(actor, teamId),
      () => members.list(actor, teamId, FIRST),
      () => members.add(actor, { teamId, role: 'admin' }, mallory),
      () => members.setRole(actor, place, 'member'),
      () => members.remove(actor, place),
      () => members.leave(mallory, teamId),
      () => members.transfer(mallory, place),
      () => invitations.list(actor, teamId),
      () => invitations.invite(actor, teamId, { email: 'x@example.com', role: 'member' }),
      () => invitations.withdraw(actor, teamId, 'inv_none'),
    ];
    for (const teamId of [id, 'team_none', '']) {
      for (const act of actsOn(teamId))
        expect([String(act), await endOf(act())]).toEqual([String(act), 'not_found']);
    }
    expect(await ground.rolesIn(id)).toEqual({ ada: 'owner' });
  });

  test('G07: a member sees the team and leaves it, and manages nothing', async () => {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, member: grace });
    const { teams, members, invitations } = ground.here;
    const actor = asPerson(grace);
    const place = { teamId: id, accountId: ada.id };
    expect((await teams.get(actor, id)).role).toBe('member');
    expect(await members.list(actor, id, FIRST)).toHaveLength(2);
    const acts = [
      () => teams.rename(actor, id, 'Mine'),
      () => teams.setPlan(actor, id, 'standard'),
      () => teams.remove(actor, id),
      () => members.add(actor, { teamId: id, role: 'member' }, grace),
      () => members.setRole(actor, { teamId: id, accountId: grace.id }, 'owner'),
      () => members.remove(actor, place),
      () => members.transfer(grace, place),
      () => invitations.list(actor, id),
      () => invitations.invite(actor, id, { email: 'x@example.com', role: 'member' }),
    ];
    for (const act of acts) expect(await endOf(act())).toBe('access_denied');
    await members.leave(grace, id);
    expect(await endOf(teams.get(actor, id))).toBe('not_found');
  });

  test('G18: an admin neither makes nor unmakes an owner, and an owner does both', async () => {
    const [ada, grace, edith] = [
      await ground.person('ada'),
      await ground.person('grace'),
      await ground.person('edith'),
    ];
    const { id } = await ground.team({ owner: ada, admin: grace, member: edith });
    const { members } = ground.here;
    const byGrace = asPerson(grace);
    const place = (account: { id: string }) => ({ teamId: id, accountId: account.id });
    expect(await endOf(members.setRole(byGrace, place(edith), 'owner'))).toBe('access_denied');
    expect(await endOf(members.setRole(byGrace, place(ada), 'member'))).toBe('access_denied');
    expect(await endOf(members.remove(byGrace, place(ada)))).toBe('access_denied');
    expect(await endOf(members.setRole(byGrace, place(grace), 'owner'))).toBe('access_denied');
    expect(await endOf(members.setRole(byGrace, place(edith), 'wizard'))).toBe('invalid_request');
    expect(await endOf(members.setRole(byGrace, place(edith), 'admin'))).toBe('done');
    expect(await endOf(members.setRole(asPerson(ada), place(edith), 'owner'))).toBe('done');
    expect(await endOf(members.setRole(asPerson(edith), place(ada), 'reader'))).toBe('done');
    expect(await ground.rolesIn(id)).toEqual({ ada: 'reader', grace: 'admin', edith: 'owner' });
  });

  test('G18: the last owner can neither leave, nor step down, nor be taken out; a second one can', async () => {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, member: grace });
    const { members } = ground.here;
    const place = { teamId: id, accountId: ada.id };
    expect(await endOf(members.leave(ada, id))).toBe('conflict');
    expect(await endOf(members.setRole(asPerson(ada), place, 'admin'))).toBe('conflict');
    expect(await endOf(members.remove(operator, place))).toBe('conflict');
    expect(await endOf(members.setRole(operator, place, 'member'))).toBe('conflict');
    await members.setRole(operator, { teamId: id, accountId: grace.id }, 'owner');
    await members.leave(ada, id);
    expect(await ground.rolesIn(id)).toEqual({ grace: 'owner' });
  });

  test('G18: an owner who cannot sign in any more does not count as one', async () => {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, owner2: grace });
    await ground.here.accounts.disable(grace, 'operator');
    expect(await endOf(ground.here.members.leave(ada, id))).toBe('conflict');
    await ground.here.accounts.enable(grace, 'operator');
    expect(await endOf(ground.here.members.leave(ada, id))).toBe('done');
  });

  test('a team is handed over in one step: there is one owner before and after', async () => {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, reader: grace });
    const { members } = ground.here;
    expect(await endOf(members.transfer(ada, { teamId: id, accountId: ada.id }))).toBe('invalid_request');
    expect(await endOf(members.transfer(ada, { teamId: id, accountId: 'acct_nobody' }))).toBe('not_found');
    await members.transfer(ada, { teamId: id, accountId: grace.id });
    expect(await ground.rolesIn(id)).toEqual({ ada: 'admin', grace: 'owner' });
    expect((await ground.events())[0]).toBe('team.transferred');
  });

  test('a team is as large as its plan allows, and a person owns as many as the configuration does', async () => {
    const small = await createTeamGround(dialect, { teams: { max_owned: 2 } });
    try {
      const [ada, grace, edith] = [
        await small.person('ada'),
        await small.person('grace'),
        await small.person('edith'),
      ];
      const { id } = await small.here.teams.create(operator, ada, { name: 'Looms', plan: 'small' });
      const add = (account: typeof ada) =>
        endOf(small.here.members.add(operator, { teamId: id, role: 'member' }, account));
      expect([await add(grace), await add(grace), await add(edith)]).toEqual([
        'done',
        'already_exists',
        'conflict',
      ]);
      const make = () => endOf(small.here.teams.create(asPerson(ada), ada, { name: 'More' }));
      expect([await make(), await make()]).toEqual(['done', 'conflict']);
      expect(await small.there.teams.listOf(ada.id)).toHaveLength(2);
    } finally {
      await small.close();
    }
  });

  test('a deleted team is there for nobody, and its id leads nowhere', async () => {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, admin: grace });
    expect(await endOf(ground.here.teams.remove(asPerson(grace), id))).toBe('access_denied');
    await ground.here.teams.remove(asPerson(ada), id);
    for (const actor of [asPerson(ada), asPerson(grace), operator])
      expect(await endOf(ground.there.teams.get(actor, id))).toBe('not_found');
    expect(await ground.there.teams.listOf(ada.id)).toEqual([]);
    expect(await endOf(ground.here.members.add(operator, { teamId: id, role: 'member' }, grace))).toBe(
      'not_found',
    );
  });

  test('whoever deletes their account leaves their teams, and is refused while one would be nobody’s', async () => {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, member: grace }, 'Brass Wheels');
    const { accountDeletion, database, members, invitations } = ground.here;
    await expect(accountDeletion.check(ada)).rejects.toMatchObject({
      ...{ code: 'conflict', words: expect.stringContaining('Brass Wheels') },
    });
    // Also where it became so since that was asked.
    const erase = () => database.transact(() => accountDeletion.erase(ada, `account:${ada.id}`));
    await expect(erase()).rejects.toMatchObject({ label: 'last_owner' });
    expect(await ground.here.accounts.find(ada.id)).toBeDefined();
    await invitations.invite(asPerson(ada), id, { email: grace.email, role: 'member' });
    await members.transfer(ada, { teamId: id, accountId: grace.id });
    await accountDeletion.check(ada);
    await erase();
    expect(await ground.rolesIn(id)).toEqual({ grace: 'owner' });
  });

  test('H04: a change whose event cannot be stored is none', async () => {
    const ada = await ground.person('ada');
    const { id } = await ground.team({ owner: ada });
    const { audit, teams } = ground.here;
    const record = audit.record;
    audit.record = () => {
      throw new Error('no room for events');
    };
    try {
      await expect(teams.rename(asPerson(ada), id, 'Mills')).rejects.toThrow('no room');
      await expect(teams.remove(asPerson(ada), id)).rejects.toThrow('no room');
    } finally {
      audit.record = record;
    }
    expect((await teams.get(operator, id)).team.name).toBe('Looms');
  });
});
