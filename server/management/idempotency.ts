// Idempotency-Key on creations: whoever sends the same request again within a day gets the same answer, secrets too
// (after draft-ietf-httpapi-idempotency-key-header; row G04). The answer is stored in the unit of the change itself.
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { seal, sha256, sha256Hex, unseal } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createAnswerStore } from './store.ts';

const KEPT_SECONDS = 86_400;
const KEY = /^[\x21-\x7e]{1,255}$/;
const PURPOSE = 'idempotent answer';

/** A request of which `key` says that it is one and the same. */
export type Repeatable = {
  /** Who calls: another's keys are other keys. */
  readonly caller: string;
  readonly key: string;
  /** The whole request, as text. */
  readonly request: string;
};

type Kept = { readonly request: string; readonly answer: unknown };

/** `act` creates, and hands its answer to `remember` in the unit that stores what it made. */
type Act = (remember: (answer: unknown) => void) => Promise<unknown>;

/** `sealingKey`: request and answer hold secrets, so nothing of them is kept in clear, not even as a hash. */
export function createIdempotency({ database, sealingKey }: { database: Database; sealingKey: Buffer }) {
  const store = createAnswerStore(database);

  function hashOf({ caller, key }: Repeatable): Buffer {
    return sha256(JSON.stringify([caller, key]));
  }

  async function findKept(keyHash: Buffer): Promise<Kept | undefined> {
    const sealed = await store.find(keyHash);
    if (sealed === undefined) return undefined;
    return JSON.parse(unseal(sealingKey, sealed, PURPOSE)) as Kept;
  }

  function compare(kept: Kept, { request }: Repeatable): unknown {
    if (kept.request === sha256Hex(request)) return kept.answer;
    throw new Refusal('idempotency_key_reused', { param: 'Idempotency-Key' });
  }

  return {
    sweep: store.sweep,

    /**
     * Answers as `act` does, or did the first time. A refusal is not kept: the same request may be sent again.
     * Refuses with invalid_request a key that is none, and with idempotency_key_reused another request.
     */
    async once(repeatable: Repeatable, act: Act): Promise<{ answer: unknown; isRepeated: boolean }> {
      if (!KEY.test(repeatable.key)) {
        const words = 'The key must be 1 to 255 ASCII characters without spaces.';
        throw new Refusal('invalid_request', { words, param: 'Idempotency-Key' });
      }
      const keyHash = hashOf(repeatable);
      const before = await findKept(keyHash);
      if (before !== undefined) return { answer: compare(before, repeatable), isRepeated: true };
      try {
        const answer = await act((made) => {
          const kept: Kept = { request: sha256Hex(repeatable.request), answer: made };
          store.register(
            keyHash,
            seal(sealingKey, JSON.stringify(kept), PURPOSE),
            nowSeconds() + KEPT_SECONDS,
          );
        });
        return { answer, isRepeated: false };
      } catch (error) {
        // Whoever lost to the same request, by the key or by what both would have made, gets the answer of the winner.
        if (!(error instanceof Refusal || error instanceof Conflict)) throw error;
        const winner = await findKept(keyHash);
        if (winner === undefined) throw error;
        return { answer: compare(winner, repeatable), isRepeated: true };
      }
    },
  };
}

export type Idempotency = ReturnType<typeof createIdempotency>;
