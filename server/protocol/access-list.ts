// "What has access": the grants of a person in words, for their account page.
import type { Clients } from '../clients/clients.ts';
import { formatGrantId, type Grants } from '../grants/grants.ts';
import { type Catalog, wordsOf } from './catalog.ts';
import type { Engine } from './engine.ts';

type GrantPayload = { openid?: { scope?: string }; resources?: Record<string, string> };

function split(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter((one) => one !== '');
}

function describeScopes(catalog: Catalog, payload: GrantPayload): string[] {
  const own = split(payload.openid?.scope).map((scope) => wordsOf(catalog, scope));
  const ofApis = Object.entries(payload.resources ?? {}).flatMap(([identifier, scope]) =>
    split(scope).map((one) => wordsOf(catalog, one, identifier)),
  );
  return [...own, ...ofApis];
}

export function createAccessList({
  grants,
  clients,
  engine,
}: {
  grants: Grants;
  clients: Clients;
  engine: Engine;
}) {
  return {
    async list(accountId: string) {
      const { catalog } = await engine.current();
      const listed = await grants.listOf(accountId);
      return Promise.all(
        listed.map(async (grant) => {
          const client = await clients.find(grant.clientId);
          return {
            id: formatGrantId(grant.id),
            client: { id: grant.clientId, name: client?.registration.name ?? grant.clientId },
            scopes: describeScopes(catalog, grant.payload),
            since: grant.createdAt,
            last_used: grant.lastUsedAt,
            kind: grant.kind,
          };
        }),
      );
    },

    /** Refuses with not_found where the grant is not theirs. */
    revoke: (accountId: string, id: string): Promise<void> => grants.revokeOwn(accountId, id),
  };
}
