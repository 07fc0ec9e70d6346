// "What has access": the grants of a person in words, for their account page.
import type { Clients } from '../clients/clients.ts';
import { formatGrantId, type Grants, type ListedGrant } from '../grants/grants.ts';
import type { Localized } from '../web/words.ts';
import { type Catalog, wordsOf } from './catalog.ts';
import type { Engine } from './engine.ts';

type GrantPayload = { openid?: { scope?: string }; resources?: Record<string, string> };

function split(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter((one) => one !== '');
}

function describeScopes(catalog: Catalog, payload: GrantPayload): Localized[] {
  const own = split(payload.openid?.scope).map((scope) => wordsOf(catalog, scope));
  const ofApis = Object.entries(payload.resources ?? {}).flatMap(([identifier, scope]) =>
    split(scope).map((one) => wordsOf(catalog, one, identifier)),
  );
  return [...own, ...ofApis];
}

type AccessParts = { grants: Grants; clients: Clients; engine: Engine };

export function createAccessList({ grants, clients, engine }: AccessParts) {
  async function describeClient(id: string) {
    const client = await clients.find(id);
    return { id, name: client?.registration.name ?? id };
  }

  async function describe(catalog: Catalog, grant: ListedGrant) {
    return {
      id: formatGrantId(grant.id),
      client: await describeClient(grant.clientId),
      team: grant.team,
      scopes: describeScopes(catalog, grant.payload),
      since: grant.createdAt,
      last_used: grant.lastUsedAt,
      ends_at: grant.endsAt,
      kind: grant.kind,
    };
  }

  async function list(accountId: string) {
    const { catalog } = await engine.current();
    const listed = await grants.listOf(accountId);
    return Promise.all(listed.map((grant) => describe(catalog, grant)));
  }

  return {
    list,

    /** One of what `list` answers; undefined where it is over, or not theirs. */
    find: async (accountId: string, id: string) => (await list(accountId)).find((grant) => grant.id === id),

    /** Refuses with not_found where the grant is not theirs. */
    revoke: (accountId: string, id: string): Promise<void> => grants.revokeOwn(accountId, id),

    /** Clients whose devices they have reported. */
    async listBlocked(accountId: string) {
      const blocked = await grants.listBlockedOf(accountId);
      return Promise.all(
        blocked.map(async ({ clientId, since }) => ({ client: await describeClient(clientId), since })),
      );
    },

    /** Lifts a report of their own. Refuses with not_found where there is none. */
    unblock: (accountId: string, clientId: string): Promise<void> =>
      grants.unblockDevice(accountId, clientId, { actor: `account:${accountId}` }),
  };
}
