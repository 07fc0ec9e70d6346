// Judges one client or API that an operator registers in the database by the rules of the file: config/schema.ts.
import type { z } from 'zod';
import { describeIssue, listFaults } from './faults.ts';
import { clientSchema, resourceSchema } from './schema.ts';

// The rules ask for a hash beside client_secret_…. The server makes that secret itself, so this stands for its hash.
const SECRET_TO_BE_MADE = '0'.repeat(64);

export type DeclaredClient = z.output<typeof clientSchema>;
export type DeclaredResource = z.output<typeof resourceSchema>;

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

/** A client without its secret; the names of the settings are those of `clients[]`. */
export function judgeClient(settings: Settings): Judged<Omit<DeclaredClient, 'secret_sha256'>> {
  const judged = judge(clientSchema, { ...settings, secret_sha256: hashesFor(settings.auth) });
  if (judged.value === undefined) return judged;
  const { secret_sha256, ...value } = judged.value;
  return { value };
}

/** An API without the secret of its resource server; the names of the settings are those of `resources[]`. */
export function judgeResource(settings: Settings & { introspection: Settings }): Judged<
  Omit<DeclaredResource, 'introspection'> & {
    introspection: Omit<NonNullable<DeclaredResource['introspection']>, 'secret_sha256'>;
  }
> {
  const caller = { ...settings.introspection, secret_sha256: hashesFor(settings.introspection.auth) };
  const judged = judge(resourceSchema, { ...settings, introspection: caller });
  if (judged.value === undefined) return judged;
  const { introspection, ...value } = judged.value;
  if (introspection === undefined) throw new Error('a section that was given is there');
  const { secret_sha256, ...kept } = introspection;
  return { value: { ...value, introspection: kept } };
}
