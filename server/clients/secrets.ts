// Secrets of clients: made here, shown once, kept as SHA-256 (row G03).
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { randomSecret, sha256Hex } from '../secrets.ts';
import type { AuthMethod, Client, Registration, RotatedSecret, StoredSecret } from './clients.ts';

const ROTATION_SECONDS = 86_400;
const KEPT_SECRETS = 2;

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

/** With one more: the one before stays good for a day, older ones end. Refuses with invalid_request where there is none. */
export function addSecret({ id, registration }: Pick<Client, 'id' | 'registration'>): {
  registration: Registration;
  made: RotatedSecret;
} {
  if (!needsSecret(registration.auth)) {
    throw new Refusal('invalid_request', { words: `The client ${id} has no secret.`, param: 'client_id' });
  }
  const previousExpiresAt = nowSeconds() + ROTATION_SECONDS;
  const { secret, stored } = createSecret();
  const ending = registration.secrets.slice(0, KEPT_SECRETS - 1).map((one) => ({
    ...one,
    expiresAt: Math.min(one.expiresAt ?? previousExpiresAt, previousExpiresAt),
  }));
  return {
    registration: { ...registration, secrets: [stored, ...ending] },
    made: { secret, previousExpiresAt },
  };
}
