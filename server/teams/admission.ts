// Who acts on a team, and as what: whoever is not in it learns nothing of it, not even that it is there (row G07).
import type { Account } from '../accounts/accounts.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { OWNER, type Rights } from './rights.ts';
import { createTeamStore } from './store.ts';
import type { Team } from './team.ts';

/** A person, or an operator, who may do all that an owner may. `name` signs the audit log. */
export type Actor = { readonly name: string; readonly account: Account | undefined };

/** A team as the actor stands to it. An operator is in none and counts as an owner. */
export type Admitted = { readonly team: Team; readonly role: string };

export function asPerson(account: Account): Actor {
  return { name: `account:${account.id}`, account };
}

/** `name`: `operator`, or the administrator who acts as one. */
export function asOperator(name: string): Actor {
  return { name, account: undefined };
}

const words: Readonly<Record<string, string>> = {
  last_owner: 'A team needs an owner. Make somebody else an owner first, or delete the team.',
  full: 'The team has as many members as its plan allows.',
  owned: 'You own as many teams as one person may.',
  member: 'This person is in the team already.',
  invitation: 'This invitation was answered already, withdrawn, or is too old.',
};
const codes: Readonly<Record<string, 'not_found' | 'already_exists' | 'expired'>> = {
  team: 'not_found',
  account: 'not_found',
  member: 'already_exists',
  invitation: 'expired',
};

/** What a lost compare-and-set means to whoever asked. Anything else stays what it is. */
function toRefusal(error: unknown): unknown {
  if (!(error instanceof Conflict)) return error;
  const { label } = error;
  const isOurs = label === 'role' || label in words || label in codes;
  if (!isOurs) return error;
  const said = words[label];
  return new Refusal(codes[label] ?? 'conflict', {
    ...(said === undefined ? {} : { words: said }),
    reason: label,
    cause: error,
  });
}

/** Refuses (invalid_request) what is no role of the configuration. */
export function checkTeamRole(rights: Rights, role: string): void {
  if (rights.isTeamRole(role)) return;
  throw new Refusal('invalid_request', {
    words: 'There is no role {role}, only {roles}.',
    values: { role, roles: rights.teamRoleNames().join(', ') },
    param: 'role',
  });
}

/** Refuses (access_denied) to give, or to take, a role beyond one's own. */
export function checkMayGive(rights: Rights, own: string, role: string): void {
  if (rights.mayGive(own, role)) return;
  throw new Refusal('access_denied', {
    words: 'Your own role does not reach as far as {role}.',
    values: { role },
    param: 'role',
  });
}

export function createAdmission({ database, rights }: { database: Database; rights: Rights }) {
  const store = createTeamStore(database);

  /** Refuses with not_found whoever is not in the team. */
  async function admit(actor: Actor, teamId: string): Promise<Admitted> {
    if (actor.account === undefined) {
      const team = await store.find(teamId);
      if (team === undefined) throw new Refusal('not_found', { words: 'There is no such team.' });
      return { team, role: OWNER };
    }
    // An empty id would be all of theirs.
    const [found] = teamId === '' ? [] : await store.listOf(actor.account.id, teamId);
    if (found === undefined) throw new Refusal('not_found', { words: 'There is no such team.' });
    const { role, ...team } = found;
    return { team, role };
  }

  /** The same, and refuses with access_denied a member who does not manage it. */
  async function admitManager(actor: Actor, teamId: string): Promise<Admitted> {
    const admitted = await admit(actor, teamId);
    if (rights.manages(admitted.role)) return admitted;
    throw new Refusal('access_denied', { words: 'Only those who manage the team may do this.' });
  }

  return {
    admit,
    admitManager,

    async admitOwner(actor: Actor, teamId: string): Promise<Admitted> {
      const admitted = await admit(actor, teamId);
      if (admitted.role === OWNER) return admitted;
      throw new Refusal('access_denied', { words: 'Only an owner of the team may do this.' });
    },

    /** Runs `act` in a unit of its own, in which the actor still is what they were admitted as. */
    async change(actor: Actor, { team, role }: Admitted, act: () => void): Promise<void> {
      try {
        await database.transact(() => {
          store.lock(team.id);
          if (actor.account !== undefined) store.holdRole(team.id, actor.account.id, role);
          act();
        });
      } catch (error) {
        throw toRefusal(error);
      }
    },

    /** Runs `act` in a unit of its own, for whoever is not in the team yet. */
    async join(teamId: string, act: () => void): Promise<void> {
      try {
        await database.transact(() => {
          store.lock(teamId);
          act();
        });
      } catch (error) {
        throw toRefusal(error);
      }
    },

    /** The same where there is no team yet. */
    async begin(act: () => void): Promise<void> {
      try {
        await database.transact(act);
      } catch (error) {
        throw toRefusal(error);
      }
    },
  };
}

export type Admission = ReturnType<typeof createAdmission>;
