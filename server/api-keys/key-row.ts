// A row of api_keys and the key that it stands for.
import { type Statement, sql } from '../storage/statement.ts';
import { type ApiKey, formatKeyId, type KeyOwner, type KeyTerms, parseKeyId } from './api-key.ts';
import type { KeyKind } from './key-format.ts';

export type KeyRow = {
  id: number;
  kind: KeyKind;
  account_id: string | null;
  team_id: string | null;
  responsible_id: string | null;
  name: string;
  prefix: string;
  last_four: string;
  scope: string;
  level: string | null;
  networks: string | null;
  resource: string | null;
  created_at: number;
  expires_at: number | null;
  disabled_at: number | null;
  revoked_at: number | null;
  version: number;
  warned_days: number;
  last_used_at: number | null;
  last_used_address: string | null;
  last_used_program: string | null;
  last_used_resource: string | null;
};

function readNames(text: string | null): string[] {
  return text === null || text === '' ? [] : text.split(' ');
}

function toOwner({ kind, account_id, team_id }: KeyRow): KeyOwner {
  return kind === 'team' ? { kind, teamId: team_id ?? '' } : { kind, accountId: account_id ?? '' };
}

function toLastUse(row: KeyRow): ApiKey['lastUse'] {
  const { last_used_at: at, last_used_resource: resource } = row;
  if (at === null) return undefined;
  const [address, program] = [row.last_used_address ?? undefined, row.last_used_program ?? undefined];
  return { at, address, program, resource: resource ?? undefined };
}

export function fromRow(row: KeyRow): ApiKey {
  return {
    id: formatKeyId(row.id),
    owner: toOwner(row),
    teamId: row.team_id ?? undefined,
    responsibleId: row.responsible_id ?? undefined,
    name: row.name,
    prefix: row.prefix,
    lastFour: row.last_four,
    scopes: readNames(row.scope),
    level: row.level ?? undefined,
    networks: readNames(row.networks),
    resource: row.resource ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    version: row.version,
    warnedDays: row.warned_days,
    lastUse: toLastUse(row),
  };
}

export function toTerms({ name, scopes, level, networks }: KeyTerms) {
  return {
    name,
    scope: scopes.join(' '),
    level: level ?? null,
    networks: networks.length === 0 ? null : networks.join(' '),
  };
}

/** The key of a row; what is no id is the key of none. */
export function toId(id: string): number {
  return parseKeyId(id) ?? 0;
}

/** Keys of this owner, as a condition. */
export function ownedBy(owner: KeyOwner): Statement {
  return owner.kind === 'team'
    ? sql`kind = 'team' AND team_id = ${owner.teamId}`
    : sql`kind = 'personal' AND account_id = ${owner.accountId}`;
}
