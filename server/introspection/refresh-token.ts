// Refresh tokens, for the very client that holds them: to everybody else, APIs included, they are unknown.
import { formatId } from '../storage/ids.ts';
import { parseRefreshToken } from '../storage/token-format.ts';
import { describePerson, type Kind } from './kinds.ts';
import { commonRules } from './liveness.ts';
import { createSelect } from './store.ts';

const select = createSelect({
  table: 'refresh_tokens',
  key: 't.family = ? AND t.generation = ? AND t.secret_hash = ?',
  columns: [],
  rules: [
    ['foreign_audience', 't.client_id <> c.id'],
    ...commonRules,
    ['revoked', 't.consumed_at IS NOT NULL'],
  ],
});

export const refreshTokenKind: Kind = {
  select(text, callerId, now) {
    const key = parseRefreshToken(text);
    return key === undefined
      ? undefined
      : select(callerId, [key.family, key.generation, key.secretHash], now);
  },

  describe(row, text, { issuer }) {
    const key = parseRefreshToken(text);
    return {
      active: true,
      scope: row.scope ?? '',
      client_id: row.client_id ?? '',
      ...describePerson(row),
      iss: issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti: `rt_${formatId(key?.family ?? 0)}${key?.generation.toString(36) ?? ''}`,
      token_type: 'refresh_token',
      credential_type: 'refresh_token',
    };
  },
};
