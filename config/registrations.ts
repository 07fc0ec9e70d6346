// Judges one client or API that an operator registers in the database by the rules of the file: config/schema/.
import type { z } from 'zod';
import { describeIssue, listFaults } from './faults.ts';
import { clientSchema } from './schema/clients.ts';
import { findOutboundFaults } from './schema/outbound.ts';
import { resourceSchema } from './schema/resources.ts';
import { serviceAccountSchema } from './schema/service-accounts.ts';
import { trustedIssuerSchema } from './schema/trusted-issuers.ts';

// The rules ask for a hash beside client_secret_…. The server makes that secret itself, so this stands for its hash.
const SECRET_TO_BE_MADE = '0'.repeat(64);

export type DeclaredClient = z.output<typeof clientSchema>;
export type DeclaredResource = z.output<typeof resourceSchema>;
export type DeclaredIssuer = z.output<typeof trustedIssuerSchema>;
export type DeclaredServiceAccount = z.output<typeof serviceAccountSchema>;

/** The value with its defaults, or what is wrong with it: one line for each fault, by path. */
export type Judged<T> =
  | { readonly value: T; readonly faults?: never }
  | { readonly value?: never; readonly faults: readonly string[] };

type Settings = Readonly<Record<string, unknown>>;

function hashesFor(auth: unknown): string[] {
  return String(auth).startsWith('client_secret_') ? [SECRET_TO_BE_MADE] : [];
}

function judge<T>(schema: z.ZodType<T>, settings: Settings): Judged<T> {
  const result = schema.safeParse(settings, { error: describeIssue });
  return result.success ? { value: result.data } : { faults: listFaults(result.error.issues, new Map()) };
}

/** What we would have to call, in words, under the path of its registration. */
function judgeAddresses(settings: Settings, allowedHosts: readonly string[], path = ''): string[] {
  return findOutboundFaults(settings, allowedHosts).map(({ field, fault }) => `${path}${field}: ${fault}`);
}

/** A client without its secret; the names of the settings are those of `clients[]`. */
export function judgeClient(
  settings: Settings,
  allowedHosts: readonly string[],
): Judged<Omit<DeclaredClient, 'secret_sha256'>> {
  const judged = judge(clientSchema, { ...settings, secret_sha256: hashesFor(settings.auth) });
  const unreachable = judgeAddresses(settings, allowedHosts);
  if (judged.value === undefined) return { faults: [...judged.faults, ...unreachable] };
  if (unreachable.length > 0) return { faults: unreachable };
  const { secret_sha256, ...value } = judged.value;
  return { value };
}

/** A trusted issuer; the names of the settings are those of `trusted_issuers[]`. */
export function judgeIssuer(settings: Settings, allowedHosts: readonly string[]): Judged<DeclaredIssuer> {
  const judged = judge(trustedIssuerSchema, settings);
  const unreachable = judgeAddresses(settings, allowedHosts);
  if (judged.value === undefined) return { faults: [...judged.faults, ...unreachable] };
  return unreachable.length > 0 ? { faults: unreachable } : judged;
}

/** A service account; the names of the settings are those of `service_accounts[]`. */
export function judgeServiceAccount(settings: Settings): Judged<DeclaredServiceAccount> {
  return judge(serviceAccountSchema, settings);
}

/** An API without the secret of its resource server; the names of the settings are those of `resources[]`. */
export function judgeResource(
  settings: Settings & { introspection: Settings },
  allowedHosts: readonly string[],
): Judged<
  Omit<DeclaredResource, 'introspection'> & {
    introspection: Omit<NonNullable<DeclaredResource['introspection']>, 'secret_sha256'>;
  }
> {
  const caller = { ...settings.introspection, secret_sha256: hashesFor(settings.introspection.auth) };
  const judged = judge(resourceSchema, { ...settings, introspection: caller });
  const unreachable = judgeAddresses(settings.introspection, allowedHosts, 'introspection.');
  if (judged.value === undefined) return { faults: [...judged.faults, ...unreachable] };
  if (unreachable.length > 0) return { faults: unreachable };
  const { introspection, ...value } = judged.value;
  if (introspection === undefined) throw new Error('a section that was given is there');
  const { secret_sha256, ...kept } = introspection;
  return { value: { ...value, introspection: kept } };
}
