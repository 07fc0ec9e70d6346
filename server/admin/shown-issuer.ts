// A trusted issuer and its keys, as operators see them.
import type { AssertionProfile, WorkloadMapping } from '../clients/trust.ts';
import type { TrustedIssuer } from '../service-accounts/registration.ts';
import { type ShownKey, showKey } from '../service-accounts/shown-key.ts';

export type ShownIssuer = {
  issuer: string;
  /** Its machine identity: the client that its tokens are issued to. */
  client_id: string;
  name: string;
  state: 'trusted' | 'disabled';
  source: 'file' | 'database';
  profile: AssertionProfile;
  jwks_uri: string | null;
  /** Null where they are published at `jwks_uri`. */
  keys: ShownKey[] | null;
  disabled_keys: readonly string[];
  subjects: readonly string[];
  account_id: string | null;
  clients: readonly string[];
  scopes: readonly string[];
  /** With the profile workload: as whom its workloads act, by the rules that they must meet. */
  service_accounts: ShownMapping[];
  created_at: number;
  disabled_at: number | null;
};

export type ShownMapping = {
  id: string;
  rules: Record<string, readonly string[]>;
  identified_by?: readonly string[];
};

/** In the words of the configuration file. */
export function showMappings(mappings: readonly WorkloadMapping[] = []): ShownMapping[] {
  return mappings.map(({ serviceAccountId: id, rules, identifiedBy }) => ({
    id,
    rules: Object.fromEntries(rules.map(({ claim, values }) => [claim, values])),
    ...(identifiedBy === undefined ? {} : { identified_by: identifiedBy }),
  }));
}

export async function showTrust({
  id,
  source,
  registration,
  createdAt,
  blockedAt,
}: TrustedIssuer): Promise<ShownIssuer> {
  const { trust, name, scopes } = registration;
  const pinned = trust.jwks?.keys ?? [];
  const keys = pinned.map((key) => showKey(key, trust.disabledKeys));
  return {
    issuer: trust.issuer,
    client_id: id,
    name,
    state: blockedAt === undefined ? 'trusted' : 'disabled',
    source,
    profile: trust.profile,
    jwks_uri: trust.jwksUri ?? null,
    keys: trust.jwksUri === undefined ? keys : null,
    disabled_keys: trust.disabledKeys,
    subjects: trust.subjects,
    account_id: trust.accountId ?? null,
    clients: trust.clientIds,
    scopes,
    service_accounts: showMappings(trust.mappings),
    created_at: createdAt,
    disabled_at: blockedAt ?? null,
  };
}
