// People at rest. Atomic: an e-mail belongs to one account (unique index), an account has one password (partial unique index).
import { nowSeconds } from '../clock.ts';
import { checkTexts, readRow } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { nextId } from '../storage/ids.ts';
import { insert, type Statement, sql } from '../storage/statement.ts';
import type { Account } from './accounts.ts';

type Row = {
  id: string;
  email: string | null;
  email_verified_at: number | null;
  name: string | null;
  role: string;
  is_admin: number;
  plan: string | null;
  locale: string | null;
  chosen_locale: string | null;
  created_at: number;
  updated_at: number;
  disabled_at: number | null;
};

function fromRow(row: Row): Account {
  checkTexts(row.email, row.name, row.role, row.plan, row.locale, row.chosen_locale);
  return {
    id: row.id,
    email: row.email ?? '',
    emailVerifiedAt: row.email_verified_at ?? undefined,
    name: row.name ?? '',
    role: row.role,
    isAdmin: row.is_admin === 1,
    plan: row.plan ?? undefined,
    locale: row.chosen_locale ?? row.locale ?? undefined,
    chosenLocale: row.chosen_locale ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    disabledAt: row.disabled_at ?? undefined,
  };
}

const COLUMNS = `SELECT id, email, email_verified_at, name, role, is_admin, plan, locale, chosen_locale, created_at, updated_at,
  disabled_at FROM accounts WHERE deleted_at IS NULL`;

export function createAccountStore(database: Database) {
  function matching(condition: Statement): Statement {
    return { sql: `${COLUMNS} AND ${condition.sql}`, bindings: condition.bindings };
  }

  async function findWhere(condition: Statement): Promise<Account | undefined> {
    const row = await database.find<Row>(matching(condition));
    return row === undefined ? undefined : readRow('accounts', row, fromRow);
  }

  return {
    find: (id: string) => findWhere(sql`id = ${id}`),
    findByEmail: (normalized: string) => findWhere(sql`email_normalized = ${normalized}`),

    async list(options: { after: string; limit: number }): Promise<Account[]> {
      const rows = await database.list<Row>(
        matching(sql`id > ${options.after} ORDER BY id LIMIT ${options.limit}`),
      );
      return rows.map(fromRow);
    },

    /** The password's hash and how the account stands, in one read; by normalised e-mail. */
    async findPassword(
      normalized: string,
    ): Promise<{ accountId: string; secret: string; isDisabled: boolean } | undefined> {
      const row = await database.find<{ id: string; secret: string; disabled_at: number | null }>(
        sql`SELECT a.id, c.secret, a.disabled_at FROM accounts a
          JOIN credentials c ON c.account_id = a.id AND c.kind = 'password'
          WHERE a.email_normalized = ${normalized} AND a.deleted_at IS NULL`,
      );
      if (row === undefined) return undefined;
      return { accountId: row.id, secret: row.secret, isDisabled: row.disabled_at !== null };
    },

    async hasAdministrator(): Promise<boolean> {
      const row = await database.find(
        sql`SELECT 1 AS one FROM accounts WHERE is_admin = 1 AND deleted_at IS NULL AND disabled_at IS NULL LIMIT 1`,
      );
      return row !== undefined;
    },

    /** Administrators who may sign in and whose address is confirmed, the oldest first. */
    async listReachableAdministrators(limit: number): Promise<Account[]> {
      const rows = await database.list<Row>(
        matching(sql`is_admin = 1 AND disabled_at IS NULL AND email_verified_at IS NOT NULL
          ORDER BY created_at, id LIMIT ${limit}`),
      );
      return rows.map(fromRow);
    },

    register(account: {
      id: string;
      email: string;
      normalized: string;
      name: string;
      role: string;
      isAdmin: boolean;
      locale?: string | undefined;
    }): void {
      const now = nowSeconds();
      database.write(
        insert('accounts', {
          id: account.id,
          email: account.email,
          email_normalized: account.normalized,
          name: account.name,
          role: account.role,
          is_admin: account.isAdmin ? 1 : 0,
          locale: account.locale ?? null,
          created_at: now,
          updated_at: now,
        }),
        { conflict: 'email' },
      );
    },

    setPassword(accountId: string, secret: string): void {
      const now = nowSeconds();
      database.write(
        sql`INSERT INTO credentials (id, account_id, kind, secret, created_at, updated_at)
          VALUES (${nextId()}, ${accountId}, 'password', ${secret}, ${now}, ${now})
          ON CONFLICT (account_id) WHERE kind = 'password'
          DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at`,
        { conflict: 'credential_id' },
      );
    },

    /** The address is theirs, from now on the one of the account. Conflict('email') where it is another account's, or theirs is gone. */
    confirmEmail(id: string, { email, normalized }: { email: string; normalized: string }): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE accounts SET email = ${email}, email_normalized = ${normalized}, email_verified_at = ${now},
          updated_at = ${now} WHERE id = ${id} AND deleted_at IS NULL`,
        { expects: 1, conflict: 'email' },
      );
    },

    setPlan(id: string, plan: string | undefined): void {
      database.write(
        sql`UPDATE accounts SET plan = ${plan ?? null}, updated_at = ${nowSeconds()} WHERE id = ${id}`,
      );
    },

    /** The language of a sign-in. */
    noteLocale(id: string, locale: string): void {
      database.write(sql`UPDATE accounts SET locale = ${locale} WHERE id = ${id} AND deleted_at IS NULL`);
    },

    chooseLocale(id: string, locale: string | undefined): void {
      database.write(
        sql`UPDATE accounts SET chosen_locale = ${locale ?? null}, updated_at = ${nowSeconds()}
          WHERE id = ${id} AND deleted_at IS NULL`,
      );
    },

    /** `ended_before` stays when they are enabled: tokens that no grant holds must not come back. */
    disable(id: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE accounts SET disabled_at = ${now}, ended_before = ${nextId()}, updated_at = ${now} WHERE id = ${id}`,
      );
    },

    enable(id: string): void {
      database.write(
        sql`UPDATE accounts SET disabled_at = NULL, updated_at = ${nowSeconds()} WHERE id = ${id}`,
      );
    },

    /** Conflict('administrator') unless this person may administer when the unit commits. */
    holdAdministrator(id: string): void {
      // Where writers run side by side, those who disable each other wait here: the second finds itself disabled.
      database.write(sql`UPDATE accounts SET is_admin = 1 WHERE is_admin = 1 AND deleted_at IS NULL`);
      database.write(
        sql`UPDATE accounts SET is_admin = 1
          WHERE id = ${id} AND is_admin = 1 AND deleted_at IS NULL AND disabled_at IS NULL`,
        { expects: 1, conflict: 'administrator' },
      );
    },

    /** Is there nobody else who could administer? */
    async isLastAdministrator(id: string): Promise<boolean> {
      const row = await database.find<{ is_last: number }>(
        sql`SELECT COUNT(*) AS is_last FROM accounts WHERE id = ${id} AND is_admin = 1 AND NOT EXISTS (
          SELECT 1 FROM accounts WHERE is_admin = 1 AND id <> ${id} AND deleted_at IS NULL AND disabled_at IS NULL)`,
      );
      return Number(row?.is_last ?? 0) > 0;
    },

    /**
     * What is left is the id, which is never used again, and when: the e-mail is free for a new account.
     * Conflict('account') where it is gone already, or where it has become the last administrator's since that was asked.
     */
    erase(id: string): void {
      const now = nowSeconds();
      // Where writers run side by side, those who erase an administrator wait for each other here: each sees who is left.
      database.write(
        sql`UPDATE accounts SET is_admin = 1 WHERE is_admin = 1 AND deleted_at IS NULL
          AND EXISTS (SELECT 1 FROM accounts me WHERE me.id = ${id} AND me.is_admin = 1)`,
      );
      for (const table of ['credentials', 'identities', 'one_time_links'])
        database.write({ sql: `DELETE FROM ${table} WHERE account_id = ?`, bindings: [id] });
      database.write(
        sql`UPDATE accounts SET email = NULL, email_normalized = NULL, email_verified_at = NULL, name = NULL,
          locale = NULL, chosen_locale = NULL, updated_at = ${now}, deleted_at = ${now} WHERE id = ${id} AND deleted_at IS NULL AND (is_admin = 0 OR EXISTS (
            SELECT 1 FROM accounts o WHERE o.is_admin = 1 AND o.id <> ${id} AND o.deleted_at IS NULL AND o.disabled_at IS NULL))`,
        { expects: 1, conflict: 'account' },
      );
    },
  };
}

export type AccountStore = ReturnType<typeof createAccountStore>;
