// Opaque access tokens: an API learns only about tokens for itself (RFC 7662 section 4, RFC 8707 section 3).
import { formatId } from '../storage/ids.ts';
import { type AccessTokenKey, parseAccessToken } from '../storage/token-format.ts';
import { type ActiveAnswer, type Circumstances, describePerson, type Kind } from './kinds.ts';
import { commonRules } from './liveness.ts';
import { createSelect, RESOURCE, type Row } from './store.ts';

type AccessTokenRow = Row & { token_type: string };

const select = createSelect({
  table: 'access_tokens',
  where: 't.id = :id AND t.secret_hash = :secret_hash',
  columns: ['t.token_type'],
  rules: [
    // A client that is no API's resource server learns nothing.
    ['foreign_audience', `${RESOURCE} IS NULL`],
    ['foreign_audience', `t.audience <> ${RESOURCE}`],
    // A token without audience is one for the default API.
    [
      'foreign_audience',
      `t.audience IS NULL AND NOT EXISTS (
        SELECT 1 FROM resources r WHERE r.identifier = ${RESOURCE} AND r.is_default = 1)`,
    ],
    ...commonRules,
  ],
});

/** A public name for the token: its place in time and a little of its hash. It opens nothing. */
function publicId({ id, secretHash }: AccessTokenKey): string {
  return `at_${formatId(id)}${secretHash.toString('hex', 0, 4)}`;
}

/** What the API may see of the scope: its own names, as far as the person may hold them now. */
function cutScope({ scope, role, caller_scope }: Row, { mayHold }: Circumstances): string {
  const own = (caller_scope ?? '').split(' ');
  return (scope ?? '')
    .split(' ')
    .filter((one) => own.includes(one) && (role === null || mayHold(role, one)))
    .join(' ');
}

export const recogniseAccessToken: Kind = (text, caller, now) => {
  const key = parseAccessToken(text);
  if (key === undefined) return undefined;

  function describe(row: Row, circumstances: Circumstances): ActiveAnswer {
    return {
      active: true,
      scope: cutScope(row, circumstances),
      client_id: row.client_id ?? '',
      ...describePerson(row),
      ...(row.caller_resource === null ? {} : { aud: row.caller_resource }),
      iss: circumstances.issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti: publicId(key as AccessTokenKey),
      token_type: (row as AccessTokenRow).token_type,
      credential_type: 'access_token',
    };
  }

  return { statement: select(caller, { id: key.id, secret_hash: key.secretHash }, now), describe };
};
