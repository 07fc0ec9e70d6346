// Invitations into a team: for one address, good once and for a week, and only for whoever has shown that it is theirs (row G18).
import type { Account } from '../accounts/accounts.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { type Actor, type Admission, asPerson, checkMayGive, checkTeamRole } from './admission.ts';
import { createInvitationStore, type Invitation, type InvitationPlace } from './invitation-store.ts';
import type { Rights } from './rights.ts';
import { createTeamStore } from './store.ts';
import type { TeamMail } from './team-mail.ts';

const LIFE_SECONDS = 7 * 86_400;

const GONE = 'There is no such invitation for you: it was answered, withdrawn, or is too old.';

export type MadeInvitation = Pick<Invitation, 'id' | 'email' | 'role' | 'expiresAt'>;

export type InvitationParts = {
  database: Database;
  audit: Audit;
  rights: Rights;
  admission: Admission;
  limiter: Pick<Limiter, 'checkAll'>;
  mail: TeamMail;
};

export function createInvitations({ database, audit, rights, admission, limiter, mail }: InvitationParts) {
  const invitations = createInvitationStore(database);
  const store = createTeamStore(database);

  // Mail to strangers is written only for somebody who can be found again.
  async function checkSender({ account }: Actor, teamId: string): Promise<void> {
    if (account === undefined) return;
    if (account.emailVerifiedAt === undefined) {
      throw new Refusal('access_denied', { words: 'Confirm your own e-mail address first.' });
    }
    await limiter.checkAll([
      ['team_invitation.account', account.id],
      ['team_invitation.team', teamId],
    ]);
  }

  /** Whoever has another address learns nothing; whoever has not confirmed theirs is told to. */
  async function getOwn(account: Account, id: string): Promise<Invitation> {
    const invitation = await invitations.find(id);
    if (invitation === undefined || invitation.email !== normalizeEmail(account.email))
      throw new Refusal('not_found', { words: GONE });
    if (account.emailVerifiedAt === undefined) {
      throw new Refusal('access_denied', { words: 'Confirm that the e-mail address is yours first.' });
    }
    return invitation;
  }

  return {
    /** Those of a team that wait for an answer, the oldest first after `after`, for those who manage it. */
    async list(actor: Actor, teamId: string, after?: InvitationPlace): Promise<Invitation[]> {
      await admission.admitManager(actor, teamId);
      return invitations.listOfTeam(teamId, after);
    },

    /** Those that wait for this person. Nobody has any before their address is confirmed. */
    async listOf(account: Account): Promise<Invitation[]> {
      return account.emailVerifiedAt === undefined
        ? []
        : invitations.listOfEmail(normalizeEmail(account.email));
    },

    getOwn,

    /** Sends a mail; an earlier invitation of the same address ends. Answers until when it is good. `alsoInUnit` may add writes. */
    async invite(
      actor: Actor,
      teamId: string,
      wanted: {
        email: string;
        role: string;
        alsoInUnit?: ((made: MadeInvitation) => void) | undefined;
      },
    ): Promise<MadeInvitation> {
      const admitted = await admission.admitManager(actor, teamId);
      const { role } = wanted;
      checkTeamRole(rights, role);
      checkMayGive(rights, admitted.role, role);
      const email = normalizeEmail(wanted.email);
      await checkSender(actor, teamId);
      const id = `inv_${randomSecret(16)}`;
      const expiresAt = nowSeconds() + LIFE_SECONDS;
      await admission.change(actor, admitted, () => {
        invitations.endOfEmail(teamId, email);
        invitations.register({ id, teamId, email, role, invitedBy: actor.account?.id, expiresAt });
        mail.invited({ id, email, expiresAt }, { teamName: admitted.team.name, inviter: actor.account });
        audit.record('team.invitation_sent', { actor: actor.name, details: { team_id: teamId, role } });
        wanted.alsoInUnit?.({ id, email, role, expiresAt });
      });
      return { id, email, role, expiresAt };
    },

    async withdraw(actor: Actor, teamId: string, id: string): Promise<void> {
      const admitted = await admission.admitManager(actor, teamId);
      const invitation = await invitations.find(id);
      if (invitation?.teamId !== teamId) throw new Refusal('not_found', { words: GONE });
      checkMayGive(rights, admitted.role, invitation.role);
      await admission.change(actor, admitted, () => {
        invitations.end(id, 'withdrawn');
        const details = { team_id: teamId, role: invitation.role };
        audit.record('team.invitation_withdrawn', { actor: actor.name, details });
      });
    },

    /** Of several at once one counts. Answers the team. */
    async accept(account: Account, id: string): Promise<{ teamId: string }> {
      const { teamId, role } = await getOwn(account, id);
      const team = await store.find(teamId);
      if (!rights.isTeamRole(role)) throw new Refusal('expired', { words: GONE, reason: 'role is gone' });
      const { maxMembers } = rights.planOfTeam(team?.plan);
      await admission.join(teamId, () => {
        invitations.end(id, 'accepted');
        store.holdAccount(account.id);
        store.addMember({ teamId, accountId: account.id, role }, maxMembers);
        const { name } = asPerson(account);
        const details = { team_id: teamId, role };
        audit.record('team.invitation_accepted', { actor: name, accountId: account.id, details });
      });
      return { teamId };
    },

    async decline(account: Account, id: string): Promise<void> {
      const { teamId, role } = await getOwn(account, id);
      await admission.join(teamId, () => {
        invitations.end(id, 'declined');
        const { name } = asPerson(account);
        const details = { team_id: teamId, role };
        audit.record('team.invitation_declined', { actor: name, accountId: account.id, details });
      });
    },

    sweep: invitations.sweep,
  };
}

export type Invitations = ReturnType<typeof createInvitations>;
