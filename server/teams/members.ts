// Who is in a team, and in which role. A team always has an owner: decided in the database, whoever comes at once (row G18).
import type { Account } from '../accounts/accounts.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { Actor, Admission } from './admission.ts';
import { asPerson, checkMayGive, checkTeamRole } from './admission.ts';
import { createInvitationStore } from './invitation-store.ts';
import { OWNER, type Rights } from './rights.ts';
import { createTeamStore } from './store.ts';
import type { Member } from './team.ts';
import type { TeamDependent } from './teams.ts';

export type MemberParts = {
  database: Database;
  audit: Audit;
  rights: Rights;
  admission: Admission;
  dependents: readonly TeamDependent[];
};

type Place = { readonly teamId: string; readonly accountId: string };

export function createMembers({ database, audit, rights, admission, dependents }: MemberParts) {
  const store = createTeamStore(database);
  const invitations = createInvitationStore(database);

  async function getMember({ teamId, accountId }: Place): Promise<Member> {
    const member = await store.findMember(teamId, accountId);
    if (member === undefined)
      throw new Refusal('not_found', { words: 'This person is not in the team.', param: 'account' });
    return member;
  }

  /** In the open unit: the member is out, with everything that acted for the team in their name. */
  function takeOut({ teamId, accountId }: Place): void {
    store.removeMember(teamId, accountId);
    invitations.endBy(teamId, accountId);
    for (const dependent of dependents) dependent.endOfMember(teamId, accountId);
  }

  /** In the open unit. Who has less to give than before has invited nobody. */
  function giveRole(place: Place, { from, to }: { from: string; to: string }, actor: Actor): void {
    const { teamId, accountId } = place;
    store.holdRole(teamId, accountId, from);
    store.setRole(teamId, accountId, to);
    if (!rights.mayGive(to, from)) invitations.endBy(teamId, accountId);
    const details = { team_id: teamId, before: from, after: to };
    audit.record('team.role_changed', { actor: actor.name, accountId, details });
  }

  /** Into what an owner steps who hands the team over: the first other role that manages, else any other. */
  function roleBeside(): string {
    const others = rights.teamRoleNames().filter((name) => name !== OWNER);
    return others.find((name) => rights.manages(name)) ?? others[0] ?? OWNER;
  }

  return {
    /** By the id of their account. Every member sees who else is in the team. */
    async list(actor: Actor, teamId: string, page: { after: string; limit: number }): Promise<Member[]> {
      await admission.admit(actor, teamId);
      return store.listMembers(teamId, page);
    },

    /** One of them, as every member sees them. */
    async find(actor: Actor, place: Place): Promise<Member | undefined> {
      await admission.admit(actor, place.teamId);
      return store.findMember(place.teamId, place.accountId);
    },

    /** By an operator, who answers for it; people invite. */
    async add(actor: Actor, place: { teamId: string; role: string }, account: Account): Promise<void> {
      const { teamId, role } = place;
      const admitted = await admission.admit(actor, teamId);
      if (actor.account !== undefined) throw new Refusal('access_denied');
      checkTeamRole(rights, role);
      const { maxMembers } = rights.planOfTeam(admitted.team.plan);
      await admission.change(actor, admitted, () => {
        store.holdAccount(account.id);
        store.addMember({ teamId, accountId: account.id, role }, maxMembers);
        const details = { team_id: teamId, role };
        audit.record('team.member_added', { actor: actor.name, accountId: account.id, details });
      });
    },

    /** Also one's own role. Refuses (access_denied) to give or to take a role beyond one's own, and the last owner (conflict). */
    async setRole(actor: Actor, place: Place, role: string): Promise<void> {
      const admitted = await admission.admitManager(actor, place.teamId);
      checkTeamRole(rights, role);
      const member = await getMember(place);
      checkMayGive(rights, admitted.role, member.role);
      checkMayGive(rights, admitted.role, role);
      await admission.change(actor, admitted, () => giveRole(place, { from: member.role, to: role }, actor));
    },

    async remove(actor: Actor, place: Place): Promise<void> {
      const admitted = await admission.admitManager(actor, place.teamId);
      const member = await getMember(place);
      checkMayGive(rights, admitted.role, member.role);
      await admission.change(actor, admitted, () => {
        store.holdRole(place.teamId, place.accountId, member.role);
        takeOut(place);
        const details = { team_id: place.teamId, role: member.role };
        audit.record('team.member_removed', { actor: actor.name, accountId: place.accountId, details });
      });
    },

    /** Whatever their role. Refuses the last owner (conflict). */
    async leave(account: Account, teamId: string): Promise<void> {
      const actor = asPerson(account);
      const admitted = await admission.admit(actor, teamId);
      await admission.change(actor, admitted, () => {
        takeOut({ teamId, accountId: account.id });
        const details = { team_id: teamId, role: admitted.role };
        audit.record('team.member_left', { actor: actor.name, accountId: account.id, details });
      });
    },

    /** An owner hands the team to another member and steps back, in one unit. */
    async transfer(account: Account, place: Place): Promise<void> {
      const actor = asPerson(account);
      const admitted = await admission.admitOwner(actor, place.teamId);
      if (place.accountId === account.id)
        throw new Refusal('invalid_request', { words: 'The team is yours already.', param: 'account' });
      const member = await getMember(place);
      const own = { teamId: place.teamId, accountId: account.id };
      await admission.change(actor, admitted, () => {
        if (member.role !== OWNER) giveRole(place, { from: member.role, to: OWNER }, actor);
        giveRole(own, { from: OWNER, to: roleBeside() }, actor);
        const details = { team_id: place.teamId };
        audit.record('team.transferred', { actor: actor.name, accountId: place.accountId, details });
      });
    },

    /** Refuses (conflict) where a team would be left without an owner when this person goes. */
    async checkMayGo(account: Account): Promise<void> {
      const names = await store.listSolelyOwned(account.id);
      if (names.length === 0) return;
      throw new Refusal('conflict', {
        words: 'Nobody else owns: {teams}. Make somebody else an owner of each, or delete it, first.',
        values: { teams: names.join(', ') },
      });
    },

    /** In the open unit: out of every team, and forgotten as somebody who was invited. Their own grants end elsewhere. */
    leaveAll(account: Account): void {
      store.removeEverywhere(account.id);
      invitations.forgetPerson(account.id, normalizeEmail(account.email));
    },
  };
}

export type Members = ReturnType<typeof createMembers>;
