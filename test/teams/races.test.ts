// Two programs on one database, many rounds: whoever comes at once, a team keeps an owner (row G18).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account } from '../../server/accounts/accounts.ts';
import { asPerson } from '../../server/teams/admission.ts';
import { dialects } from '../storage/ground.ts';
import { createTeamGround, endOf, operator, type TeamGround } from './team-ground.ts';

const ROUNDS = 15;

describe.each(dialects)('on %s', (dialect) => {
  let ground: TeamGround;
  beforeAll(async () => {
    ground = await createTeamGround(dialect);
  });
  afterAll(() => ground.close());

  type Two = { ada: Account; grace: Account; teamId: string };

  async function twoOwners(): Promise<Two> {
    const [ada, grace] = [await ground.person('ada'), await ground.person('grace')];
    const { id } = await ground.team({ owner: ada, owner2: grace });
    return { ada, grace, teamId: id };
  }

  function ownersOf(roles: Record<string, string>): string[] {
    return Object.keys(roles).filter((name) => roles[name] === 'owner');
  }

  /** Both at once, in two programs; answers how each ended and who owns the team then. */
  async function race({ teamId }: Two, acts: readonly [Promise<unknown>, Promise<unknown>]) {
    // A person whose account is erased at the commit meets a bare conflict there.
    const ends = await Promise.all(
      acts.map((act) => endOf(act).catch((error: { label?: string }) => error.label ?? 'fault')),
    );
    return { ends, owners: ownersOf(await ground.rolesIn(teamId)) };
  }

  test.each<[string, (two: Two) => readonly [Promise<unknown>, Promise<unknown>]]>([
    [
      'leave',
      ({ ada, grace, teamId }) => [
        ground.here.members.leave(ada, teamId),
        ground.there.members.leave(grace, teamId),
      ],
    ],
    [
      'step down',
      ({ ada, grace, teamId }) => [
        ground.here.members.setRole(asPerson(ada), { teamId, accountId: ada.id }, 'member'),
        ground.there.members.setRole(asPerson(grace), { teamId, accountId: grace.id }, 'member'),
      ],
    ],
    [
      'demote each other',
      ({ ada, grace, teamId }) => [
        ground.here.members.setRole(asPerson(ada), { teamId, accountId: grace.id }, 'member'),
        ground.there.members.setRole(asPerson(grace), { teamId, accountId: ada.id }, 'member'),
      ],
    ],
    [
      'take each other out',
      ({ ada, grace, teamId }) => [
        ground.here.members.remove(asPerson(ada), { teamId, accountId: grace.id }),
        ground.there.members.remove(asPerson(grace), { teamId, accountId: ada.id }),
      ],
    ],
    [
      'are taken out by two operators',
      ({ ada, grace, teamId }) => [
        ground.here.members.remove(operator, { teamId, accountId: grace.id }),
        ground.there.members.remove(operator, { teamId, accountId: ada.id }),
      ],
    ],
    [
      'leave and delete their account',
      ({ ada, grace, teamId }) => [
        ground.here.members.leave(ada, teamId),
        ground.there.database.transact(() => ground.there.accountDeletion.erase(grace, 'operator')),
      ],
    ],
    [
      'delete their accounts',
      ({ ada, grace }) => [
        ground.here.database.transact(() => ground.here.accountDeletion.erase(ada, 'operator')),
        ground.there.database.transact(() => ground.there.accountDeletion.erase(grace, 'operator')),
      ],
    ],
  ])(
    `G18: where the two owners of a team %s at once, ${ROUNDS} times, one of them stays its owner`,
    async (_title, acts) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const two = await twoOwners();
        const { ends, owners } = await race(two, acts(two));
        expect(ends.filter((end) => end === 'done')).toHaveLength(1);
        expect(ends).not.toContain('fault');
        expect(owners).toHaveLength(1);
      }
    },
  );

  test(`G18: an invitation that is sent while its sender is demoted is open for nobody, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { ada, grace, teamId } = await twoOwners();
      const email = `guest${round}@example.com`;
      const [sent] = await Promise.all([
        endOf(ground.here.invitations.invite(asPerson(grace), teamId, { email, role: 'owner' })),
        ground.there.members.setRole(asPerson(ada), { teamId, accountId: grace.id }, 'member'),
      ]);
      expect(['done', 'conflict', 'access_denied']).toContain(sent);
      expect(await ground.here.invitations.list(operator, teamId)).toEqual([]);
    }
  });

  test(`the last place of a team is taken once, ${ROUNDS} times`, async () => {
    const ada = await ground.person('ada');
    for (let round = 0; round < ROUNDS; round += 1) {
      const people = [await ground.person('grace'), await ground.person('edith')] as const;
      const { id } = await ground.here.teams.create(operator, ada, { name: 'Looms', plan: 'small' });
      const ends = await Promise.all(
        people.map((account, index) =>
          endOf(
            [ground.here, ground.there][index % 2 === 0 ? 0 : 1]?.members.add(
              operator,
              { teamId: id, role: 'member' },
              account,
            ) ?? Promise.resolve(),
          ),
        ),
      );
      expect(ends.toSorted()).toEqual(['conflict', 'done']);
      expect(Object.keys(await ground.rolesIn(id))).toHaveLength(2);
    }
  });
});
