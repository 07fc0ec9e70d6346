// Refresh tokens, for the very client that holds them: to everybody else, APIs included, they are unknown.
import { formatId } from '../storage/ids.ts';
import { parseRefreshToken } from '../storage/token-format.ts';
import { type ActiveAnswer, type Circumstances, describeSubject, type Kind } from './kinds.ts';
import { commonRules } from './liveness.ts';
import { createSelect, type Row, refreshTokens } from './store.ts';

const select = createSelect({
  ...refreshTokens,
  columns: [],
  rules: [
    ['foreign_audience', 't.client_id <> :caller'],
    ...commonRules,
    ['revoked', 't.consumed_at IS NOT NULL'],
  ],
});

export const recogniseRefreshToken: Kind = (text, caller, now) => {
  const key = parseRefreshToken(text);
  if (key === undefined) return undefined;
  const { family, generation, secretHash } = key;

  function describe(row: Row, { issuer }: Circumstances): ActiveAnswer {
    return {
      active: true,
      scope: row.scope ?? '',
      client_id: row.client_id ?? '',
      ...describeSubject(row),
      iss: issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti: `rt_${formatId(family)}${generation.toString(36)}`,
      token_type: 'refresh_token',
      credential_type: 'refresh_token',
    };
  }

  return { statement: select(caller, { family, generation, secret_hash: secretHash }, now), describe };
};
