// What becomes of a registered client: another registration in place of its own, or the end.
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../storage/database.ts';
import type { Client, Registration } from './clients.ts';
import { resourceServer } from './ready-made.ts';
import type { createClientStore } from './store.ts';

type Parts = {
  database: Database;
  audit: Audit;
  actor: string;
  store: ReturnType<typeof createClientStore>;
  /** Refuses one that is not the database's. */
  getOwn: (id: string) => Promise<Client>;
  /** In the open unit. */
  block: (id: string) => void;
};

export function createClientChanges({ database, audit, actor, store, getOwn, block }: Parts) {
  function nothingOf(name: string): Registration {
    return { ...resourceServer(name, 'none'), type: 'removed', secrets: [], isFirstParty: false };
  }

  function replace(before: Client, registration: Registration): void {
    store.replace(before, registration);
    audit.record('client.updated', { actor, clientId: before.id });
  }

  /** In the open unit. A row without anything of it stays, so that nobody gets its id. */
  function end(client: Client, by: { actor: string; details?: Record<string, string> }): void {
    store.replace(client, nothingOf(client.registration.name));
    store.disown(client.id);
    block(client.id);
    audit.record('client.removed', { clientId: client.id, ...by });
  }

  return {
    getOwn,
    end,

    /** Says, or no longer says, to people that the operator has checked who runs it. */
    async setVerified(id: string, { isVerified }: { isVerified: boolean }): Promise<Client> {
      const client = await getOwn(id);
      await database.transact(() => {
        store.replace(client, { ...client.registration, isVerified });
        audit.record(isVerified ? 'client.verified' : 'client.unverified', { actor, clientId: id });
      });
      return getOwn(id);
    },

    /** Puts another registration in place of the one that was read; Conflict where somebody else was faster. */
    async update(before: Client, registration: Registration): Promise<Client> {
      await database.transact(() => replace(before, registration));
      return getOwn(before.id);
    },
    /** The same, in the open unit. */
    replace,

    /** The servers of an API that is removed, in the open unit: whoever removes it records that. */
    removeServersOf({ identifier, name }: { identifier: string; name: string }): void {
      store.removeServersOf(identifier, nothingOf(name));
    },

    /** Everything issued to it is dead. */
    async remove(id: string): Promise<void> {
      const client = await getOwn(id);
      await database.transact(() => end(client, { actor }));
    },
  };
}
