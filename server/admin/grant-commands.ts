// What an operator may do with grants: see what has access, and end it. The later JSON API calls the same functions.
import { Refusal } from '../errors.ts';
import { formatGrantId, parseGrantId } from '../grants/grants.ts';
import { parseObject } from '../storage/damage.ts';
import { type AdminParts, OPERATOR } from './parts.ts';
import { type GrantRow, listGrantRows } from './store.ts';

export type ShownGrant = {
  id: string;
  account_id: string;
  email: string | null;
  client_id: string;
  kind: string;
  scope: string;
  created_at: number;
  last_used_at: number | null;
  expires_at: number;
};

type Payload = { openid?: { scope?: string }; resources?: Record<string, string> };

/** A damaged grant gives nothing, and stands in the list all the same (row F30). */
function readPayload(text: string): Payload {
  try {
    return parseObject(text);
  } catch {
    return {};
  }
}

/** Every scope that the payload of a grant gives, of the issuer and of APIs. */
export function scopeOf(text: string): string {
  const payload = readPayload(text);
  const parts = [payload.openid?.scope ?? '', ...Object.values(payload.resources ?? {})];
  return [...new Set(parts.flatMap((part) => part.split(' ')))].filter((name) => name !== '').join(' ');
}

function show(row: GrantRow): ShownGrant {
  return {
    id: formatGrantId(row.id),
    account_id: row.accountId,
    email: row.email,
    client_id: row.clientId,
    kind: row.kind,
    scope: scopeOf(row.payload),
    created_at: row.createdAt,
    last_used_at: row.lastUsedAt,
    expires_at: row.expiresAt,
  };
}

/** Live grants, newest first, at most `limit`; of one account (id or e-mail) or client, or after a grant, where it is named. */
export async function listGrants(
  { database, accounts }: Pick<AdminParts, 'database' | 'accounts'>,
  filter: {
    account: string | undefined;
    client?: string | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<ShownGrant[]> {
  const account = filter.account === undefined ? undefined : await accounts.get(filter.account);
  const before = filter.after === undefined ? undefined : parseGrantId(filter.after);
  const { client: clientId, limit } = filter;
  return (await listGrantRows(database, { accountId: account?.id, clientId, before, limit })).map(show);
}

/** Refuses with not_found where there is none, or it has ended. */
export async function showGrant(
  { database }: Pick<AdminParts, 'database'>,
  text: string,
): Promise<ShownGrant> {
  const id = parseGrantId(text);
  const [row] = id === undefined ? [] : await listGrantRows(database, { id, limit: 1 });
  if (row !== undefined) return show(row);
  throw new Refusal('not_found', { words: 'There is no such grant, or it has ended.', param: 'id' });
}

/** Its tokens are dead with it. What the person allowed stays remembered. Refuses with not_found. */
export async function revokeGrant(
  { grants }: Pick<AdminParts, 'grants'>,
  text: string,
): Promise<{ id: string; account_id: string; client_id: string }> {
  const id = parseGrantId(text);
  const grant = id === undefined ? undefined : await grants.find(id);
  if (grant === undefined || grant.isRevoked) {
    throw new Refusal('not_found', { words: 'There is no such grant, or it has ended.', param: 'id' });
  }
  const { accountId, clientId } = grant;
  await grants.end(grant, { actor: OPERATOR, reason: 'revoked_by_operator' });
  return { id: formatGrantId(grant.id), account_id: accountId, client_id: clientId };
}
