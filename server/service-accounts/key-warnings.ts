// Tells those who manage a service account 14, 7 and 1 days before one of its keys ends, as the owners of API keys are told:
// the mail is written in the unit that records the warning, so of any number of nodes one sends it.
import type { SendMail } from '../accounts/account-mail.ts';
import { normalizeEmail } from '../accounts/email.ts';
import type { OperatorMail } from '../accounts/operator-mail.ts';
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import { readRows } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createRepeating } from '../storage/repeating.ts';
import { listReachableManagers } from '../teams/managers.ts';
import type { Rights } from '../teams/rights.ts';
import type { AccountRegistration } from './account-registration.ts';
import { isDisabled, type PublicKey, thumbprintOf } from './keys.ts';
import { readRegistration } from './store.ts';
import { createWarnedKeyStore, type EndingRow } from './warned-key-store.ts';

const BATCH = 50;
const EVERY_MILLISECONDS = 600_000;
const DAY_SECONDS = 86_400;

function readEnding(row: EndingRow) {
  const { name, trust } = readRegistration(row) as AccountRegistration;
  const keys = (trust.jwks?.keys ?? []).filter((key) => !isDisabled(key, trust.disabledKeys));
  return { row, name, keys };
}

export type ServiceKeyWarningParts = {
  database: Database;
  audit: Pick<Audit, 'record'>;
  rights: Rights;
  operatorMail: Pick<OperatorMail, 'listRecipients'>;
  send: SendMail;
  log: Log;
  issuer: string;
  /** How many days before the end, the most first. */
  warningDays: readonly number[];
};

export function createServiceKeyWarnings(parts: ServiceKeyWarningParts) {
  const { database, audit, rights, operatorMail, send, log, issuer, warningDays } = parts;
  const store = createWarnedKeyStore(database);

  /** The nearest of its moments that have come: whoever was not told in time is told once. None that had passed when it was made. */
  function findDue({ iat, exp }: PublicKey): { expiresAt: number; days: number } | undefined {
    const now = nowSeconds();
    if (typeof exp !== 'number' || exp <= now) return undefined;
    const days = warningDays.findLast((one) => exp - now <= one * DAY_SECONDS);
    const isOlder = days !== undefined && (typeof iat !== 'number' || exp - iat > days * DAY_SECONDS);
    return isOlder ? { expiresAt: Math.floor(exp), days } : undefined;
  }

  async function listRecipients(teamId: string | null) {
    if (teamId === null) return operatorMail.listRecipients();
    const managers = await listReachableManagers({ database, rights }, teamId);
    return managers.map(({ email, ...one }) => ({ ...one, to: normalizeEmail(email) }));
  }

  function addressOf({ id, team_id: teamId }: EndingRow): string {
    if (teamId === null) return `${issuer}/admin/service-accounts`;
    return `${issuer}/teams/${encodeURIComponent(teamId)}/service-accounts/${encodeURIComponent(id)}`;
  }

  async function warn(row: EndingRow, name: string, key: PublicKey): Promise<void> {
    const due = findDue(key);
    if (due === undefined) return;
    const { id, team_id: teamId } = row;
    const { expiresAt, days } = due;
    const end = { id, name: thumbprintOf(key), expiresAt };
    if (await store.isWarned(end, days)) return;
    const kid = typeof key.kid === 'string' ? key.kid : end.name;
    const locals = { name, kid, is_team: teamId === null ? undefined : 'yes', ends_at: expiresAt };
    const recipients = await listRecipients(teamId);
    try {
      await database.transact(() => {
        store.noteWarning(end, days);
        const details = { key: kid, days, team_id: teamId ?? undefined };
        audit.record('service_account.key_ending', { actor: 'system', clientId: id, details });
        for (const recipient of recipients)
          send({
            ...{ template: 'service-key-ending', ...recipient },
            locals: { ...locals, account_id: id, url: addressOf(row) },
          });
      });
    } catch (error) {
      // Another node was faster.
      if (!(error instanceof Conflict)) throw error;
    }
  }

  /** Warns whoever is due. */
  async function warnDue(): Promise<void> {
    for (let after = ''; !isStopped(); ) {
      const rows = await store.listEnding({ after, limit: BATCH });
      for (const { row, name, keys } of readRows(rows, readEnding, database.noteDamage))
        for (const key of keys) await warn(row, name, key);
      const last = rows.at(-1)?.id;
      if (rows.length < BATCH || last === undefined) break;
      after = last;
    }
  }

  const { start, stop, isStopped } = createRepeating({
    everyMilliseconds: EVERY_MILLISECONDS,
    run: warnDue,
    onFault: (error) => log.error('service_accounts.warnings_failed', { error }),
  });
  return { warnDue, start, stop, sweep: store.sweep };
}
