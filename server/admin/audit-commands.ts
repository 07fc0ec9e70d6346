// What an operator may read in the audit log. The later JSON API calls the same functions.
import type { EventPlace } from '../audit/audit.ts';
import { events } from '../audit/events.ts';
import { Refusal } from '../errors.ts';
import type { AdminParts } from './parts.ts';

export type ShownEvent = {
  at_milliseconds: number;
  type: string;
  actor: string;
  account_id: string | null;
  client_id: string | null;
  grant_id: string | null;
  outcome: string;
  reason: string | null;
  request_id: string | null;
  details: Record<string, unknown>;
  node: string;
  sequence: number;
};

/** Newest first, at most `limit`. An account may be named by its e-mail. Refuses with invalid_request or not_found. */
export async function listAudit(
  { audit, accounts }: Pick<AdminParts, 'audit' | 'accounts'>,
  filter: {
    account?: string | undefined;
    client?: string | undefined;
    type?: string | undefined;
    after?: EventPlace | undefined;
    limit: number;
  },
): Promise<ShownEvent[]> {
  if (filter.type !== undefined && !Object.hasOwn(events, filter.type)) {
    throw new Refusal('invalid_request', { words: `There is no event type ${filter.type}.`, param: 'type' });
  }
  const rows = await audit.list({
    ...(filter.account === undefined ? {} : { accountId: await findAccountId(accounts, filter.account) }),
    ...(filter.client === undefined ? {} : { clientId: filter.client }),
    ...(filter.type === undefined ? {} : { type: filter.type }),
    ...(filter.after === undefined ? {} : { after: filter.after }),
    limit: filter.limit,
  });
  return rows.map((row) => ({
    at_milliseconds: row.atMilliseconds,
    type: row.type,
    actor: row.actor,
    account_id: row.accountId,
    client_id: row.clientId,
    grant_id: row.grantId,
    outcome: row.outcome,
    reason: row.reason,
    request_id: row.requestId,
    details: JSON.parse(row.details) as Record<string, unknown>,
    node: row.node,
    sequence: row.sequence,
  }));
}

/** Events outlive the account that they are about, so an id need not belong to one. */
async function findAccountId(accounts: AdminParts['accounts'], idOrEmail: string): Promise<string> {
  return idOrEmail.includes('@') ? (await accounts.get(idOrEmail)).id : idOrEmail;
}

/** Reads every chain; `breaks` names the first row of each that does not follow from the one before it. */
export async function verifyAudit({
  audit,
}: Pick<AdminParts, 'audit'>): Promise<{ intact: boolean; breaks: { node: string; sequence: number }[] }> {
  const breaks = await audit.findBreaks();
  return { intact: breaks.length === 0, breaks };
}
