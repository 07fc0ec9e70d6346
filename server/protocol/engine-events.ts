// What the engine tells us while it works, as audit events in the request's own unit of work.
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { type Grants, parseGrantId } from '../grants/grants.ts';
import type { Log } from '../observability/log.ts';
import type { Artifacts } from '../storage/artifacts.ts';
import { mayRefresh } from './refresh-policy.ts';
import { formatUserCode } from './user-code.ts';

export type EventParts = {
  audit: Audit;
  grants: Grants;
  log: Log;
  tokens: Config['tokens'];
  artifacts: Artifacts;
  device: Pick<Config['device'], 'interval_seconds'>;
};

// Row T15: one mistake leaves a code as it was, the fifth burns it.
const MOST_CODE_FAILURES = 5;

function recordTokens({ audit, grants, tokens }: EventParts, { oidc }: KoaContextWithOIDC): void {
  const { AccessToken, ClientCredentials, Grant, RefreshToken } = oidc.entities;
  const token = AccessToken ?? ClientCredentials;
  const clientId = oidc.client?.clientId;
  audit.record('token.issued', {
    actor: `client:${clientId}`,
    accountId: AccessToken?.accountId,
    clientId,
    grantId: Grant?.jti,
    details: {
      grant_type: String(oidc.params?.grant_type),
      scope: token?.scope,
      audience: token?.aud === undefined ? undefined : String(token.aud),
    },
  });
  const id = Grant === undefined ? undefined : parseGrantId(Grant.jti);
  if (id === undefined || Grant === undefined || oidc.client === undefined) return;
  // The grant's idle life starts anew with each use, within its absolute one.
  const now = nowSeconds();
  const absoluteUntil = (RefreshToken?.iiat ?? now) + tokens.refresh_absolute_seconds;
  const slidingUntil = Math.min(now + tokens.refresh_idle_seconds, absoluteUntil);
  const isRefreshable = mayRefresh(oidc.client, new Set(Grant.getOIDCScope().split(' ')));
  // The grant of a device waits no longer than its code (device-question.ts); its token does not end with that.
  const isDevice = oidc.entities.DeviceCode !== undefined;
  const tokenUntil = now + (AccessToken?.expiration ?? 0) + tokens.refresh_retry_window_seconds;
  const unprolonged = isDevice ? tokenUntil : (Grant.exp ?? slidingUntil);
  grants.markUsed(id, isRefreshable ? slidingUntil : unprolonged);
}

function recordRevocation(
  parts: EventParts,
  token: { clientId?: string | undefined; accountId?: string | undefined; kind: string },
): void {
  if (Provider.ctx?.oidc.route !== 'revocation') return;
  parts.audit.record('token.revoked', {
    actor: `client:${token.clientId}`,
    accountId: token.accountId,
    clientId: token.clientId,
    details: { kind: token.kind },
  });
}

function countCodeFailure({ artifacts }: EventParts, { oidc }: KoaContextWithOIDC, error: Error): void {
  const { code, grant_type: grantType } = oidc.params ?? {};
  if (grantType !== 'authorization_code' || typeof code !== 'string') return;
  if (error instanceof errors.InvalidGrant)
    artifacts.recordFailure('AuthorizationCode', code, { at: nowSeconds(), most: MOST_CODE_FAILURES });
}

/** Listens to one engine. */
export function listenToEngine(provider: Provider, parts: EventParts): void {
  const { audit, log } = parts;
  provider.on('grant.success', (ctx) => recordTokens(parts, ctx));
  provider.on('grant.error', (ctx, error) => {
    countCodeFailure(parts, ctx, error);
    log.info('token.refused', {
      request_id: ctx.state.requestId,
      client_id: ctx.oidc.client?.clientId,
      reason: error.error_detail ?? error.message,
    });
  });
  provider.on('authorization_code.saved', (code) => {
    audit.record('authorization_code.issued', {
      actor: `account:${code.accountId}`,
      accountId: code.accountId,
      clientId: code.clientId,
      grantId: code.grantId,
    });
  });
  provider.on(
    'grant.saved' as never,
    ((grant: { accountId: string; clientId: string; jti: string }) => {
      const { accountId, clientId } = grant;
      audit.record('grant.created', {
        actor: `account:${accountId}`,
        accountId,
        clientId,
        grantId: grant.jti,
      });
    }) as never,
  );
  provider.on('device_code.saved', (code) => {
    audit.record('device_code.issued', { actor: `client:${code.clientId}`, clientId: code.clientId });
  });
  // RFC 8628 section 3.2: the engine leaves the pace out, and clients would guess it; and the user code is ours.
  provider.on('device_authorization.success', (ctx, body) => {
    const userCode = formatUserCode(ctx.oidc.entities.DeviceCode?.userCode ?? '');
    Object.assign(body, {
      user_code: userCode,
      verification_uri_complete: `${body.verification_uri}?user_code=${userCode}`,
      interval: parts.device.interval_seconds,
    });
  });
  provider.on('access_token.destroyed', (token) => recordRevocation(parts, token));
  provider.on('refresh_token.destroyed', (token) => recordRevocation(parts, token));
  provider.on('client_credentials.destroyed', (token) => recordRevocation(parts, token));
  provider.on('server_error', (ctx, error) => {
    log.error('engine.error', { request_id: ctx.state.requestId, error });
  });
}
