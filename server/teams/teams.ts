// Teams: made by a person or an operator, renamed, put on a plan, deleted with all that they own.
import type { Config } from '../../config/schema.ts';
import type { Account } from '../accounts/accounts.ts';
import { hasUnseen } from '../accounts/person-name.ts';
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import type { Actor, Admission } from './admission.ts';
import { createInvitationStore } from './invitation-store.ts';
import { OWNER, type Rights } from './rights.ts';
import { createTeamStore } from './store.ts';
import type { Team } from './team.ts';

const LONGEST_NAME = 100;
// A name stands in mails to strangers (invitations): it must not lead anywhere.
const leading = /:\/\/|\bwww\.|[<>]/i;

/** What belongs to a team and ends with it, or with the membership of the person in whose name it acts. In the open unit. */
export type TeamDependent = {
  readonly endOfTeam: (teamId: string) => void;
  readonly endOfMember: (teamId: string, accountId: string) => void;
};

export type TeamParts = {
  database: Database;
  audit: Audit;
  rights: Rights;
  admission: Admission;
  dependents: readonly TeamDependent[];
  config: Pick<Config, 'teams'>;
};

/** NFC, trimmed. Refuses with invalid_request, at the field `name`. */
export function cleanTeamName(name: string): string {
  const clean = name.normalize('NFC').trim();
  if (clean === '' || clean.length > LONGEST_NAME || hasUnseen(clean) || leading.test(clean)) {
    throw new Refusal('invalid_request', {
      words: 'Please give a name of at most {most} characters, without addresses of pages in it.',
      values: { most: LONGEST_NAME },
      param: 'name',
    });
  }
  return clean;
}

export function createTeams({ database, audit, rights, admission, dependents, config }: TeamParts) {
  const store = createTeamStore(database);
  const invitations = createInvitationStore(database);

  function checkPlan(plan: string | undefined): void {
    if (plan === undefined || rights.isPlan(plan)) return;
    throw new Refusal('invalid_request', {
      words: 'There is no plan {plan}, only {plans}.',
      values: { plan, plans: rights.planNames().join(', ') },
      param: 'plan',
    });
  }

  function checkMayMake({ account }: Actor): void {
    if (account === undefined || config.teams.made_by_people) return;
    throw new Refusal('access_denied', { words: 'Teams are made by those who run this server.' });
  }

  async function get(id: string): Promise<Team> {
    const team = await store.find(id);
    if (team === undefined) throw new Refusal('not_found', { words: 'There is no such team.' });
    return team;
  }

  /** In the open unit. */
  function putName(actor: Actor, id: string, name: string): void {
    store.rename(id, name);
    audit.record('team.renamed', { actor: actor.name, details: { team_id: id, name } });
  }

  /** The same. */
  function putPlan(actor: Actor, { id, plan: before }: Team, after: string | undefined): void {
    store.setPlan(id, after);
    audit.record('team.plan_changed', { actor: actor.name, details: { team_id: id, before, after } });
  }

  return {
    /** Live teams by id, for operators. */
    list: store.list,
    /** Those of one person, with their role. */
    listOf: (accountId: string) => store.listOf(accountId),

    /** The same for themselves, without what is others'. */
    async exportOf(accountId: string): Promise<{ id: string; name: string; role: string }[]> {
      return (await store.listOf(accountId)).map(({ id, name, role }) => ({ id, name, role }));
    },

    /** With the role of whoever asks. Refuses with not_found whoever is not in it. */
    get: (actor: Actor, id: string) => admission.admit(actor, id),

    /** A team with this person as its owner. Only an operator chooses the plan. `alsoInUnit` may add writes of its own. */
    async create(
      actor: Actor,
      owner: Account,
      wanted: {
        name: string;
        plan?: string | undefined;
        alsoInUnit?: ((made: { id: string; name: string }) => void) | undefined;
      },
    ): Promise<Team> {
      checkMayMake(actor);
      const plan = actor.account === undefined ? wanted.plan : undefined;
      checkPlan(plan);
      const team = { id: `team_${randomSecret(16)}`, name: cleanTeamName(wanted.name), plan };
      const most = actor.account === undefined ? Number.MAX_SAFE_INTEGER : config.teams.max_owned;
      const { maxMembers } = rights.planOfTeam(plan);
      await admission.begin(() => {
        store.register(team);
        store.holdAccount(owner.id);
        store.addMember({ teamId: team.id, accountId: owner.id, role: OWNER }, maxMembers);
        store.checkOwned(owner.id, most);
        audit.record('team.created', {
          actor: actor.name,
          accountId: owner.id,
          details: { team_id: team.id, name: team.name, plan },
        });
        wanted.alsoInUnit?.({ id: team.id, name: team.name });
      });
      return get(team.id);
    },

    async rename(actor: Actor, id: string, typed: string): Promise<Team> {
      const admitted = await admission.admitManager(actor, id);
      const name = cleanTeamName(typed);
      await admission.change(actor, admitted, () => putName(actor, id, name));
      return get(id);
    },

    /** By an operator; undefined is the default plan. What is too much for it is not removed, but gives nothing more. */
    async setPlan(actor: Actor, id: string, plan: string | undefined): Promise<Team> {
      const admitted = await admission.admit(actor, id);
      if (actor.account !== undefined) throw new Refusal('access_denied');
      checkPlan(plan);
      await admission.change(actor, admitted, () => putPlan(actor, admitted.team, plan));
      return get(id);
    },

    /** By an operator: its name, its plan, or both in one unit. A plan of null is the default one. */
    async update(
      actor: Actor,
      id: string,
      change: { name?: string | undefined; plan?: string | null | undefined },
    ): Promise<Team> {
      const admitted = await admission.admit(actor, id);
      if (actor.account !== undefined) throw new Refusal('access_denied');
      const name = change.name === undefined ? undefined : cleanTeamName(change.name);
      const plan = change.plan ?? undefined;
      checkPlan(plan);
      await admission.change(actor, admitted, () => {
        if (name !== undefined) putName(actor, id, name);
        if (change.plan !== undefined) putPlan(actor, admitted.team, plan);
      });
      return get(id);
    },

    /** Refuses (invalid_request) what is no plan of the configuration. */
    checkPlan,

    /** By an owner. All that the team owned ends in the same unit, and its id is never used again. */
    async remove(actor: Actor, id: string): Promise<Team> {
      const admitted = await admission.admitOwner(actor, id);
      await admission.change(actor, admitted, () => {
        store.remove(id);
        invitations.endOfTeam(id);
        for (const dependent of dependents) dependent.endOfTeam(id);
        audit.record('team.deleted', {
          actor: actor.name,
          details: { team_id: id, name: admitted.team.name },
        });
      });
      return admitted.team;
    },
  };
}

export type Teams = ReturnType<typeof createTeams>;
