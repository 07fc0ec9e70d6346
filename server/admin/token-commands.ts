// What an operator may ask about a token and do with it, by the same rules of life and death as introspection.
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { formatGrantId } from '../grants/grants.ts';
import { explain } from '../introspection/explain.ts';
import { parseAccessToken, parseRefreshToken } from '../storage/token-format.ts';
import type { StoredAccessToken, StoredRefreshToken } from '../storage/tokens.ts';
import { introspectKey, type LiveKey, revokeFoundKey } from './key-inspection.ts';
import { type AdminParts, OPERATOR } from './parts.ts';
import { introspectServiceJwt, type LiveServiceJwt, revokeServiceJwt } from './service-jwt-inspection.ts';

type Parts = Pick<
  AdminParts,
  'config' | 'database' | 'tokens' | 'apiKeys' | 'keyFormats' | 'selfSigned' | 'serviceAccounts' | 'rights'
>;

type Found =
  | { readonly kind: 'access_token'; readonly stored: StoredAccessToken }
  | { readonly kind: 'refresh_token'; readonly stored: StoredRefreshToken };

export type ShownToken = {
  active: true;
  kind: Found['kind'];
  client_id: string;
  sub: string | null;
  username: string | null;
  scope: string;
  /** null is the default API. */
  aud: string | null;
  iss: string;
  iat: number;
  exp: number;
  grant_id: string | null;
  token_type: string;
};

export type DeadToken = { active: false; reason: string };

async function find(
  { tokens }: Pick<Parts, 'tokens'>,
  text: string,
): Promise<Found | 'malformed' | 'unknown'> {
  const accessKey = parseAccessToken(text);
  if (accessKey !== undefined) {
    const stored = await tokens.findAccessToken(accessKey);
    return stored === undefined ? 'unknown' : { kind: 'access_token', stored };
  }
  const refreshKey = parseRefreshToken(text);
  if (refreshKey === undefined) return 'malformed';
  const stored = await tokens.findRefreshToken(refreshKey);
  return stored === undefined ? 'unknown' : { kind: 'refresh_token', stored };
}

function show(found: Found, email: string | null, issuer: string): ShownToken {
  const { kind, stored } = found;
  return {
    active: true,
    kind,
    client_id: stored.clientId,
    sub: stored.accountId ?? null,
    username: email,
    scope: stored.scope,
    aud: kind === 'access_token' ? (found.stored.audience ?? null) : null,
    iss: issuer,
    iat: stored.issuedAt,
    exp: stored.expiresAt,
    grant_id: stored.grantId === undefined ? null : formatGrantId(stored.grantId),
    token_type: kind === 'access_token' ? found.stored.tokenType : 'refresh_token',
  };
}

/** All that is known of a live token, or why it is dead: an operator may know that. */
export async function introspectToken(
  parts: Parts,
  text: string,
): Promise<ShownToken | LiveKey | LiveServiceJwt | DeadToken> {
  const key = await introspectKey(parts, text);
  if (key !== undefined) return key;
  const found = await find(parts, text);
  const jwt = found === 'malformed' ? await introspectServiceJwt(parts, text) : undefined;
  if (jwt !== undefined) return jwt;
  if (typeof found === 'string') return { active: false, reason: found };
  if (found.kind === 'refresh_token' && found.stored.consumedAt !== undefined) {
    return { active: false, reason: 'used' };
  }
  const { ended, email } = await explain(parts.database, text, nowSeconds());
  if (ended !== null) return { active: false, reason: ended };
  return show(found, email, parts.config.issuer);
}

export type RevokedToken = {
  revoked: true;
  kind: Found['kind'] | 'api_key' | 'team_api_key' | 'service_jwt';
  client_id?: string;
  grant_id?: string | null;
  key_id?: string;
};

/**
 * Ends an access token, an API key or a JWT of a service account alone, and a refresh token with its family and its grant (RFC 7009 section 2.1).
 * Refuses with not_found: an operator must learn that the wrong text was given.
 */
export async function revokeToken(
  parts: Parts & Pick<AdminParts, 'grants' | 'audit'>,
  text: string,
): Promise<RevokedToken> {
  const key = await revokeFoundKey(parts, text);
  if (key !== undefined) return key;
  const { database, tokens, grants, audit } = parts;
  const found = await find({ tokens }, text);
  const jwt = found === 'malformed' ? await revokeServiceJwt(parts, text) : undefined;
  if (jwt !== undefined) return jwt;
  if (typeof found === 'string') {
    throw new Refusal('not_found', {
      words: 'There is no such token; it may have been removed long after it ended.',
    });
  }
  const { clientId, accountId, grantId } = found.stored;
  const shownGrantId = grantId === undefined ? undefined : formatGrantId(grantId);
  await database.transact(() => {
    const accessKey = parseAccessToken(text);
    const refreshKey = parseRefreshToken(text);
    if (accessKey !== undefined) tokens.revokeAccessToken(accessKey, nowSeconds());
    if (refreshKey !== undefined) tokens.revokeRefreshTokenFamily(refreshKey, nowSeconds());
    if (refreshKey !== undefined && grantId !== undefined) {
      grants.revoke(grantId, { actor: OPERATOR, reason: 'revoked_by_operator', accountId, clientId });
    }
    audit.record('token.revoked', {
      actor: OPERATOR,
      accountId,
      clientId,
      grantId: shownGrantId,
      details: { kind: found.kind },
    });
  });
  return { revoked: true, kind: found.kind, client_id: clientId, grant_id: shownGrantId ?? null };
}
