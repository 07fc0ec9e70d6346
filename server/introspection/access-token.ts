// Opaque access tokens: an API learns only about tokens for itself (RFC 7662 section 4, RFC 8707 section 3).
import { formatId } from '../storage/ids.ts';
import { parseAccessToken } from '../storage/token-format.ts';
import { type Circumstances, describePerson, type Kind } from './kinds.ts';
import { commonRules } from './liveness.ts';
import { createSelect, type Row } from './store.ts';

type AccessTokenRow = Row & { token_type: string };

const select = createSelect({
  table: 'access_tokens',
  key: 't.id = ? AND t.secret_hash = ?',
  columns: ['t.token_type'],
  rules: [
    // A token without audience is one for the default API. A client that is no API's resource server learns nothing.
    ['foreign_audience', 'c.resource IS NULL'],
    ['foreign_audience', 't.audience <> c.resource'],
    ['foreign_audience', 't.audience IS NULL AND r.is_default <> 1'],
    ...commonRules,
  ],
});

/** A public name for the token: its place in time and a little of its hash. It opens nothing. */
function publicId(text: string): string {
  const key = parseAccessToken(text);
  return key === undefined ? '' : `at_${formatId(key.id)}${key.secretHash.toString('hex', 0, 4)}`;
}

/** What the API may see of the scope: its own names, as far as the person may hold them now. */
function cutScope(row: Row, { mayHold }: Circumstances): string {
  const own = (row.resource_scope ?? '').split(' ');
  return (row.scope ?? '')
    .split(' ')
    .filter((scope) => own.includes(scope) && (row.role === null || mayHold(row.role, scope)))
    .join(' ');
}

export const accessTokenKind: Kind = {
  select(text, callerId, now) {
    const key = parseAccessToken(text);
    return key === undefined ? undefined : select(callerId, [key.id, key.secretHash], now);
  },

  describe(row, text, circumstances) {
    return {
      active: true,
      scope: cutScope(row, circumstances),
      client_id: row.client_id ?? '',
      ...describePerson(row),
      ...(row.caller_resource === null ? {} : { aud: row.caller_resource }),
      iss: circumstances.issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti: publicId(text),
      token_type: (row as AccessTokenRow).token_type,
      credential_type: 'access_token',
    };
  },
};
