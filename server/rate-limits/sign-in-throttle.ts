// How often somebody may try to sign in: counted before the password is looked at. ASVS 5.0 6.1.1, 6.3.1.
import { networkOf } from '../web/address.ts';
import type { Limiter } from './limiter.ts';
import type { LimitName } from './limits.ts';

export type SignInAttempt = {
  readonly email: string;
  /** Of the client, as far as the configured proxies can be believed. */
  readonly address: string;
  /** From the signed cookie of an earlier sign-in to this very account, verified by the caller. */
  readonly deviceId?: string | undefined;
};

/** `emailKey` gives every spelling of one mailbox the same key (throttleEmail). */
export function createSignInThrottle(parts: { limiter: Limiter; emailKey: (email: string) => string }) {
  const { limiter, emailKey } = parts;

  function listBuckets({ email, address, deviceId }: SignInAttempt): [LimitName, string][] {
    const account = emailKey(email);
    // A known device stands apart, or whoever knows an e-mail address could lock its owner out.
    if (deviceId !== undefined) return [['sign_in.known_device', `${account}|${deviceId}`]];
    const network = networkOf(address);
    // The network comes first: once it is full it cannot use up what the account has for others.
    return [
      ['sign_in.address', network],
      ['sign_in.account_address', `${account}|${network}`],
      ['sign_in.account', account],
    ];
  }

  return {
    /** Counts the attempt; call it before hashing. Refuses too_many_requests, alike for accounts that exist and that do not. */
    async before(attempt: SignInAttempt): Promise<void> {
      for (const [name, key] of listBuckets(attempt)) await limiter.check(name, key);
    },

    /** Gives the attempt back: only failures count. */
    async success(attempt: SignInAttempt): Promise<void> {
      for (const [name, key] of listBuckets(attempt)) await limiter.refund(name, key);
    },
  };
}

export type SignInThrottle = ReturnType<typeof createSignInThrottle>;
