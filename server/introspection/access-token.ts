// Opaque access tokens: an API learns only about tokens for itself (RFC 7662 section 4, RFC 8707 section 3).
import { formatId } from '../storage/ids.ts';
import { type AccessTokenKey, parseAccessToken } from '../storage/token-format.ts';
import { type ActiveAnswer, type Circumstances, describePerson, type Kind } from './kinds.ts';
import { commonRules } from './liveness.ts';
import type { Entry } from './registry.ts';
import { createSelect, type Row } from './store.ts';

type AccessTokenRow = Row & { token_type: string; audience: string | null };

export const selectAccessToken = createSelect({
  table: 'access_tokens',
  key: 't.id = ? AND t.secret_hash = ?',
  columns: ['t.token_type', 't.audience'],
  rules: commonRules,
});

/** A public name for the token: its place in time and a little of its hash. It opens nothing. */
function publicId({ id, secretHash }: AccessTokenKey): string {
  return `at_${formatId(id)}${secretHash.toString('hex', 0, 4)}`;
}

/** A token without audience is one for the default API. A client that is no API's resource server learns nothing. */
function isFor(row: Row, caller: Entry): boolean {
  const { audience } = row as AccessTokenRow;
  if (caller.resource === undefined) return false;
  return audience === null ? caller.isDefaultResource : audience === caller.resource;
}

/** What the API may see of the scope: its own names, as far as the person may hold them now. */
function cutScope({ scope, role }: Row, { resourceScopes }: Entry, { mayHold }: Circumstances): string {
  return (scope ?? '')
    .split(' ')
    .filter((one) => resourceScopes.has(one) && (role === null || mayHold(role, one)))
    .join(' ');
}

export const recogniseAccessToken: Kind = (text, now) => {
  const key = parseAccessToken(text);
  if (key === undefined) return undefined;

  function describe(row: Row, caller: Entry, circumstances: Circumstances): ActiveAnswer {
    return {
      active: true,
      scope: cutScope(row, caller, circumstances),
      client_id: row.client_id ?? '',
      ...describePerson(row),
      ...(caller.resource === undefined ? {} : { aud: caller.resource }),
      iss: circumstances.issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti: publicId(key as AccessTokenKey),
      token_type: (row as AccessTokenRow).token_type,
      credential_type: 'access_token',
    };
  }

  return { statement: selectAccessToken([key.id, key.secretHash], now), isFor, describe };
};
