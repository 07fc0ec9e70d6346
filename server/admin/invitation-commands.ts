// What an operator may do with invitations into teams. The JSON API calls the same functions.
import { asOperator } from '../teams/admission.ts';
import type { MadeInvitation } from '../teams/invitations.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'invitations'>;

const operator = asOperator(OPERATOR);

export type ShownNewInvitation = { id: string; email: string; role: string; expires_at: number };

export type ShownInvitation = ShownNewInvitation & {
  /** Null where an operator invited. */
  invited_by: string | null;
  created_at: number;
};

function showMade({ id, email, role, expiresAt }: MadeInvitation): ShownNewInvitation {
  return { id, email, role, expires_at: expiresAt };
}

/** Those that wait for an answer, the oldest first, at most `limit`. */
export async function listInvitations(
  { invitations }: Parts,
  teamId: string,
  page: { after: { createdAt: number; id: string }; limit: number },
): Promise<ShownInvitation[]> {
  const found = await invitations.list(operator, teamId, page.after);
  return found.slice(0, page.limit).map(({ invitedBy, createdAt, ...made }) => ({
    ...showMade(made),
    ...{ invited_by: invitedBy ?? null, created_at: createdAt },
  }));
}

/** Sends a mail; an earlier invitation of the same address ends. */
export async function inviteIntoTeam(
  { invitations }: Parts,
  teamId: string,
  wanted: { email: string; role: string; alsoInUnit?: (made: ShownNewInvitation) => void },
): Promise<ShownNewInvitation> {
  const { email, role } = wanted;
  const alsoInUnit = (made: MadeInvitation) => wanted.alsoInUnit?.(showMade(made));
  return showMade(await invitations.invite(operator, teamId, { email, role, alsoInUnit }));
}

export async function withdrawInvitation(
  { invitations }: Parts,
  place: { teamId: string; id: string },
): Promise<void> {
  await invitations.withdraw(operator, place.teamId, place.id);
}
