// Assertions that were redeemed, by issuer and `jti` (RFC 7523 section 3, rows J06 to J09). Atomic by the primary key of
// storage/replays.ts: of two that spend the same one, the second unit fails with Conflict('assertion').
//
// The key is the text `jwt-bearer ["<iss>","<jti>"]` (JSON without spaces), stored as its SHA-256. It must stay as it is for
// ever: a version that wrote it otherwise would take, while it is rolled out, what an older one has spent. The purpose in
// front keeps assertions apart from those by which clients authenticate, whose keys the engine makes.
import type { Replays } from '../storage/replays.ts';

function keyOf(issuer: string, jti: string): string {
  return `jwt-bearer ${JSON.stringify([issuer, jti])}`;
}

export function createSpentAssertions({ replays }: { replays: Pick<Replays, 'isUsed' | 'register'> }) {
  return {
    isSpent: (issuer: string, jti: string): Promise<boolean> => replays.isUsed(keyOf(issuer, jti)),

    /** In the open unit, so that it is spent exactly when the unit commits. `until`: when nobody takes it any more. */
    spend(issuer: string, jti: string, until: number): void {
      replays.register(keyOf(issuer, jti), Math.ceil(until), 'assertion');
    },
  };
}

export type SpentAssertions = ReturnType<typeof createSpentAssertions>;
