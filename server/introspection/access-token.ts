// Opaque access tokens: an API learns only about tokens for itself (RFC 7662 section 4, RFC 8707 section 3).
import { formatId } from '../storage/ids.ts';
import { parseAccessToken } from '../storage/token-format.ts';
import type { Circumstances, Kind, Verdict } from './kinds.ts';
import { findEnd } from './liveness.ts';
import { type AccessTokenRow, type CallerRow, selectAccessToken } from './store.ts';

/** A public name for the token: its place in time and a little of its hash. It opens nothing. */
function publicId(text: string): string {
  const key = parseAccessToken(text);
  return key === undefined ? '' : `at_${formatId(key.id)}${key.secretHash.toString('hex', 0, 4)}`;
}

/** A token without audience is one for the default API. */
function isFor(row: CallerRow & AccessTokenRow): boolean {
  if (row.caller_resource === null) return false;
  return row.audience === null ? row.resource_is_default === 1 : row.audience === row.caller_resource;
}

/** What the API may see of the scope: its own names, as far as the person may hold them now. */
function cutScope(row: CallerRow & AccessTokenRow, { holdableBy }: Circumstances): string {
  const own = new Set((row.resource_scope ?? '').split(' '));
  const holdable = row.role === null ? 'all' : holdableBy(row.role);
  return (row.scope ?? '')
    .split(' ')
    .filter((scope) => own.has(scope) && (holdable === 'all' || holdable.has(scope)))
    .join(' ');
}

function describe(row: CallerRow & AccessTokenRow, text: string, circumstances: Circumstances): Verdict {
  return {
    grantId: row.grant_id ?? undefined,
    lastUsedAt: row.grant_last_used_at ?? undefined,
    answer: {
      active: true,
      scope: cutScope(row, circumstances),
      client_id: row.token_client_id ?? '',
      ...(row.account_id === null ? {} : { sub: row.account_id }),
      ...(row.email === null ? {} : { username: row.email }),
      ...(row.caller_resource === null ? {} : { aud: row.caller_resource }),
      iss: circumstances.issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti: publicId(text),
      token_type: row.token_type ?? 'Bearer',
      credential_type: 'access_token',
    },
  };
}

export const accessTokenKind: Kind = {
  name: 'access_token',

  select(text, callerId) {
    const key = parseAccessToken(text);
    return key === undefined ? undefined : selectAccessToken(callerId, key);
  },

  judge(found, text, circumstances) {
    const row = found as CallerRow & AccessTokenRow;
    const end = findEnd(row, circumstances);
    if (end !== undefined) return { inactive: end };
    if (!isFor(row)) return { inactive: 'foreign_audience' };
    return describe(row, text, circumstances);
  },
};
