// What an operator may do with paired devices (RFC 8628). The later JSON API calls the same functions.
import { parseRegistration } from '../clients/registration-text.ts';
import { Refusal } from '../errors.ts';
import { formatGrantId, parseGrantId } from '../grants/grants.ts';
import { revokeGrant, scopeOf } from './grant-commands.ts';
import { type AdminParts, OPERATOR } from './parts.ts';
import { type DeviceRow, listBlockRows, listDeviceRows } from './store.ts';

export type ShownDevice = {
  id: string;
  account_id: string;
  email: string | null;
  client_id: string;
  client_name: string;
  scope: string;
  created_at: number;
  last_used_at: number | null;
  /** The end that the person chose; null is until it is revoked. */
  ends_at: number | null;
  /** When it ends if it is not used again. */
  expires_at: number;
};

/** A report of a person: codes of that client are refused for them. */
export type ShownBlock = {
  account_id: string;
  email: string | null;
  client_id: string;
  client_name: string;
  reported_at: number;
};

function nameOf({ registration, clientId }: { registration: string | null; clientId: string }): string {
  try {
    return registration === null ? clientId : parseRegistration(registration).name;
  } catch {
    return clientId;
  }
}

function show(row: DeviceRow): ShownDevice {
  return {
    id: formatGrantId(row.id),
    account_id: row.accountId,
    email: row.email,
    client_id: row.clientId,
    client_name: nameOf(row),
    scope: scopeOf(row.payload),
    created_at: row.createdAt,
    last_used_at: row.lastUsedAt,
    ends_at: row.endsAt,
    expires_at: row.expiresAt,
  };
}

/** Devices that have access, newest first, at most `limit`; of one account (id or e-mail) where it is named. */
export async function listDevices(
  { database, accounts }: Pick<AdminParts, 'database' | 'accounts'>,
  filter: { account: string | undefined; limit: number },
): Promise<ShownDevice[]> {
  const account = filter.account === undefined ? undefined : await accounts.get(filter.account);
  return (await listDeviceRows(database, { accountId: account?.id, limit: filter.limit })).map(show);
}

/** Its tokens are dead with it. Refuses with not_found, also where the grant is that of an app. */
export async function revokeDevice(
  parts: Pick<AdminParts, 'database' | 'grants'>,
  text: string,
): Promise<{ id: string; account_id: string; client_id: string }> {
  const id = parseGrantId(text);
  const [device] = id === undefined ? [] : await listDeviceRows(parts.database, { id, limit: 1 });
  if (device === undefined) {
    throw new Refusal('not_found', { words: 'There is no such device, or it has ended.', param: 'id' });
  }
  return revokeGrant(parts, text);
}

/** What people have reported and not lifted since, the latest first, at most `limit`; of one account where it is named. */
export async function listBlocks(
  { database, accounts }: Pick<AdminParts, 'database' | 'accounts'>,
  filter: { account: string | undefined; limit: number },
): Promise<ShownBlock[]> {
  const account = filter.account === undefined ? undefined : await accounts.get(filter.account);
  const rows = await listBlockRows(database, { accountId: account?.id, limit: filter.limit });
  return rows.map((row) => ({
    account_id: row.accountId,
    email: row.email,
    client_id: row.clientId,
    client_name: nameOf(row),
    reported_at: row.createdAt,
  }));
}

/** Lifts a report. Refuses with not_found. */
export async function unblockDevices(
  { accounts, grants }: Pick<AdminParts, 'accounts' | 'grants'>,
  report: { account: string; client: string },
): Promise<{ account_id: string; client_id: string }> {
  const { id } = await accounts.get(report.account);
  await grants.unblockDevice(id, report.client, { actor: OPERATOR });
  return { account_id: id, client_id: report.client };
}
