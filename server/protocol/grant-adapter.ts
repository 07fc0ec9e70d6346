// Grants for the engine: its payload in JSON, what our own questions need in columns.
import { type AdapterPayload, Provider } from 'oidc-provider';
import { nowSeconds } from '../clock.ts';
import { parseGrantId } from '../grants/grants.ts';
import { cutGrant } from './acting.ts';
import type { AdapterParts } from './adapter.ts';
import { mayRefresh } from './refresh-policy.ts';

/** The grant ends with the browser session exactly when it can never be refreshed. */
function sessionUidOf(payload: AdapterPayload): string | undefined {
  const oidc = Provider.ctx?.oidc;
  if (oidc?.session === undefined || oidc.client === undefined) return undefined;
  const { scope = '' } = (payload.openid ?? {}) as { scope?: string };
  const scopes = new Set(scope.split(' '));
  return mayRefresh(oidc.client, scopes) ? undefined : oidc.session.uid;
}

export function createGrantAdapter({ grants, database, mayHoldOf }: AdapterParts) {
  return {
    async find(text: string): Promise<AdapterPayload | undefined> {
      const id = parseGrantId(text);
      // A grant made in this very request is not stored yet.
      const own = database.memory()?.get(text) as AdapterPayload | undefined;
      if (own !== undefined || id === undefined) return own;
      const grant = await grants.find(id);
      if (grant === undefined || grant.isRevoked) return undefined;
      const { accountId, clientId, teamId, expiresAt } = grant;
      // Whoever is not in the team any more has nothing there to be refreshed or redeemed.
      if (teamId !== undefined && grant.teamStanding === undefined) return undefined;
      const mayHold = mayHoldOf({ person: grant.standing, team: grant.teamStanding });
      const payload = { ...cutGrant(grant.payload, mayHold), ...(teamId === undefined ? {} : { teamId }) };
      return { ...payload, jti: text, kind: 'Grant', accountId, clientId, exp: expiresAt };
    },

    async upsert(text: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const id = parseGrantId(text);
      if (id === undefined) throw new Error('a grant whose id is not ours');
      const { jti, kind, accountId, clientId, exp, teamId, ...rest } = payload;
      const session = Provider.ctx?.oidc.session;
      const expiresAt = exp ?? nowSeconds() + expiresIn;
      grants.register(id, {
        accountId: accountId ?? '',
        clientId: clientId ?? '',
        teamId: typeof teamId === 'string' ? teamId : undefined,
        kind: 'authorization',
        sessionUid: sessionUidOf(payload),
        amr: session?.amr,
        acr: session?.acr,
        authTime: session?.loginTs,
        expiresAt,
        payload: rest,
      });
      database.memory()?.set(text, payload);
    },

    // Revoking goes through revokeByGrantId of the access tokens, with its reason.
    destroy: async (): Promise<void> => undefined,
  };
}
