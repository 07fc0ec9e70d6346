// Refresh tokens, for the very client that holds them: to everybody else, APIs included, they are unknown.
import { formatId } from '../storage/ids.ts';
import { parseRefreshToken } from '../storage/token-format.ts';
import type { Kind } from './kinds.ts';
import { findEnd } from './liveness.ts';
import { type CallerRow, type RefreshTokenRow, selectRefreshToken } from './store.ts';

export const refreshTokenKind: Kind = {
  name: 'refresh_token',

  select(text, callerId) {
    const key = parseRefreshToken(text);
    return key === undefined ? undefined : selectRefreshToken(callerId, key);
  },

  judge(found, text, circumstances) {
    const row = found as CallerRow & RefreshTokenRow;
    if (row.token_client_id !== row.caller_id) return { inactive: 'foreign_audience' };
    const end = findEnd(row, circumstances) ?? (row.consumed_at === null ? undefined : 'revoked');
    if (end !== undefined) return { inactive: end };
    const key = parseRefreshToken(text);
    return {
      grantId: undefined,
      lastUsedAt: undefined,
      answer: {
        active: true,
        scope: row.scope ?? '',
        client_id: row.caller_id,
        ...(row.account_id === null ? {} : { sub: row.account_id }),
        ...(row.email === null ? {} : { username: row.email }),
        iss: circumstances.issuer,
        exp: row.expires_at ?? 0,
        iat: row.issued_at ?? 0,
        jti: `rt_${formatId(key?.family ?? 0)}${key?.generation.toString(36) ?? ''}`,
        token_type: 'refresh_token',
        credential_type: 'refresh_token',
      },
    };
  },
};
