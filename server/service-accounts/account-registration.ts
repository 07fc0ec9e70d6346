// A service account as a registered client: a block, the declarations of the file and introspection mean the same for it as for others.
import type { Config } from '../../config/schema.ts';
import type { Registration } from '../clients/clients.ts';
import type { Declared } from '../clients/declared.ts';
import { resourceServer } from '../clients/ready-made.ts';
import { type AssertionProfile, JWT_BEARER_GRANT, type Trust } from '../clients/trust.ts';
import { randomSecret } from '../secrets.ts';
import type { PublicKey } from './keys.ts';

type DeclaredAccount = Config['service_accounts'][number];

export type AccountRegistration = Registration & { readonly trust: Trust };

/** Every id of a service account begins with this; it is also the `iss` of what it signs. */
const SERVICE_ACCOUNT_ID_PREFIX = 'sa_';
const ID_BYTES = 15;

export function createServiceAccountId(): string {
  return `${SERVICE_ACCOUNT_ID_PREFIX}${randomSecret(ID_BYTES)}`;
}

/** By its looks; whether there is one is not known here. */
export function isServiceAccountId(text: string): boolean {
  return text.startsWith(SERVICE_ACCOUNT_ID_PREFIX);
}

export function accountRegistration(
  id: string,
  terms: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly profile: AssertionProfile;
    readonly keys: readonly PublicKey[];
    readonly disabledKeys: readonly string[];
    readonly resource?: string | undefined;
  },
): AccountRegistration {
  const { name, scopes, profile, keys, disabledKeys, resource } = terms;
  return {
    ...resourceServer(name, 'none', undefined),
    type: 'service_account',
    secrets: [],
    grants: [JWT_BEARER_GRANT],
    scopes,
    defaultScopes: scopes,
    isFirstParty: false,
    trust: {
      ...{ issuer: id, profile, jwks: { keys }, disabledKeys, subjects: [], clientIds: [] },
      ...(resource === undefined ? {} : { resource }),
    },
  };
}

/** What a removal leaves of it: nothing that anybody could sign with. */
export function removedRegistration(name: string): Registration {
  return { ...resourceServer(name, 'none', undefined), type: 'removed', secrets: [], isFirstParty: false };
}

/** Every service account of the file, to be declared with its clients. */
export function declaredServiceAccounts(config: Pick<Config, 'service_accounts'>): Declared[] {
  return config.service_accounts.map((account) => ({
    id: account.id,
    registration: toAccountRegistration(account),
    resource: undefined,
    isAllowed: account.allowed,
  }));
}

/** From the words of the configuration file; an operator's are judged by the same rules. */
export function toAccountRegistration(account: DeclaredAccount): AccountRegistration {
  return accountRegistration(account.id, {
    ...{ name: account.name, scopes: account.scopes, profile: account.profile },
    ...{ keys: account.jwks?.keys ?? [], disabledKeys: account.disabled_keys, resource: account.resource },
  });
}
