// Ends a family of tokens when the engine says so, and says why in the audit log.
import { Provider } from 'oidc-provider';
import type { EventType } from '../audit/events.ts';
import { DEVICE_GRANT } from '../clients/ready-made.ts';
import { parseGrantId } from '../grants/grants.ts';
import { orNothing } from '../storage/damage.ts';
import type { AdapterParts } from './adapter.ts';

type Reason =
  | 'authorization_code_replayed'
  | 'device_code_replayed'
  | 'refresh_token_replayed'
  | 'revoked_by_client'
  | 'signed_out';

const replays: Partial<Record<Reason, EventType>> = {
  authorization_code_replayed: 'authorization_code.replayed',
  device_code_replayed: 'device_code.replayed',
  refresh_token_replayed: 'refresh_token.replayed',
};

function reasonOf(route: string | undefined, grantType: unknown): Reason {
  if (route === 'revocation') return 'revoked_by_client';
  if (route !== 'token') return 'signed_out';
  if (grantType === 'refresh_token') return 'refresh_token_replayed';
  return grantType === DEVICE_GRANT ? 'device_code_replayed' : 'authorization_code_replayed';
}

/**
 * RFC 7009 section 2.1: revoking an access token need not end its grant, and here it does not;
 * revoking or replaying a refresh token, and replaying a code, does (RFC 9700 section 4.14, RFC 6749 section 4.1.2).
 */
export async function revokeFamily(parts: AdapterParts, grantId: string): Promise<void> {
  const id = parseGrantId(grantId);
  const context = Provider.ctx;
  const isAccessToken =
    context?.oidc.route === 'revocation' && context.oidc.entities.AccessToken !== undefined;
  if (id === undefined || isAccessToken) return;
  const clientId = context?.oidc.client?.clientId;
  // From the grant itself: where a code is replayed the engine has not said yet whose it is.
  const accountId = (await orNothing(() => parts.grants.find(id), parts.database.noteDamage))?.accountId;
  const actor = clientId === undefined ? 'system' : `client:${clientId}`;
  const reason = reasonOf(context?.oidc.route, context?.oidc.params?.grant_type);
  const replay = replays[reason];
  if (replay !== undefined)
    parts.audit.record(replay, { actor, accountId, clientId, grantId, outcome: 'failure' });
  parts.grants.revoke(id, { actor, reason, accountId, clientId });
}
