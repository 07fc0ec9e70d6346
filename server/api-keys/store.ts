// API keys at rest. Atomic: a key is made only where its owner has room (counted at the commit, one owner after the other),
// a change is a compare-and-set on `version`, a warning is recorded once; ending twice is ending once.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { ID_TAKEN } from '../storage/faults.ts';
import { insert, type Statement, sql } from '../storage/statement.ts';
import type { ApiKey, KeyOwner, KeyTerms } from './api-key.ts';
import { fromRow, type KeyRow, ownedBy, toId, toTerms } from './key-row.ts';

/** The label of a creation that found its owner full, and of one whose owner is gone. */
export const NO_ROOM = 'api_key_room';
export const NO_OWNER = 'api_key_owner';

/** How often the use of a key is noted at most. */
export const NOTE_USE_EVERY_SECONDS = 60;

const LONGEST_PROGRAM = 300;

export function createApiKeyStore(database: Database) {
  async function findWhere(condition: Statement): Promise<ApiKey | undefined> {
    const { sql: text, bindings } = condition;
    const row = await database.find<KeyRow>({ sql: `SELECT * FROM api_keys WHERE ${text}`, bindings });
    return row === undefined ? undefined : fromRow(row);
  }

  async function listWhere(condition: Statement): Promise<ApiKey[]> {
    const { sql: text, bindings } = condition;
    const rows = await database.list<KeyRow>({ sql: `SELECT * FROM api_keys WHERE ${text}`, bindings });
    return rows.map(fromRow);
  }

  /** Who makes a key for this owner waits for others who do: each counts what the others made. */
  function lockOwner(owner: KeyOwner): void {
    const isThere =
      owner.kind === 'team'
        ? sql`UPDATE teams SET updated_at = updated_at WHERE id = ${owner.teamId} AND deleted_at IS NULL`
        : sql`UPDATE accounts SET updated_at = updated_at
            WHERE id = ${owner.accountId} AND deleted_at IS NULL AND disabled_at IS NULL`;
    database.write(isThere, { expects: 1, conflict: NO_OWNER });
  }

  function addSecret(keyId: string, secretHash: Buffer): void {
    const row = { secret_hash: secretHash, key_id: toId(keyId), created_at: nowSeconds() };
    database.write(insert('api_key_secrets', row), { conflict: ID_TAKEN });
  }

  return {
    find: (id: string) => findWhere(sql`id = ${toId(id)}`),

    /** By a secret that is good now, or was: whoever holds it may end the key. */
    findBySecret: (secretHash: Buffer) =>
      findWhere(sql`id = (SELECT s.key_id FROM api_key_secrets s WHERE s.secret_hash = ${secretHash})`),

    /** The newest first, before the key `before`. */
    list(owner: KeyOwner, page: { before: string | undefined; limit: number }): Promise<ApiKey[]> {
      const owned = ownedBy(owner);
      const last = page.before === undefined ? Number.MAX_SAFE_INTEGER : toId(page.before);
      return listWhere({
        sql: `${owned.sql} AND id < ? ORDER BY id DESC LIMIT ?`,
        bindings: [...owned.bindings, last, page.limit],
      });
    },

    /** Of everybody, for operators. */
    listAll: (page: { before: string | undefined; limit: number }): Promise<ApiKey[]> =>
      listWhere(
        sql`id < ${page.before === undefined ? Number.MAX_SAFE_INTEGER : toId(page.before)}
          ORDER BY id DESC LIMIT ${page.limit}`,
      ),

    /** Conflict(NO_ROOM) where the owner has `most` live keys already, Conflict(NO_OWNER) where there is no such owner. */
    register(key: ApiKey, secretHash: Buffer, most: number): void {
      const owned = ownedBy(key.owner);
      lockOwner(key.owner);
      database.write(
        insert('api_keys', {
          ...{ id: toId(key.id), kind: key.owner.kind, ...toTerms(key) },
          account_id: key.owner.kind === 'personal' ? key.owner.accountId : null,
          team_id: key.teamId ?? null,
          responsible_id: key.responsibleId ?? null,
          ...{ prefix: key.prefix, last_four: key.lastFour, resource: key.resource ?? null },
          ...{ created_at: key.createdAt, expires_at: key.expiresAt ?? null },
          ...{ version: key.version, warned_days: key.warnedDays },
        }),
        { conflict: ID_TAKEN },
      );
      addSecret(key.id, secretHash);
      // The key counts itself, and is rolled back where it is one too many.
      database.write(
        {
          sql: `UPDATE api_keys SET version = version WHERE id = ? AND (SELECT COUNT(*) FROM api_keys
            WHERE ${owned.sql} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)) <= ?`,
          bindings: [toId(key.id), ...owned.bindings, nowSeconds(), most],
        },
        { expects: 1, conflict: NO_ROOM },
      );
    },

    /** Other terms in place of those that were read, while the key lives; else Conflict('api_key'). */
    change(before: ApiKey, terms: KeyTerms & { disabledAt: number | undefined }): void {
      const { name, scope, level, networks } = toTerms(terms);
      database.write(
        sql`UPDATE api_keys SET name = ${name}, scope = ${scope}, level = ${level}, networks = ${networks},
            disabled_at = ${terms.disabledAt ?? null}, version = version + 1
          WHERE id = ${toId(before.id)} AND version = ${before.version} AND revoked_at IS NULL`,
        { expects: 1, conflict: 'api_key' },
      );
    },

    /** One more secret. The one before is good until `previousEndsAt`, older ones end now; Conflict('api_key') as above. */
    rotate(
      before: ApiKey,
      next: { secretHash: Buffer; prefix: string; lastFour: string },
      previousEndsAt: number,
    ): void {
      const id = toId(before.id);
      const now = nowSeconds();
      database.write(
        sql`UPDATE api_keys SET prefix = ${next.prefix}, last_four = ${next.lastFour}, version = version + 1
          WHERE id = ${id} AND version = ${before.version} AND revoked_at IS NULL`,
        { expects: 1, conflict: 'api_key' },
      );
      database.write(
        sql`UPDATE api_key_secrets SET expires_at = ${now} WHERE key_id = ${id} AND expires_at > ${now}`,
      );
      database.write(
        sql`UPDATE api_key_secrets SET expires_at = ${previousEndsAt} WHERE key_id = ${id} AND expires_at IS NULL`,
      );
      addSecret(before.id, next.secretHash);
    },

    /** For good, in the open unit. */
    revoke(id: string): void {
      database.write(
        sql`UPDATE api_keys SET revoked_at = ${nowSeconds()} WHERE id = ${toId(id)} AND revoked_at IS NULL`,
      );
    },

    /** All keys of this owner, in the open unit. */
    revokeAllOf(owner: KeyOwner): void {
      const owned = ownedBy(owner);
      database.write({
        sql: `UPDATE api_keys SET revoked_at = ? WHERE ${owned.sql} AND revoked_at IS NULL`,
        bindings: [nowSeconds(), ...owned.bindings],
      });
    },

    /** Those of the team, and those that were good in it alone, in the open unit. */
    endOfTeam(teamId: string): void {
      database.write(
        sql`UPDATE api_keys SET revoked_at = ${nowSeconds()} WHERE team_id = ${teamId} AND revoked_at IS NULL`,
      );
    },

    /** Those that are good at this API alone, in the open unit. */
    endOfResource(identifier: string): void {
      database.write(
        sql`UPDATE api_keys SET revoked_at = ${nowSeconds()} WHERE resource = ${identifier} AND revoked_at IS NULL`,
      );
    },

    /** A member's own keys for that team, in the open unit: they stay dead when the member comes back. */
    endOfMember(teamId: string, accountId: string): void {
      database.write(
        sql`UPDATE api_keys SET revoked_at = ${nowSeconds()} WHERE team_id = ${teamId} AND revoked_at IS NULL
          AND kind = 'personal' AND account_id = ${accountId}`,
      );
    },

    /** What is personal in the keys of somebody whose account is erased, and in those that they answered for. */
    forgetPerson(accountId: string): void {
      database.write(
        sql`UPDATE api_keys SET name = 'erased', last_used_address = NULL, last_used_program = NULL, networks = NULL
          WHERE kind = 'personal' AND account_id = ${accountId}`,
      );
    },

    /** At most once a minute, whoever else notes it. */
    noteUse(
      id: number,
      use: { address: string | undefined; program: string | undefined; resource: string | undefined },
    ): void {
      const now = nowSeconds();
      const program = use.program?.slice(0, LONGEST_PROGRAM) ?? null;
      database.write(
        sql`UPDATE api_keys SET last_used_at = ${now}, last_used_address = ${use.address ?? null},
            last_used_program = ${program}, last_used_resource = ${use.resource ?? null}
          WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at <= ${now - NOTE_USE_EVERY_SECONDS})`,
      );
    },

    /** Live keys that end before `endsBefore` and whose owner was not told so yet, the first to end first. */
    listEnding: (page: { endsBefore: number; days: number; limit: number }): Promise<ApiKey[]> =>
      listWhere(
        sql`revoked_at IS NULL AND expires_at > ${nowSeconds()} AND expires_at <= ${page.endsBefore}
          AND warned_days > ${page.days} ORDER BY expires_at, id LIMIT ${page.limit}`,
      ),

    /** Conflict('api_key_warning') where another process was faster. */
    noteWarning(id: string, days: number): void {
      database.write(
        sql`UPDATE api_keys SET warned_days = ${days} WHERE id = ${toId(id)} AND warned_days > ${days} AND revoked_at IS NULL`,
        { expects: 1, conflict: 'api_key_warning' },
      );
    },

    /** Deletes at most `limit` keys that ended before `beforeAt`, and secrets that were rotated away; answers how many. */
    async sweep(beforeAt: number, limit: number): Promise<number> {
      const ended = await database.list<{ id: number }>(
        sql`SELECT id FROM api_keys WHERE revoked_at < ${beforeAt} OR expires_at < ${beforeAt} LIMIT ${limit}`,
      );
      await database.transact(() => {
        for (const { id } of ended) {
          database.write(sql`DELETE FROM api_key_secrets WHERE key_id = ${id}`);
          database.write(sql`DELETE FROM api_keys WHERE id = ${id}`);
        }
        database.write(
          sql`DELETE FROM api_key_secrets WHERE secret_hash IN (
            SELECT secret_hash FROM api_key_secrets WHERE expires_at < ${beforeAt} LIMIT ${limit})`,
        );
      });
      return ended.length;
    },
  };
}
