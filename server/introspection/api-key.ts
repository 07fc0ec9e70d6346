// API keys: personal ones act as their owner, team ones for their team; both never do more than whoever they act for may now.
import type { Config } from '../../config/schema.ts';
import { formatKeyId } from '../api-keys/api-key.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { KeyFormats } from '../api-keys/key-format.ts';
import { isWithin } from '../api-keys/key-networks.ts';
import type { Holder, KeyRights } from '../api-keys/key-rights.ts';
import { sha256 } from '../secrets.ts';
import { readStanding, readTeamStanding, teamStandingOf } from '../storage/standing.ts';
import type { ActiveAnswer, Circumstances, InactiveReason, Kind, Use, UsedFrom } from './kinds.ts';
import { type Rule, teamRules } from './liveness.ts';
import { createSelect, RESOURCE, type Row } from './store.ts';

export type ApiKeyRow = Row & {
  key_id: number;
  kind: 'personal' | 'team';
  team_id: string | null;
  level: string | null;
  networks: string | null;
  secret_ends_at: number | null;
  team_standing: string | null;
};

/** Whoever the key acts for must be there. A member who left, and a team that ended, take their keys with them. */
const lifeRules: readonly Rule[] = [
  ['revoked', 't.revoked_at IS NOT NULL'],
  [
    'revoked',
    'EXISTS (SELECT 1 FROM api_key_secrets s WHERE s.secret_hash = :secret_hash AND s.expires_at <= :now)',
  ],
  ['expired', 't.expires_at <= :now'],
  ['disabled', 't.disabled_at IS NOT NULL'],
  [
    'person_not_active',
    `t.account_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM accounts a WHERE a.id = t.account_id AND a.disabled_at IS NULL AND a.deleted_at IS NULL)`,
  ],
  ...teamRules,
];

const keyRead = {
  table: 'api_keys',
  where: 't.id = (SELECT s.key_id FROM api_key_secrets s WHERE s.secret_hash = :secret_hash)',
  // No client asked for a key, and no grant is behind it.
  credential: {
    client_id: 'NULL',
    issued_at: 't.created_at',
    grant_id: 'NULL',
    last_used_at: 't.last_used_at',
  },
  columns: [
    ...['t.id AS key_id', 't.kind', 't.team_id', 't.level', 't.networks'],
    '(SELECT s.expires_at FROM api_key_secrets s WHERE s.secret_hash = :secret_hash) AS secret_ends_at',
    `${teamStandingOf('t.team_id', 't.account_id')} AS team_standing`,
  ],
};

const selectAsCaller = createSelect({
  ...keyRead,
  rules: [
    // A client that is no API's resource server learns nothing.
    ['foreign_audience', `${RESOURCE} IS NULL`],
    ['foreign_audience', `t.resource IS NOT NULL AND t.resource <> ${RESOURCE}`],
    ...lifeRules,
  ],
});

/** At this server's own API, whose identifier is `:audience`. */
export const selectOwnKey = createSelect({
  ...keyRead,
  rules: [['foreign_audience', 't.resource IS NOT NULL AND t.resource <> :audience'], ...lifeRules],
});

/** Whoever it is good for: for operators. */
export const selectApiKey = createSelect({ ...keyRead, rules: lifeRules });

export function holderOf(row: ApiKeyRow): Holder {
  const team = row.team_id === null ? undefined : readTeamStanding(row.team_standing ?? '');
  if (row.kind === 'team') return { kind: 'team', plan: team?.plan };
  return { kind: 'personal', person: readStanding(row.standing ?? ''), team };
}

/** Names that stand in one column. */
export function namesOf(text: string | null): string[] {
  return text === null || text === '' ? [] : text.split(' ');
}

/** The plan by which an API counts: of the team where it acts for or in one, else of the person. */
function planOf(row: ApiKeyRow, { rights }: Circumstances): string {
  return row.team_id === null
    ? rights.planOfPerson(readStanding(row.standing ?? '').plan).name
    : rights.planOfTeam(readTeamStanding(row.team_standing ?? '').plan).name;
}

/** The earlier end of two, of the key and of the secret that is being rotated away. */
export function endOf({ expires_at: keyEndsAt, secret_ends_at: secretEndsAt }: ApiKeyRow): { exp?: number } {
  const endsAt = Math.min(keyEndsAt ?? Infinity, secretEndsAt ?? Infinity);
  return endsAt === Infinity ? {} : { exp: endsAt };
}

/** Has the plan of whoever it acts for keys at all? */
export function isOnPlan(row: ApiKeyRow, keyRights: KeyRights): boolean {
  return keyRights.mostKeys(holderOf(row)) > 0;
}

export type ApiKeyKindParts = {
  config: Pick<Config['api_keys'], 'personal' | 'team'>;
  formats: KeyFormats;
  apiKeys: Pick<ApiKeys, 'rights' | 'noteUse'>;
};

export function createApiKeyKind({ config, formats, apiKeys }: ApiKeyKindParts): Kind {
  const { rights: keyRights } = apiKeys;

  /** What the API may see: its own names, as far as the key says them and whoever it acts for may hold them now. */
  function cutScope(row: ApiKeyRow): string {
    const holder = holderOf(row);
    const said = { scopes: namesOf(row.scope), level: row.level ?? undefined };
    const own = namesOf(row.caller_scope);
    return own.filter((name) => keyRights.says(said, name) && keyRights.mayHold(holder, name)).join(' ');
  }

  function describe(found: Row, circumstances: Circumstances): ActiveAnswer {
    const row = found as ApiKeyRow;
    return {
      active: true,
      scope: cutScope(row),
      sub: (row.kind === 'team' ? row.team_id : row.account_id) ?? '',
      ...(row.email === null ? {} : { username: row.email }),
      ...(row.team_id === null ? {} : { team_id: row.team_id }),
      plan: planOf(row, circumstances),
      ...(row.caller_resource === null ? {} : { aud: row.caller_resource }),
      iss: circumstances.issuer,
      ...endOf(row),
      iat: row.issued_at ?? 0,
      jti: formatKeyId(row.key_id),
      token_type: 'Bearer',
      credential_type: row.kind === 'team' ? 'team_api_key' : 'api_key',
    };
  }

  /** Beyond the rules in SQL: plans stand in the configuration, and the address comes with the question. */
  function judge(found: Row, { from }: Circumstances): InactiveReason | null {
    const row = found as ApiKeyRow;
    if (!isOnPlan(row, keyRights)) return 'plan_required';
    return isWithin(namesOf(row.networks), from.address) ? null : 'address_not_allowed';
  }

  function useOf(found: Row, { address, program }: UsedFrom): Use {
    const { key_id: id, caller_resource: resource } = found as ApiKeyRow;
    const use = { address, program, resource: resource ?? undefined };
    return { of: formatKeyId(id), note: () => apiKeys.noteUse(id, use) };
  }

  return (text, caller, now) => {
    const kind = formats.recognise(text);
    if (kind === undefined || !config[kind].enabled) return undefined;
    return {
      statement: selectAsCaller(caller, { secret_hash: sha256(text) }, now),
      describe,
      judge,
      useOf,
    };
  };
}
