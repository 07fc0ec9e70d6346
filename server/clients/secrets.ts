// Secrets of clients: made here, shown once, kept as SHA-256 (row G03).
import { randomSecret, sha256Hex } from '../secrets.ts';
import type { AuthMethod, Registration, StoredSecret } from './clients.ts';

export function createSecret(): { secret: string; stored: StoredSecret } {
  const secret = `lks_${randomSecret()}`;
  return { secret, stored: { sha256: sha256Hex(secret) } };
}

export function needsSecret(auth: AuthMethod): boolean {
  return auth === 'client_secret_basic' || auth === 'client_secret_post';
}

/** With the secrets that it has already. One that has none and needs one gets it, shown this once; who needs none loses them. */
export function withSecrets(
  registration: Omit<Registration, 'secrets'>,
  secrets: readonly StoredSecret[],
): { registration: Registration; secret: string | undefined } {
  if (!needsSecret(registration.auth))
    return { registration: { ...registration, secrets: [] }, secret: undefined };
  if (secrets.length > 0) return { registration: { ...registration, secrets }, secret: undefined };
  const { secret, stored } = createSecret();
  return { registration: { ...registration, secrets: [stored] }, secret };
}
