// What a module of the OpenID Foundation's plans is here: its name, what it claims, and the relying party's part in it.
import { vi } from 'vitest';
import type { Registration } from '../../server/clients/clients.ts';
import type { RelyingParty } from './relying-party.ts';

export type Module = {
  /** After `oidcc-`, or `oidcc-formpost-` for the same with response_mode=form_post. */
  readonly name: string;
  readonly says: string;
  readonly change?: Partial<Registration>;
  readonly run: (rp: RelyingParty) => Promise<void>;
};

/** Where the suite waits, the clock goes on; every test begins at the real time again. */
export function passSeconds(seconds: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(now + seconds * 1000);
}
