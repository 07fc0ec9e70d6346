// What becomes of access tokens when the keys of an issuer or a service account change (RFC 7523, row J12): they end with the key
// behind the assertion that got them, whoever changed it: an operator, a program, or the configuration file.
import type { Clients, Registration } from '../clients/clients.ts';
import type { Trust } from '../clients/trust.ts';
import type { Database } from '../storage/database.ts';
import { createEndedKeyStore } from './ended-key-store.ts';
import { isDisabledAmong, type PublicKey, thumbprintOf } from './keys.ts';

/** Which keys are believed. */
type Keys = Pick<Trust, 'jwks' | 'jwksUri' | 'disabledKeys'>;

function pinned(keys: Keys | undefined): readonly PublicKey[] {
  return keys?.jwks?.keys ?? [];
}

function namesOf(key: PublicKey): string[] {
  return [...(typeof key.kid === 'string' ? [key.kid] : []), thumbprintOf(key)];
}

function endOf({ exp }: PublicKey): number {
  return typeof exp === 'number' ? exp : Infinity;
}

/** Names of what is disabled, and the thumbprints of the pinned keys among them: each may stand there by another name too. */
function listDisabled({ disabledKeys, jwks }: Keys): string[] {
  const keys = jwks?.keys ?? [];
  const pinnedOnes = keys.filter((key) => isDisabledAmong(key, keys, disabledKeys)).map(thumbprintOf);
  return [...new Set([...disabledKeys, ...pinnedOnes])];
}

/** Thumbprints of pinned keys that are not there any more, or that end earlier than was believed before. */
function listGone(before: Keys | undefined, after: Keys): string[] {
  const ends = new Map(pinned(after).map((key) => [thumbprintOf(key), endOf(key)]));
  const gone = pinned(before).filter((key) => (ends.get(thumbprintOf(key)) ?? -Infinity) < endOf(key));
  return gone.map(thumbprintOf);
}

function publishesElsewhere(before: Keys | undefined, after: Keys): boolean {
  return before?.jwksUri !== undefined && before.jwksUri !== after.jwksUri;
}

export function createEndedKeys({
  database,
  clients,
}: {
  database: Database;
  clients: Pick<Clients, 'find'>;
}) {
  const store = createEndedKeyStore(database);

  function change(id: string, before: Keys | undefined, after: Keys): void {
    const disabledKeys = listDisabled(after);
    const gone = listGone(before, after);
    // Which keys it published there is not known here.
    if (publishesElsewhere(before, after)) store.endAll(id);
    for (const name of [...gone, ...disabledKeys]) store.end(id, name);
    const believed = [...pinned(after).flatMap(namesOf), ...(before ? listDisabled(before) : [])];
    // What is published from now on may be any key, one that was pinned before too.
    if (after.jwksUri !== undefined) store.believeAll(id);
    else for (const name of believed) store.believe(id, name);
    const absent = after.jwksUri === undefined ? gone.filter((name) => !believed.includes(name)) : [];
    for (const name of [...absent, ...disabledKeys]) store.disbelieve(id, name);
  }

  return {
    /** Other keys in place of those of before, in the open unit that registers them. */
    change,

    sweep: store.sweep,

    /** What the file is about to declare in place of what was registered. Twice is once. */
    async changeDeclared(declared: readonly { id: string; registration: Registration }[]): Promise<void> {
      const changes = declared.flatMap(({ id, registration: { trust } }) => (trust ? [{ id, trust }] : []));
      const known = await Promise.all(changes.map(({ id }) => clients.find(id)));
      await database.transact(() => {
        known.forEach((client, index) => {
          const { id, trust } = changes[index] as (typeof changes)[number];
          if (client !== undefined) change(id, client.registration.trust, trust);
        });
      });
    },
  };
}

export type EndedKeys = ReturnType<typeof createEndedKeys>;
