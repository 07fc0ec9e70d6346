// Clients and their APIs as introspection needs them, kept while the registry stands still: its version comes with every read.
import type { Registration } from '../clients/clients.ts';
import type { Database } from '../storage/database.ts';
import { findCaller } from './store.ts';

export type Entry = {
  readonly id: string;
  readonly registration: Registration;
  /** The API whose resource server it is. */
  readonly resource: string | undefined;
  readonly isDefaultResource: boolean;
  /** The names of that API's scopes. */
  readonly resourceScopes: ReadonlySet<string>;
  readonly isBlocked: boolean;
  /** What was issued to it up to this second is dead. */
  readonly revokedAt: number;
};

const MOST_ENTRIES = 10_000;

export function createRegistry(database: Database) {
  let version: string | undefined;
  let entries = new Map<string, Entry | undefined>();

  /**
   * The client as it is at that version or later. The version was read before the client is,
   * so nothing older than it can be kept under it.
   */
  return async function find(id: string, atVersion: string): Promise<Entry | undefined> {
    if (version !== atVersion || entries.size >= MOST_ENTRIES) {
      version = atVersion;
      entries = new Map();
    }
    if (entries.has(id)) return entries.get(id);
    const kept = entries;
    const entry = await findCaller(database, id);
    kept.set(id, entry);
    return entry;
  };
}

export type Registry = ReturnType<typeof createRegistry>;
