// A trusted issuer as a registered client: then a block, the declarations of the file and introspection mean the same for it.
import type { Config } from '../../config/schema.ts';
import type { Client, Registration } from '../clients/clients.ts';
import type { Declared } from '../clients/declared.ts';
import { resourceServer } from '../clients/ready-made.ts';
import { JWT_BEARER_GRANT, type Trust, type WorkloadMapping } from '../clients/trust.ts';
import { sha256 } from '../secrets.ts';

type DeclaredIssuer = Config['trusted_issuers'][number];

export type TrustedIssuer = Client & { readonly registration: Registration & { readonly trust: Trust } };

/** Every id of an issuer begins with this. */
export const ISSUER_ID_PREFIX = 'iss_';
const ID_CHARACTERS = 22;

/** The same on every node and in the file: 132 bits of the SHA-256 of the issuer. */
export function issuerId(issuer: string): string {
  return `${ISSUER_ID_PREFIX}${sha256(issuer).toString('base64url').slice(0, ID_CHARACTERS)}`;
}

export function isTrustedIssuer(client: Client): client is TrustedIssuer {
  return client.registration.type === 'trusted_issuer' && client.registration.trust !== undefined;
}

/** The registration of a client that can present assertions of its own and do nothing else. */
export function issuerRegistration(name: string, scopes: readonly string[], trust?: Trust): Registration {
  return {
    ...resourceServer(name, 'none', undefined),
    type: 'trusted_issuer',
    secrets: [],
    grants: trust === undefined ? [] : [JWT_BEARER_GRANT],
    scopes,
    defaultScopes: scopes,
    isFirstParty: false,
    ...(trust === undefined ? {} : { trust }),
  };
}

/** From the words of the configuration file; an operator's are judged by the same rules. */
export function toIssuerRegistration(issuer: DeclaredIssuer): Registration {
  return issuerRegistration(issuer.name ?? issuer.issuer, issuer.scopes, {
    issuer: issuer.issuer,
    profile: issuer.profile,
    ...(issuer.jwks === undefined ? {} : { jwks: issuer.jwks }),
    ...(issuer.jwks_uri === undefined ? {} : { jwksUri: issuer.jwks_uri }),
    disabledKeys: issuer.disabled_keys,
    subjects: issuer.subjects,
    ...(issuer.account === undefined ? {} : { accountId: issuer.account }),
    clientIds: issuer.clients,
    ...(issuer.service_accounts.length === 0 ? {} : { mappings: issuer.service_accounts.map(toMapping) }),
  });
}

function toMapping({
  id,
  rules,
  identified_by,
}: DeclaredIssuer['service_accounts'][number]): WorkloadMapping {
  return {
    serviceAccountId: id,
    rules: Object.entries(rules).map(([claim, values]) => ({ claim, values })),
    ...(identified_by.length === 0 ? {} : { identifiedBy: identified_by }),
  };
}

/** Every trusted issuer of the file, to be declared with its clients. */
export function declaredIssuers(config: Pick<Config, 'trusted_issuers'>): Declared[] {
  return config.trusted_issuers.map((issuer) => ({
    id: issuerId(issuer.issuer),
    registration: toIssuerRegistration(issuer),
    resource: undefined,
    isAllowed: issuer.allowed,
  }));
}
