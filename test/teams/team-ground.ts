// Teams on a database of either kind, opened by two programs at once: the parts as the server and the command line have them.
import type { Account } from '../../server/accounts/accounts.ts';
import { createParts } from '../../server/parts.ts';
import { sql } from '../../server/storage/statement.ts';
import { asOperator, asPerson } from '../../server/teams/admission.ts';
import { loadSettings } from '../config/load-text.ts';
import { createPlace, type Dialect } from '../storage/ground.ts';
import { PASSWORD } from '../support/world.ts';
import { teamSettings } from './team-world.ts';

export const operator = asOperator('operator');

export async function createTeamGround(dialect: Dialect, settings: Record<string, unknown> = {}) {
  const place = await createPlace(dialect);
  const config = loadSettings({
    ...teamSettings,
    ...settings,
    ...{ database: { url: place.url }, secrets_file: `${place.directory}/secrets`, log: { level: 'silent' } },
  });
  const here = await createParts(config, { actor: 'operator' });
  const there = await createParts(config, { actor: 'operator' });
  const secret = await here.accounts.register(
    { email: 'first@example.com', name: 'First', password: PASSWORD },
    'operator',
  );
  let count = 0;

  /** Somebody new, whose address is confirmed unless told otherwise. */
  async function person(name = 'somebody', { isConfirmed = true } = {}): Promise<Account> {
    count += 1;
    const id = `acct_${name}_${count}`;
    const email = `${name}${count}@example.com`;
    await here.database.transact(() =>
      here.database.write(
        sql`INSERT INTO accounts (id, email, email_normalized, email_verified_at, name, role, is_admin, created_at, updated_at)
          VALUES (${id}, ${email}, ${email}, ${isConfirmed ? 1 : null}, ${name}, 'member', 0, 1, 1)`,
      ),
    );
    return here.accounts.get(id);
  }

  /** A team with these members by role; `owner` is one of them. */
  async function team(people: { owner: Account } & Record<string, Account>, name = 'Looms') {
    const { owner, ...others } = people;
    const made = await here.teams.create(asPerson(owner), owner, { name });
    for (const [role, account] of Object.entries(others))
      await here.members.add(operator, { teamId: made.id, role: role.replace(/\d$/, '') }, account);
    return made;
  }

  /** Who is in it, by the name of the account's id, with their role. */
  async function rolesIn(teamId: string): Promise<Record<string, string>> {
    const members = await here.members.list(operator, teamId, { after: '', limit: 100 });
    return Object.fromEntries(members.map(({ name, role }) => [name, role]));
  }

  async function events(prefix = 'team.'): Promise<string[]> {
    const rows = await here.audit.list({ limit: 1000 });
    return rows.map(({ type }) => type).filter((type) => type.startsWith(prefix));
  }

  return {
    ...{ config, place, here, there, first: secret, person, team, rolesIn, events },
    async close(): Promise<void> {
      await there.close();
      await here.close();
      await place.close();
    },
  };
}

export type TeamGround = Awaited<ReturnType<typeof createTeamGround>>;

/** How it ended: the code of the refusal, or `done`. Anything else is thrown. */
export async function endOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return 'done';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && (error as Error).name === 'Refusal') return code;
    throw error;
  }
}

/** How each of them ended, counted. */
export async function tallyEnds(acts: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  for (const end of await Promise.all(acts.map(endOf))) ends[end] = (ends[end] ?? 0) + 1;
  return ends;
}
