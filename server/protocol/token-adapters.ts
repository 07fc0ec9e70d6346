// Access and refresh tokens for the engine: their rows are found by the key that the token carries.
import type { AdapterPayload } from 'oidc-provider';
import { nowSeconds } from '../clock.ts';
import { formatGrantId, parseGrantId } from '../grants/grants.ts';
import { parseAccessToken, parseOpaqueToken, parseRefreshToken } from '../storage/token-format.ts';
import type { StoredAccessToken, StoredRefreshToken } from '../storage/tokens.ts';
import { teamOfRequest } from './acting.ts';
import type { AdapterParts } from './adapter.ts';
import { revokeFamily } from './family.ts';
import { findPresented } from './structured-tokens.ts';

type Payload = AdapterPayload & { issuedToken?: string };

function grantNumber(payload: AdapterPayload): number | undefined {
  return payload.grantId === undefined ? undefined : parseGrantId(payload.grantId);
}

/** What extraTokenClaims said of this very token. */
function teamOf({ extra }: Payload): string | undefined {
  return typeof extra?.team_id === 'string' ? extra.team_id : undefined;
}

/** Our typed columns; the rest of the engine's payload is kept as it is. */
function splitPayload(payload: Payload, expiresIn: number) {
  const { jti, kind, accountId, clientId, grantId, scope, aud, iat, exp, consumed, ...rest } = payload;
  const issuedAt = iat ?? nowSeconds();
  return {
    grantId: grantNumber(payload),
    accountId,
    clientId: clientId ?? '',
    scope: scope ?? '',
    issuedAt,
    expiresAt: exp ?? issuedAt + expiresIn,
    payload: rest,
  };
}

function joinPayload(
  kind: string,
  id: string,
  stored: StoredAccessToken | StoredRefreshToken,
): AdapterPayload {
  return {
    ...stored.payload,
    jti: id,
    kind,
    clientId: stored.clientId,
    scope: stored.scope,
    iat: stored.issuedAt,
    exp: stored.expiresAt,
    ...(stored.accountId === undefined ? {} : { accountId: stored.accountId }),
    ...(stored.grantId === undefined ? {} : { grantId: formatGrantId(stored.grantId) }),
  };
}

export function createAccessTokenAdapter(model: 'AccessToken' | 'ClientCredentials', parts: AdapterParts) {
  const { tokens, database } = parts;
  // JWTs are for the APIs that they name: nobody opens anything of the engine's own with one.
  const keyOf = (id: string) => parseOpaqueToken(id) ?? findPresented(database.memory(), id);

  return {
    async find(id: string): Promise<AdapterPayload | undefined> {
      const key = keyOf(id);
      const stored = key === undefined ? undefined : await tokens.findAccessToken(key);
      if (stored === undefined || stored.kind !== model || stored.revokedAt !== undefined) return undefined;
      // The engine would add the tolerance that is for the clocks of others.
      if (stored.expiresAt <= nowSeconds()) return undefined;
      const audience = stored.audience === undefined ? {} : { aud: stored.audience };
      return { ...joinPayload(model, id, stored), ...audience };
    },

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const key = parseAccessToken(id);
      if (key === undefined) throw new Error('an access token whose id is not ours');
      tokens.registerAccessToken(key, {
        ...splitPayload(payload, expiresIn),
        kind: model,
        teamId: teamOf(payload),
        audience: typeof payload.aud === 'string' ? payload.aud : undefined,
        tokenType: payload.jkt === undefined ? 'Bearer' : 'DPoP',
      });
    },

    async destroy(id: string): Promise<void> {
      const key = keyOf(id);
      if (key !== undefined) tokens.revokeAccessToken(key, nowSeconds());
    },

    // The engine calls this for every model of a grant; one of them is enough, since the grant's own row decides.
    async revokeByGrantId(grantId: string): Promise<void> {
      if (model === 'AccessToken') await revokeFamily(parts, grantId);
    },
  };
}

export function createRefreshTokenAdapter(parts: AdapterParts) {
  const { tokens, retryWindowSeconds } = parts;
  return {
    /** A token consumed within the window whose successor is unused looks unused: the request is a retry. */
    async find(id: string): Promise<AdapterPayload | undefined> {
      const key = parseRefreshToken(id);
      const stored = key === undefined ? undefined : await tokens.findRefreshToken(key);
      if (stored === undefined || stored.revokedAt !== undefined) return undefined;
      const isRetry =
        stored.consumedAt !== undefined &&
        stored.consumedAt > nowSeconds() - retryWindowSeconds &&
        !stored.isSuccessorUsed;
      const consumed = stored.consumedAt === undefined || isRetry ? {} : { consumed: stored.consumedAt };
      return { ...joinPayload('RefreshToken', id, stored), ...consumed };
    },

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const key = parseRefreshToken(id);
      if (key === undefined) throw new Error('a refresh token whose id is not ours');
      tokens.registerRefreshToken(key, { ...splitPayload(payload, expiresIn), teamId: teamOfRequest() });
    },

    async consume(id: string): Promise<void> {
      const key = parseRefreshToken(id);
      if (key === undefined) throw new Error('a refresh token whose id is not ours');
      const now = nowSeconds();
      tokens.consumeRefreshToken(key, now, now - retryWindowSeconds);
    },

    async destroy(id: string): Promise<void> {
      const key = parseRefreshToken(id);
      if (key !== undefined) tokens.revokeRefreshTokenFamily(key, nowSeconds());
    },
  };
}
