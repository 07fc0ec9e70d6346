// Who asks: authenticated by secret or signed assertion (RFC 7662 section 2.1), by the registration that the one read found.
import type { Config } from '../../config/schema.ts';
import { isRightSecret, type Presented, verifyAssertion } from '../clients/authentication.ts';
import type { Registration } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { RemoteKeys } from '../outbound/remote-keys.ts';
import { sha256Hex } from '../secrets.ts';
import { orNothing, readRow } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createRegistrationReader } from './registrations.ts';

const KNOWN_CALLERS = 200;
const KNOWN_FOR_SECONDS = 5;

export type CallerParts = {
  config: Pick<Config, 'issuer' | 'tokens'>;
  database: Database;
  remoteKeys: RemoteKeys;
  /** Burns the jti of an assertion in the open unit; false where it was used before. Shared with the engine. */
  isFirstUse: (issuer: string, jti: string, expiresAt: number) => Promise<boolean>;
};

export function createCallers(parts: CallerParts) {
  const { config, database } = parts;
  const readRegistration = createRegistrationReader();
  /** Until when a caller is known to be who it says, by the SHA-256 of what it presents. */
  const known = new Map<string, number>();

  async function checkAssertion(
    caller: { id: string; registration: Registration },
    assertion: string,
  ): Promise<void> {
    const skewSeconds = config.tokens.clock_skew_seconds;
    const claims = await verifyAssertion(caller, assertion, {
      issuer: config.issuer,
      clockSkewSeconds: skewSeconds,
      remoteKeys: parts.remoteKeys,
    });
    try {
      await database.transact(async () => {
        if (await parts.isFirstUse(caller.id, claims.jti, claims.exp + skewSeconds)) return;
        throw new Refusal('invalid_client', { reason: 'assertion replayed' });
      });
    } catch (error) {
      throw error instanceof Conflict
        ? new Refusal('invalid_client', { reason: 'assertion replayed', cause: error })
        : error;
    }
  }

  function hashOf({ clientId, secret }: { clientId: string; secret: string }): string {
    return sha256Hex(JSON.stringify([clientId, secret]));
  }

  return {
    /** The caller's registration. Refuses with invalid_client where it is not who it says, or nobody that may ask. */
    async check(found: string | null, presented: Presented): Promise<Registration> {
      if (found === null) throw new Refusal('invalid_client', { reason: 'unknown caller' });
      const registration = await orNothing(
        async () => readRow('clients', found, readRegistration),
        database.noteDamage,
      );
      if (registration === undefined) throw new Refusal('invalid_client', { reason: 'damaged caller' });
      const usesAssertion = registration.auth === 'private_key_jwt';
      if (usesAssertion !== (presented.kind === 'assertion')) {
        throw new Refusal('invalid_client', { reason: 'other method' });
      }
      if (presented.kind === 'assertion') {
        await checkAssertion({ id: presented.clientId, registration }, presented.assertion);
      } else if (!isRightSecret(registration, presented.secret)) {
        throw new Refusal('invalid_client', { reason: 'wrong secret' });
      }
      return registration;
    },

    /** Remembers a caller that was checked while it asked about what is no credential of ours. */
    remember(presented: Presented): void {
      if (presented.kind !== 'secret') return;
      if (known.size >= KNOWN_CALLERS) known.clear();
      known.set(hashOf(presented), nowSeconds() + KNOWN_FOR_SECONDS);
    },

    /**
     * Was it right a moment ago? Enough to be told that what is no credential of ours is not active, which says nothing
     * about anything: so a flood of invented keys costs no read of the database (row G02).
     */
    isRemembered: (presented: Presented): boolean =>
      presented.kind === 'secret' && (known.get(hashOf(presented)) ?? 0) > nowSeconds(),
  };
}
