// What storage may say instead of an answer: a lost compare-and-set (Conflict) or a store that cannot serve now (StorageFault).
import { Refusal } from '../errors.ts';

/** A compare-and-set or a unique key was lost to somebody else; nothing of the unit was stored. */
export class Conflict extends Error {
  /** Which write lost, as its author named it. */
  readonly label: string;

  constructor(label: string, cause?: unknown) {
    super(`lost to another writer: ${label}`, { cause });
    this.name = 'Conflict';
    this.label = label;
  }
}

/** The database is full, busy, away or damaged. Nothing was stored, as far as we know; a retry may succeed. */
export class StorageFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageFault';
  }
}

/** The label of a write whose time-ordered id was made by another process in the same millisecond. */
export const ID_TAKEN = 'id_taken';

/** Will the same request succeed when it is sent again? A store that is away, or an id that was taken. */
export function isPassing(error: unknown): boolean {
  return error instanceof StorageFault || (error instanceof Conflict && error.label === ID_TAKEN);
}

/** Somebody else was faster: conflict. What passes by itself stays a fault of the store. */
export function refuseConflict(error: unknown): never {
  if (!(error instanceof Conflict) || isPassing(error)) throw error;
  throw new Refusal('conflict', { cause: error });
}

const SQLITE_FAULTS = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|CORRUPT|NOTADB|PROTOCOL)/;
const SQLITE_UNIQUE = /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID)$/;
// PostgreSQL error classes (manual, appendix A): connection, resources, operator intervention, system, serialization;
// who we are (28), where (3D) and what we may (42501) were right at the start, so later they tell that the database is
// away, or was taken from us.
const POSTGRES_FAULTS = /^(08|28|3D|53|57|58|40|25006|25P03|42501|55P03|XX)/;
const SOCKET_FAULTS = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENOTFOUND|EAI_)/;
const POOL_FAULTS = /timeout|terminat|Connection|not queryable|calling end/i;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function isUniqueViolation(error: unknown): boolean {
  const code = codeOf(error);
  return SQLITE_UNIQUE.test(code) || code === '23505';
}

/** The file itself is damaged, or is no database. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));
}

/** Deadlocks and serialization failures: the same unit may be tried again at once (PostgreSQL 13.5). */
export function isRetryable(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

/** Turns what a driver threw into a StorageFault where it is one; anything else is a bug and stays as it is. */
export function toFault(error: unknown): unknown {
  if (error instanceof StorageFault || error instanceof Conflict || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const isFault =
    SQLITE_FAULTS.test(code) ||
    POSTGRES_FAULTS.test(code) ||
    SOCKET_FAULTS.test(code) ||
    (code === '' && POOL_FAULTS.test(error.message));
  // The driver's message may hold values: only its code is kept in ours.
  return isFault ? new StorageFault(`storage cannot serve (${code || 'connection'})`, error) : error;
}

/** What may not be appended to a chain, for whatever reason: the act that it tells of is not done either (row F31). */
export function toAppendFault(error: unknown): unknown {
  if (isRetryable(error)) return error;
  const fault = toFault(error);
  return fault instanceof StorageFault ? fault : new StorageFault('the audit log cannot be written', error);
}
