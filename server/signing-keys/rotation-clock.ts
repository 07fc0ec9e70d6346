// Looks every minute whether a rotation step is due. All processes do; of each step one is first.
import type { Log } from '../observability/log.ts';
import { StorageFault } from '../storage/faults.ts';
import { createRepeating } from '../storage/repeating.ts';
import type { SigningKeys } from './signing-keys.ts';

const LONGEST_MILLISECONDS = 60_000;

export function createRotationClock({
  signingKeys,
  log,
}: {
  signingKeys: Pick<SigningKeys, 'rotateDue' | 'policy'>;
  log: Log;
}) {
  // Whoever lets keys sign for seconds means it.
  const everyMilliseconds = Math.min(LONGEST_MILLISECONDS, signingKeys.policy.publishAheadSeconds * 500);

  async function look(): Promise<void> {
    for (const { kind, algorithm } of await signingKeys.rotateDue())
      log.info('signing_keys.rotated', { reason: `${kind} ${algorithm}` });
  }

  function noteFault(error: unknown): void {
    if (!isStopped() || !(error instanceof StorageFault))
      log.error('signing_keys.rotation_failed', { error });
  }

  const { start, stop, isStopped } = createRepeating({ everyMilliseconds, run: look, onFault: noteFault });
  return { start, stop };
}
