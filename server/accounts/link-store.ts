// One-time links at rest: only the hash of the secret is stored. Atomic: using one is a compare-and-set, so one use wins.
import { nowSeconds } from '../clock.ts';
import { sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { insert, sql } from '../storage/statement.ts';
import { sweepExpired } from '../storage/sweep.ts';

export type LinkPurpose = 'first_administrator' | 'email' | 'password_reset';

/** Whose link it is, and which address it was sent to. */
export type LinkOwner = { readonly accountId: string; readonly email: string };

export function createLinkStore(database: Database) {
  return {
    register(secret: string, link: { purpose: LinkPurpose; expiresAt: number } & Partial<LinkOwner>): void {
      database.write(
        insert('one_time_links', {
          secret_hash: sha256(secret),
          purpose: link.purpose,
          account_id: link.accountId ?? null,
          email: link.email ?? null,
          created_at: nowSeconds(),
          expires_at: link.expiresAt,
        }),
      );
    },

    /** Is it neither used nor too old? */
    async isGood(secret: string, purpose: LinkPurpose): Promise<boolean> {
      const row = await database.find(
        sql`SELECT 1 AS one FROM one_time_links WHERE secret_hash = ${sha256(secret)} AND purpose = ${purpose}
          AND consumed_at IS NULL AND expires_at > ${nowSeconds()}`,
      );
      return row !== undefined;
    },

    /** The same for a link that belongs to a person: whose it is. */
    async findOwner(secret: string, purpose: LinkPurpose): Promise<LinkOwner | undefined> {
      const row = await database.find<{ account_id: string | null; email: string | null }>(
        sql`SELECT account_id, email FROM one_time_links
          WHERE secret_hash = ${sha256(secret)} AND purpose = ${purpose}
            AND consumed_at IS NULL AND expires_at > ${nowSeconds()}`,
      );
      if (row?.account_id == null || row.email === null) return undefined;
      return { accountId: row.account_id, email: row.email };
    },

    /** Conflict('link') where somebody else used it, or it ended, since it was read. */
    consume(secret: string, purpose: LinkPurpose): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE one_time_links SET consumed_at = ${now} WHERE secret_hash = ${sha256(secret)} AND purpose = ${purpose}
          AND consumed_at IS NULL AND expires_at > ${now}`,
        { expects: 1, conflict: 'link' },
      );
    },

    /** Earlier links for the same purpose end. */
    endAll(purpose: LinkPurpose): void {
      database.write(
        sql`UPDATE one_time_links SET consumed_at = ${nowSeconds()} WHERE purpose = ${purpose} AND consumed_at IS NULL`,
      );
    },

    /** Those of one person end: for one purpose, or for all. */
    endAllOf(accountId: string, purpose?: LinkPurpose): void {
      database.write(
        sql`UPDATE one_time_links SET consumed_at = ${nowSeconds()}
          WHERE account_id = ${accountId} AND (purpose = ${purpose ?? ''} OR ${purpose ?? ''} = '') AND consumed_at IS NULL`,
      );
    },

    sweep: sweepExpired(database, 'one_time_links', ['secret_hash']),
  };
}

export type LinkStore = ReturnType<typeof createLinkStore>;
