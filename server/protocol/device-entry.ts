// A code as a person types it in: counted, so that guessing is bounded, and withdrawn where too many people have it (RFC 10027).
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Limiter, Verdict } from '../rate-limits/limiter.ts';
import type { LimitName } from '../rate-limits/limits.ts';
import { isSameNetwork } from '../rate-limits/network.ts';
import type { Database } from '../storage/database.ts';
import type { DeviceCodes, StoredDeviceCode } from '../storage/device-codes.ts';
import { Conflict } from '../storage/faults.ts';
import { networkOf } from '../web/address.ts';
import { normalizeUserCode } from './user-code.ts';

export type DeviceEntryParts = {
  database: Database;
  deviceCodes: DeviceCodes;
  limiter: Limiter;
  audit: Audit;
};

/** Who types, and from where. */
type Person = { account: { id: string }; address: string };

// One person and one who helps; with more the code is in the wrong hands (RFC 10027, row D29).
const MOST_PEOPLE = 2;
const EVERYBODY = 'all';
export const CODE_WORDS = {
  unknown: 'There is no such code. Check it on your device; codes end after a few minutes.',
  over: 'This code has expired or was used already. Ask your device for a new one.',
  killed: 'This code was withdrawn. Ask your device for a new one.',
} as const;

function isFromHere(code: StoredDeviceCode | undefined, { address }: Person): boolean {
  return code?.address !== undefined && isSameNetwork(code.address, address);
}

/** Refuses with expired a code that was decided, withdrawn or not entered in time. */
export function checkOpen(code: StoredDeviceCode): void {
  if (code.state === 'pending' && code.expiresAt > nowSeconds()) return;
  throw new Refusal('expired', {
    words: code.state === 'killed' ? CODE_WORDS.killed : CODE_WORDS.over,
    param: 'user_code',
  });
}

export function createDeviceEntry({ database, deviceCodes, limiter, audit }: DeviceEntryParts) {
  /**
   * Counts a try among those of everybody. Once these have guessed too often, the first try of a person and network is
   * still heard, counted apart: a flood keeps nobody out who made no mistake of their own.
   */
  async function takeShared(verdicts: readonly Verdict[]): Promise<{ name: LimitName; verdict: Verdict }> {
    const verdict = await limiter.take('device_code.deployment', EVERYBODY);
    if (verdict.isAllowed || !verdicts.every(({ isFirst }) => isFirst))
      return { name: 'device_code.deployment', verdict };
    return {
      name: 'device_code.first_try',
      verdict: await limiter.take('device_code.first_try', EVERYBODY),
    };
  }

  /**
   * Row D08: a try is counted before it is made, so that parallel ones are counted too; a right one is given back.
   * A code is found in any case from the network that asked for it: nobody is kept from a device in their own home.
   */
  async function findCounted(typed: string, person: Person): Promise<StoredDeviceCode> {
    const own: readonly [LimitName, string][] = [
      ['device_code.person', person.account.id],
      ['device_code.address', networkOf(person.address)],
    ];
    const shared = await takeShared(await limiter.checkAll(own));
    const { isAllowed, retryAfterSeconds } = shared.verdict;
    const code = await deviceCodes.findByUserCode(normalizeUserCode(typed));
    if (!isAllowed && !isFromHere(code, person)) {
      throw new Refusal('too_many_requests', { reason: `limit ${shared.name}`, retryAfterSeconds });
    }
    if (code === undefined) throw new Refusal('not_found', { words: CODE_WORDS.unknown, param: 'user_code' });
    checkOpen(code);
    for (const [name, key] of own) await limiter.refund(name, key);
    if (isAllowed) await limiter.refund(shared.name, EVERYBODY);
    return code;
  }

  /** Notes who entered the code; beyond the second person it is withdrawn for all. */
  async function noteTry(code: StoredDeviceCode, accountId: string): Promise<void> {
    if (code.triedBy.includes(accountId)) return;
    const after = [...code.triedBy, accountId];
    const isKilled = after.length > MOST_PEOPLE;
    await database.transact(() => {
      deviceCodes.noteTry(code.idHash, code.triedBy, after);
      if (!isKilled) return;
      deviceCodes.decide(code.idHash, { state: 'killed' });
      audit.record('device_code.killed', {
        actor: `account:${accountId}`,
        clientId: code.clientId,
        outcome: 'failure',
      });
    });
    if (isKilled) throw new Refusal('expired', { words: CODE_WORDS.killed, param: 'user_code' });
  }

  /** The same, where another tab or person entered it at the same moment: whoever lost looks again. */
  async function noteTryInTurn(code: StoredDeviceCode, accountId: string): Promise<void> {
    try {
      await noteTry(code, accountId);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const now = await deviceCodes.findByHash(code.idHash);
      if (now === undefined) throw new Refusal('expired', { words: CODE_WORDS.over, cause: error });
      checkOpen(now);
      await noteTry(now, accountId);
    }
  }

  return {
    /** The code that is meant, while it waits. */
    async enter(typed: string, person: Person): Promise<StoredDeviceCode> {
      const code = await findCounted(typed, person);
      await noteTryInTurn(code, person.account.id);
      return code;
    },
  };
}
