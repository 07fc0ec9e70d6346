// Whose service account it is, decided in the database: every act of the part, by everybody, on both kinds (rows G06, G07, G10).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account } from '../../server/accounts/accounts.ts';
import { accountRegistration } from '../../server/service-accounts/account-registration.ts';
import { readJwk } from '../../server/service-accounts/public-keys.ts';
import { sql } from '../../server/storage/statement.ts';
import { type Actor, asPerson } from '../../server/teams/admission.ts';
import { dialects } from '../storage/ground.ts';
import { createTeamGround, endOf, operator, type TeamGround } from '../teams/team-ground.ts';
import { createSigner } from './issuers.ts';

const ROUNDS = 8;
const plans = { standard: {}, narrow: { max_service_accounts: 2 }, none: { max_service_accounts: 0 } };

describe.each(dialects)('on %s', (dialect) => {
  let ground: TeamGround;
  let people: Record<'ada' | 'grace' | 'mary' | 'ida' | 'eve', Account>;
  let teamId: string;
  beforeAll(async () => {
    ground = await createTeamGround(dialect, { plans });
    const boards = {
      name: 'Boards',
      scopes: { 'read:boards': 'See boards' },
      tokenFormat: 'opaque',
    } as const;
    await ground.here.resources.register(
      { identifier: 'https://boards.example.com/', isDefault: false, registration: boards },
      { auth: 'client_secret_basic' },
    );
    const names = ['ada', 'grace', 'mary', 'ida', 'eve'] as const;
    const made: [string, Account][] = [];
    for (const name of names) made.push([name, await ground.person(name)]);
    people = Object.fromEntries(made) as typeof people;
    const { ada, grace, mary, ida } = people;
    teamId = (await ground.team({ owner: ada, admin: grace, member: mary, member2: ida })).id;
    await ground.here.members.remove(operator, { teamId, accountId: ida.id });
    await ground.team({ owner: people.eve }, 'Others');
  });
  afterAll(() => ground.close());

  async function register(actor: Actor, of: string | null = teamId, parts = ground.here) {
    const { serviceAccounts } = parts;
    const id = serviceAccounts.createId();
    const keys = [readJwk((await createSigner()).jwk)];
    const terms = {
      name: 'Reports',
      scopes: ['read:boards'],
      profile: 'strict',
      keys,
      disabledKeys: [],
    } as const;
    return serviceAccounts.register(id, accountRegistration(id, terms), {
      ...{ teamId: of ?? undefined, actor },
    });
  }

  async function rows() {
    const { database } = ground.here;
    const texts = [
      sql`SELECT * FROM service_accounts ORDER BY client_id`,
      sql`SELECT * FROM clients ORDER BY id`,
      sql`SELECT COUNT(*) AS count FROM audit_events`,
    ];
    return JSON.stringify(await Promise.all(texts.map((text) => database.list(text))));
  }

  async function acts(actor: Actor): Promise<Record<string, () => Promise<unknown>>> {
    const { serviceAccounts } = ground.here;
    const [found] = await serviceAccounts.list(operator, { teamId, after: '', limit: 1 });
    const one = found ?? expect.fail();
    const spare = readJwk((await createSigner({ kid: 'spare' })).jwk);
    return {
      register: () => register(actor),
      list: () => serviceAccounts.list(actor, { teamId, after: '', limit: 10 }),
      getAs: () => serviceAccounts.getAs(actor, one.id),
      addKey: () => serviceAccounts.addKey(one, spare, { actor }),
      disableKey: () => serviceAccounts.disableKey(one, 'key-1', actor),
      enableKey: () => serviceAccounts.enableKey(one, 'key-1', actor),
      removeKey: () => serviceAccounts.removeKey(one, 'key-1', actor),
      endBefore: () => serviceAccounts.endBefore(one, 1, actor),
      disable: () => serviceAccounts.disable(one, actor),
      enable: () => serviceAccounts.enable(one, actor),
      remove: () => serviceAccounts.remove(one, actor),
    };
  }

  test.each([
    ['eve', 'not_found'],
    ['ida', 'not_found'],
    ['mary', 'access_denied'],
  ] as const)('G07: no act of %s does anything', async (name, code) => {
    await register(operator);
    const all = await acts(asPerson(people[name]));
    const before = await rows();
    for (const [act, run] of Object.entries(all)) expect(await endOf(run()), act).toBe(code);
    expect(await rows()).toBe(before);
  });

  test('G07: to strangers one that is there is as one that is not', async () => {
    const { id } = await register(operator);
    const { serviceAccounts } = ground.here;
    const wordsOf = (asked: string) =>
      serviceAccounts.getAs(asPerson(people.eve), asked).catch(({ message }: Error) => message);
    const missing = serviceAccounts.createId();
    expect(String(await wordsOf(id)).replace(id, '…')).toBe(
      String(await wordsOf(missing)).replace(missing, '…'),
    );
    const ofOperator = await register(operator, null);
    expect(await endOf(serviceAccounts.getAs(asPerson(people.ada), ofOperator.id))).toBe('not_found');
    expect(await endOf(serviceAccounts.disable(ofOperator, asPerson(people.ada)))).toBe('not_found');
    expect(await endOf(register(asPerson(people.ada), null))).toBe('invalid_request');
  });

  test.each(['ada', 'grace'] as const)(
    'every act of %s, who manages the team, does what it says',
    async (name) => {
      const actor = asPerson(people[name]);
      const all = await acts(actor);
      for (const [act, run] of Object.entries(all)) {
        // Each begins with what the one before has left.
        const { [act]: again = run } = ['list', 'getAs', 'register'].includes(act) ? all : await acts(actor);
        expect(await endOf(again()), act).toBe('done');
      }
    },
  );

  test('G10: whoever loses the role in the very moment makes nothing', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const admin = await ground.person('admin');
      await ground.here.members.add(operator, { teamId, role: 'admin' }, admin);
      const before = (await ground.here.serviceAccounts.list(operator, { teamId, after: '', limit: 1000 }))
        .length;
      const [made] = await Promise.all([
        endOf(register(asPerson(admin), teamId, ground.there)),
        ground.here.members.setRole(operator, { teamId, accountId: admin.id }, 'member'),
      ]);
      const after = (await ground.here.serviceAccounts.list(operator, { teamId, after: '', limit: 1000 }))
        .length;
      expect(after - before, made).toBe(made === 'done' ? 1 : 0);
      expect(['done', 'access_denied', 'conflict']).toContain(made);
      expect(await endOf(register(asPerson(admin)))).toBe('access_denied');
    }
  });

  test('G06: two programs at once make no more than the plan has', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const owner = await ground.person('owner');
      const { id } = await ground.team({ owner });
      await ground.here.teams.setPlan(operator, id, 'narrow');
      const ends = await Promise.all(
        [ground.here, ground.there, ground.here, ground.there].map((parts) =>
          endOf(register(asPerson(owner), id, parts)),
        ),
      );
      expect(ends.toSorted()).toEqual(['access_denied', 'access_denied', 'done', 'done']);
      expect(
        await ground.here.serviceAccounts.list(operator, { teamId: id, after: '', limit: 9 }),
      ).toHaveLength(2);
    }
  });

  test('G06: on a plan without service accounts there are none, and those of before are good for nothing', async () => {
    const owner = await ground.person('owner');
    const { id } = await ground.team({ owner });
    const account = await register(asPerson(owner), id);
    expect(account.isActive).toBe(true);
    await ground.here.teams.setPlan(operator, id, 'none');
    expect(await endOf(register(asPerson(owner), id))).toBe('access_denied');
    expect(await ground.here.serviceAccounts.get(account.id)).toMatchObject({
      isActive: false,
      isOnPlan: false,
    });
    await ground.here.teams.setPlan(operator, id, undefined);
    expect((await ground.here.serviceAccounts.get(account.id)).isActive).toBe(true);
  });
});
