// Mail about apps of teams: to operators that something waits, and to those who manage the team what became of it.
import type { SendMail } from '../accounts/account-mail.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { OperatorMail } from '../accounts/operator-mail.ts';
import type { Client } from '../clients/clients.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Recipient } from '../teams/managers.ts';

const EVERYBODY = 'all';

export type AppMailParts = {
  send: SendMail;
  issuer: string;
  limiter: Pick<Limiter, 'take'>;
  operatorMail: Pick<OperatorMail, 'listRecipients'>;
};

export type Decision = { isAllowed: boolean; isChange: boolean; note: string | undefined };

export function createAppMail({ send, issuer, limiter, operatorMail }: AppMailParts) {
  function addressOf(teamId: string, id: string): string {
    return `${issuer}/teams/${encodeURIComponent(teamId)}/apps/${encodeURIComponent(id)}`;
  }

  /** Beyond the limits it stands in the list of what waits, and fills nobody's mailbox. */
  async function mayTell(teamId: string): Promise<boolean> {
    const own = await limiter.take('team_app.mail_of_team', teamId);
    return own.isAllowed && (await limiter.take('team_app.mail', EVERYBODY)).isAllowed;
  }

  return {
    /** Answers what tells operators, to be called in the unit in which the team asks. */
    async prepareAsked(team: { id: string; name: string }, { isChange }: { isChange: boolean }) {
      const recipients = (await mayTell(team.id)) ? await operatorMail.listRecipients() : [];
      return ({ id, name }: { id: string; name: string }): void => {
        const app = { app_name: name, client_id: id, team_name: team.name, team_id: team.id };
        const url = `${issuer}/admin/clients/${encodeURIComponent(id)}`;
        const locals = { ...app, is_change: isChange ? 'yes' : undefined, url };
        for (const recipient of recipients) send({ template: 'app-waiting', ...recipient, locals });
      };
    },

    /** In the unit that blocks it. */
    blocked(recipients: readonly Recipient[], { id, registration, owner }: Client): void {
      const locals = { app_name: registration.name, url: addressOf(owner?.teamId ?? '', id) };
      for (const { accountId, email, locale } of recipients)
        send({ template: 'app-blocked', to: normalizeEmail(email), accountId, locale, locals });
    },

    /** In the unit of the decision. */
    decided(recipients: readonly Recipient[], { id, registration, owner }: Client, decision: Decision): void {
      const { isAllowed, isChange, note } = decision;
      const locals = {
        ...{ app_name: registration.name, note },
        ...{ is_allowed: isAllowed ? 'yes' : undefined, is_change: isChange ? 'yes' : undefined },
        url: addressOf(owner?.teamId ?? '', id),
      };
      for (const { accountId, email, locale } of recipients)
        send({ template: 'app-decided', to: normalizeEmail(email), accountId, locale, locals });
    },
  };
}

export type AppMail = ReturnType<typeof createAppMail>;
