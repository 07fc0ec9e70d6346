// Trusted issuers: registered by operators or the configuration file, each with its keys (RFC 7523, row J01).
import type { Audit } from '../audit/audit.ts';
import type { EventType } from '../audit/events.ts';
import type { Client, Clients } from '../clients/clients.ts';
import type { Trust, WorkloadMapping } from '../clients/trust.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { OutboundFailure } from '../outbound/failure.ts';
import type { RemoteKeys } from '../outbound/remote-keys.ts';
import type { Database } from '../storage/database.ts';
import type { Authority } from './assertions.ts';
import type { EndedKeys } from './ended-keys.ts';
import { algorithmsOf, isDisabledAmong, isInForce, type PublicKey } from './keys.ts';
import {
  ISSUER_ID_PREFIX,
  issuerId,
  issuerRegistration,
  isTrustedIssuer,
  type TrustedIssuer,
} from './registration.ts';

/** An authority with the registration behind it. */
export type IssuerAuthority = Authority &
  Pick<Trust, 'accountId' | 'clientIds'> & { scopes: readonly string[] };

/** What is wrong with the keys of an issuer: nobody can sign for it. */
export type KeyFault = 'unreachable' | 'none_usable';

type Parts = {
  database: Database;
  audit: Audit;
  clients: Clients;
  endedKeys: Pick<EndedKeys, 'change'>;
  remoteKeys: Pick<RemoteKeys, 'list'>;
  actor: string;
};

const MOST_LISTED = 1000;

/** What a removal leaves behind, by `issuers remove` or `clients remove`: nobody is trusted by it. */
function isLeftover(client: Client): boolean {
  const { type } = client.registration;
  return !isTrustedIssuer(client) && (type === 'trusted_issuer' || type === 'removed');
}

function checkOwn({ source, registration }: TrustedIssuer): void {
  if (source === 'database') return;
  throw new Refusal('invalid_request', {
    words: `The issuer ${registration.trust.issuer} is declared in the configuration file; change it there.`,
  });
}

export function createTrustedIssuers({ database, audit, clients, endedKeys, remoteKeys, actor }: Parts) {
  async function find(issuer: string): Promise<TrustedIssuer | undefined> {
    const client = await clients.find(issuerId(issuer));
    return client !== undefined && isTrustedIssuer(client) ? client : undefined;
  }

  /** By what it signs as, or by its id here. */
  async function get(issuerOrId: string): Promise<TrustedIssuer> {
    const byId = issuerOrId.startsWith(ISSUER_ID_PREFIX) ? await clients.find(issuerOrId) : undefined;
    const found = byId !== undefined && isTrustedIssuer(byId) ? byId : await find(issuerOrId);
    if (found === undefined)
      throw new Refusal('not_found', { words: `Nobody trusts the issuer ${issuerOrId}.`, param: 'issuer' });
    return found;
  }

  function listKeys(trust: Trust, kid?: string): Promise<readonly PublicKey[]> {
    if (trust.jwksUri !== undefined) return remoteKeys.list(trust.jwksUri, kid);
    return Promise.resolve(trust.jwks?.keys ?? []);
  }

  function toAuthority({ id, registration, blockedAt, revokedAt }: TrustedIssuer): IssuerAuthority {
    const { trust, scopes } = registration;
    return {
      ...trust,
      ...{ id, scopes, isActive: blockedAt === undefined, endedAt: revokedAt },
      listKeys: (kid) => listKeys(trust, kid),
    };
  }

  async function record(type: EventType, issuer: TrustedIssuer, change: () => void): Promise<TrustedIssuer> {
    const { id, registration } = issuer;
    await database.transact(() => {
      change();
      audit.record(type, { actor, clientId: id, details: { issuer: registration.trust.issuer } });
    });
    return issuer;
  }

  async function changeTrust(type: EventType, issuer: TrustedIssuer, trust: Trust): Promise<TrustedIssuer> {
    checkOwn(issuer);
    await record(type, issuer, () => {
      clients.inUnit.replace(issuer, { ...issuer.registration, trust });
      endedKeys.change(issuer.id, issuer.registration.trust, trust);
    });
    return get(issuer.id);
  }

  return {
    get,

    async findAuthority(issuer: string): Promise<IssuerAuthority | undefined> {
      const found = await find(issuer);
      return found === undefined ? undefined : toAuthority(found);
    },

    /** By id, at most `limit`, after the cursor; what was removed is not listed. */
    async list(page: { after: string; limit: number }): Promise<TrustedIssuer[]> {
      return (await clients.listTrusting(page)).filter(isTrustedIssuer);
    },

    /** Those whose workloads may act as this service account, by id. */
    async listMappingTo(serviceAccountId: string): Promise<TrustedIssuer[]> {
      const all = await clients.listTrusting({ after: '', limit: MOST_LISTED });
      const isMapping = ({ registration }: TrustedIssuer) =>
        registration.trust.mappings?.some((one) => one.serviceAccountId === serviceAccountId) === true;
      return all.filter(isTrustedIssuer).filter(isMapping);
    },

    /** Trusts it from now on. Refuses with already_exists. `alsoInUnit` may add writes of its own. */
    async trust(
      registration: TrustedIssuer['registration'],
      alsoInUnit?: (id: string) => void,
    ): Promise<TrustedIssuer> {
      const { trust } = registration;
      const id = issuerId(trust.issuer);
      const before = await clients.find(id);
      if (before !== undefined && !isLeftover(before))
        throw new Refusal('already_exists', {
          words: `The issuer ${trust.issuer} is trusted already.`,
          param: 'issuer',
        });
      await database.transact(() => {
        if (before === undefined) clients.inUnit.register(id, registration);
        else clients.inUnit.replace(before, registration);
        if (before !== undefined) clients.inUnit.allow(id);
        endedKeys.change(id, undefined, trust);
        const details = { issuer: trust.issuer, profile: trust.profile };
        audit.record('issuer.trusted', { actor, clientId: id, details });
        alsoInUnit?.(id);
      });
      return get(id);
    },

    /** Other keys, or others of them disabled: felt at once by assertions, and by what was issued on the word of those of before. */
    changeKeys(
      issuer: TrustedIssuer,
      keys: Pick<Trust, 'jwks' | 'jwksUri' | 'disabledKeys'>,
    ): Promise<TrustedIssuer> {
      const { jwks, jwksUri, ...kept } = issuer.registration.trust;
      return changeTrust('issuer.keys_changed', issuer, { ...kept, ...keys });
    },

    /** As whom its workloads act from now on; what was issued before stays. */
    changeMappings(issuer: TrustedIssuer, mappings: readonly WorkloadMapping[]): Promise<TrustedIssuer> {
      return changeTrust('issuer.rules_changed', issuer, { ...issuer.registration.trust, mappings });
    },

    /**
     * Everything issued on its word is dead. The row stays, without keys and blocked, so that tokens of before stay
     * dead when the same issuer is trusted again.
     */
    remove(issuer: TrustedIssuer): Promise<TrustedIssuer> {
      checkOwn(issuer);
      return record('issuer.removed', issuer, () => {
        clients.inUnit.replace(issuer, issuerRegistration(issuer.registration.name, []));
        clients.inUnit.block(issuer.id);
      });
    },

    /** Everything issued on its word is dead, also when it is enabled again. */
    async disable(issuer: TrustedIssuer): Promise<TrustedIssuer> {
      await clients.block(issuer.id);
      return get(issuer.id);
    },

    async enable(issuer: TrustedIssuer): Promise<TrustedIssuer> {
      await clients.allow(issuer.id);
      return get(issuer.id);
    },

    /** Whether anybody can sign for it now. Asks its `jwksUri`. */
    async findKeyFault({ registration: { trust } }: TrustedIssuer): Promise<KeyFault | undefined> {
      let keys: readonly PublicKey[];
      try {
        keys = await listKeys(trust);
      } catch (error) {
        if (error instanceof OutboundFailure) return 'unreachable';
        throw error;
      }
      for (const key of keys) {
        const isGood = algorithmsOf(key).length > 0 && isInForce(key, nowSeconds());
        if (isGood && !isDisabledAmong(key, keys, trust.disabledKeys)) return undefined;
      }
      return 'none_usable';
    },
  };
}

export type TrustedIssuers = ReturnType<typeof createTrustedIssuers>;
