// Invitations: for one confirmed address, once, for a week, into a role that the inviter may give (row G18).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Account } from '../../server/accounts/accounts.ts';
import { KIND } from '../../server/mail/mail.ts';
import { sql } from '../../server/storage/statement.ts';
import { asPerson } from '../../server/teams/admission.ts';
import { dialects } from '../storage/ground.ts';
import { createTeamGround, endOf, operator, type TeamGround, tallyEnds } from './team-ground.ts';

const DAY_SECONDS = 86_400;
const AT_ONCE = 20;

describe.each(dialects)('on %s', (dialect) => {
  let ground: TeamGround;
  beforeAll(async () => {
    ground = await createTeamGround(dialect);
  });
  afterAll(() => ground.close());
  afterEach(() => {
    vi.useRealTimers();
  });

  async function mails(): Promise<Record<string, unknown>[]> {
    return (await ground.here.outbox.listDue(KIND, 1000)).map(({ payload }) => payload);
  }

  /** Ada's team, and an invitation of hers for Grace. */
  async function invited(role = 'member', { isConfirmed = true } = {}) {
    const ada = await ground.person('ada');
    const grace = await ground.person('grace', { isConfirmed });
    const team = await ground.team({ owner: ada });
    const invite = () => ground.here.invitations.invite(asPerson(ada), team.id, { email: grace.email, role });
    return { ada, grace, team, invite, ...(await invite()) };
  }

  test('the mail goes to the address that was typed, in one spelling, and names the inviter by theirs', async () => {
    const ada = await ground.person('ada');
    const team = await ground.team({ owner: ada }, 'Brass Wheels');
    const typed = { email: '  Grace.Hopper@EXAMPLE.com ', role: 'admin' };
    const made = await ground.here.invitations.invite(asPerson(ada), team.id, typed);
    expect(made).toMatchObject({
      id: expect.stringMatching(/^inv_[\w-]{22}$/),
      email: 'grace.hopper@example.com',
    });
    const mail = (await mails()).find(({ to }) => to === 'grace.hopper@example.com');
    expect(mail).toMatchObject({
      template: 'team-invitation',
      expiresAt: made.expiresAt,
      locals: {
        ...{ team_name: 'Brass Wheels', inviter: ada.email },
        url: `${ground.config.issuer}/invitations/${made.id}`,
      },
    });
    expect(
      JSON.stringify(await ground.here.audit.list({ type: 'team.invitation_sent', limit: 1 })),
    ).not.toContain('grace');
  });

  test('G18: whoever has shown that the address is theirs accepts it, and is in the team in that role', async () => {
    const { grace, team, id } = await invited();
    expect((await ground.there.invitations.listOf(grace)).map((one) => one.id)).toEqual([id]);
    expect(await ground.there.invitations.accept(grace, id)).toEqual({ teamId: team.id });
    expect(await ground.rolesIn(team.id)).toEqual({ ada: 'owner', grace: 'member' });
    expect(await endOf(ground.here.invitations.accept(grace, id))).toBe('not_found');
    expect(await ground.here.invitations.list(operator, team.id)).toEqual([]);
    expect((await ground.events())[0]).toBe('team.invitation_accepted');
  });

  test('G18: another address learns nothing of it, and an address that is not confirmed opens nothing', async () => {
    const { grace, id } = await invited('member', { isConfirmed: false });
    const mallory = await ground.person('mallory');
    const { invitations } = ground.here;
    for (const act of [invitations.getOwn, invitations.accept, invitations.decline]) {
      expect(await endOf(act(mallory, id))).toBe('not_found');
      expect(await endOf(act(mallory, 'inv_none'))).toBe('not_found');
      expect(await endOf(act(grace, id))).toBe('access_denied');
    }
    expect(await invitations.listOf(grace)).toEqual([]);
  });

  test('G18: after seven days it is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Date.now();
    const { grace, team, id, expiresAt } = await invited();
    expect(expiresAt).toBe(Math.floor(start / 1000) + 7 * DAY_SECONDS);
    vi.setSystemTime((expiresAt - 1) * 1000);
    expect((await ground.here.invitations.getOwn(grace, id)).teamName).toBe('Looms');
    vi.setSystemTime(expiresAt * 1000);
    expect(await endOf(ground.here.invitations.accept(grace, id))).toBe('not_found');
    expect(await ground.rolesIn(team.id)).toEqual({ ada: 'owner' });
    expect(await ground.here.invitations.sweep(expiresAt + 1, 100)).toBeGreaterThan(0);
  });

  test(`G18: of ${AT_ONCE} acceptances of one invitation at once, in two programs, one counts`, async () => {
    const { grace, team, id } = await invited();
    const acts = Array.from({ length: AT_ONCE }, (_, index) =>
      (index % 2 === 0 ? ground.here : ground.there).invitations.accept(grace, id),
    );
    const { done, ...lost } = await tallyEnds(acts);
    expect(done).toBe(1);
    expect(
      Object.keys(lost).filter((code) => !['expired', 'not_found', 'already_exists'].includes(code)),
    ).toEqual([]);
    expect(await ground.rolesIn(team.id)).toEqual({ ada: 'owner', grace: 'member' });
    const events = await ground.here.audit.list({
      accountId: grace.id,
      type: 'team.invitation_accepted',
      limit: 9,
    });
    expect(events).toHaveLength(1);
  });

  test('G18: a yes and a no at once are one answer', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { grace, team, id } = await invited();
      const ends = [
        await Promise.all([
          endOf(ground.here.invitations.accept(grace, id)),
          endOf(ground.there.invitations.decline(grace, id)),
        ]),
      ].flat();
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect('grace' in (await ground.rolesIn(team.id))).toBe(ends[0] === 'done');
    }
  });

  test('G18: nobody invites beyond their own role, and a mere member invites nobody', async () => {
    const [ada, grace, edith] = [
      await ground.person('ada'),
      await ground.person('grace'),
      await ground.person('edith'),
    ];
    const team = await ground.team({ owner: ada, admin: grace, member: edith });
    const invite = (by: Account, role: string) =>
      endOf(ground.here.invitations.invite(asPerson(by), team.id, { email: 'x@example.com', role }));
    expect(await invite(grace, 'owner')).toBe('access_denied');
    expect(await invite(grace, 'admin')).toBe('done');
    expect(await invite(ada, 'owner')).toBe('done');
    expect(await invite(edith, 'reader')).toBe('access_denied');
    expect(await invite(ada, 'wizard')).toBe('invalid_request');
  });

  test('G18: what somebody sent who was demoted, taken out or left is worth nothing any more', async () => {
    const ada = await ground.person('ada');
    const { members, invitations } = ground.here;
    const ends: [string, (teamId: string, accountId: string, account: Account) => Promise<unknown>][] = [
      ['demoted', (teamId, accountId) => members.setRole(asPerson(ada), { teamId, accountId }, 'member')],
      ['taken out', (teamId, accountId) => members.remove(asPerson(ada), { teamId, accountId })],
      ['left', (teamId, _accountId, account) => members.leave(account, teamId)],
    ];
    for (const [, end] of ends) {
      const [grace, edith] = [await ground.person('grace'), await ground.person('edith')];
      const team = await ground.team({ owner: ada, admin: grace });
      const { id } = await invitations.invite(asPerson(grace), team.id, {
        email: edith.email,
        role: 'admin',
      });
      await end(team.id, grace.id, grace);
      expect(await endOf(invitations.accept(edith, id))).toBe('not_found');
    }
  });

  test('a second invitation takes the place of the first; one may be withdrawn by those who could have sent it', async () => {
    const { ada, grace, team, id, invite } = await invited('admin');
    const { invitations, members } = ground.here;
    const second = await invite();
    expect(await endOf(invitations.accept(grace, id))).toBe('not_found');
    const edith = await ground.person('edith');
    await members.add(operator, { teamId: team.id, role: 'member' }, edith);
    expect(await endOf(invitations.withdraw(asPerson(edith), team.id, second.id))).toBe('access_denied');
    const elsewhere = await ground.team({ owner: edith });
    expect(await endOf(invitations.withdraw(asPerson(edith), elsewhere.id, second.id))).toBe('not_found');
    await invitations.withdraw(asPerson(ada), team.id, second.id);
    expect(await endOf(invitations.accept(grace, second.id))).toBe('not_found');
  });

  test('whoever says no is not in it, and one who is in it already changes nothing by a yes', async () => {
    const { grace, team, id } = await invited();
    await ground.here.invitations.decline(grace, id);
    expect(await ground.rolesIn(team.id)).toEqual({ ada: 'owner' });
    const again = await invited('admin');
    await ground.here.members.add(operator, { teamId: again.team.id, role: 'reader' }, again.grace);
    expect(await endOf(ground.here.invitations.accept(again.grace, again.id))).toBe('already_exists');
    expect(await ground.rolesIn(again.team.id)).toEqual({ ada: 'owner', grace: 'reader' });
  });

  test('an invitation ends with the team, and with the account of whoever was invited', async () => {
    const first = await invited();
    await ground.here.teams.remove(operator, first.team.id);
    expect(await endOf(ground.there.invitations.accept(first.grace, first.id))).toBe('not_found');
    const { grace } = await invited();
    const { database, accountDeletion } = ground.here;
    await database.transact(() => accountDeletion.erase(grace, 'operator'));
    const left = await database.find<{ count: number }>(
      sql`SELECT COUNT(*) AS count FROM team_invitations WHERE email = ${grace.email}`,
    );
    expect(Number(left?.count)).toBe(0);
  });

  test('mail to strangers is written only for a confirmed address, and not without end', async () => {
    const ada = await ground.person('ada', { isConfirmed: false });
    const team = await ground.team({ owner: ada });
    const invite = (by: Account, index: number) =>
      endOf(
        ground.here.invitations.invite(asPerson(by), team.id, {
          email: `s${index}@example.com`,
          role: 'member',
        }),
      );
    expect(await invite(ada, 0)).toBe('access_denied');
    const { database, accounts } = ground.here;
    await database.transact(() =>
      database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE id = ${ada.id}`),
    );
    const confirmed = await accounts.get(ada.id);
    const ends = await Promise.all(Array.from({ length: 40 }, (_, index) => invite(confirmed, index)));
    expect(ends.filter((end) => end === 'done')).toHaveLength(30);
    expect(ends.filter((end) => end === 'too_many_requests')).toHaveLength(10);
  });
});
