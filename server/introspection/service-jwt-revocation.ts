// One JWT of a service account is ended before its time, by its SHA-256: by whoever holds it (RFC 7009, with the signature as the
// proof that it is one), or by an operator.
import { nowSeconds } from '../clock.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { SelfSignedJwts } from '../service-accounts/self-signed.ts';
import type { ServiceAccounts } from '../service-accounts/service-accounts.ts';
import type { Database } from '../storage/database.ts';
import type { Rights } from '../teams/rights.ts';
import { explainServiceJwt } from './service-jwt.ts';

const HOLDER = 'anonymous';

export type ServiceJwtRevocationParts = {
  database: Database;
  limiter: Pick<Limiter, 'check'>;
  selfSigned: SelfSignedJwts;
  serviceAccounts: Pick<ServiceAccounts, 'revokeJwt'>;
  rights: Rights;
};

export function createServiceJwtRevocation(parts: ServiceJwtRevocationParts) {
  const { limiter, selfSigned, serviceAccounts } = parts;

  return {
    /** By its looks: that costs no database. */
    isKey: (text: string): boolean => selfSigned.recognise(text) !== undefined,

    /**
     * Ends it where it could be used. Any other is no error (RFC 7009 section 2.2).
     * Refuses too_many_requests to a network that tries many.
     */
    async endByHolder(text: string, network: string): Promise<void> {
      await limiter.check('api_key_revocation.network', network);
      const found = await explainServiceJwt(parts, text, nowSeconds());
      if (found === undefined || !found.isGood || found.ended === 'revoked') return;
      const { issuer: id, hash, expiresAt } = found.said;
      await serviceAccounts.revokeJwt(
        { id, hash, expiresAt },
        { actor: HOLDER, reason: 'revoked_by_holder' },
      );
    },
  };
}
