// What people are told of teams by mail. A person's own name is in none: the inviter is named by their confirmed address.
import type { Account } from '../accounts/accounts.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { Mail } from '../mail/mail.ts';

export function createTeamMail({ send, issuer }: { send: (mail: Mail) => void; issuer: string }) {
  return {
    /** To an address that need not be of anybody we know. In the open unit. */
    invited(
      invitation: { id: string; email: string; expiresAt: number },
      from: { teamName: string; inviter: Account | undefined },
    ): void {
      const { id, email: to, expiresAt } = invitation;
      const inviter = from.inviter === undefined ? undefined : normalizeEmail(from.inviter.email);
      send({
        template: 'team-invitation',
        // Whoever they are, the inviter's language is the best guess.
        ...{ to, accountId: '', locale: from.inviter?.locale, expiresAt },
        locals: {
          ...{ team_name: from.teamName, inviter, email: to, ends_at: expiresAt },
          url: `${issuer}/invitations/${id}`,
        },
      });
    },
  };
}

export type TeamMail = ReturnType<typeof createTeamMail>;
