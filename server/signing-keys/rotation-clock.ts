// Looks every minute whether a rotation step is due. All processes do; of each step one is first.
import type { Log } from '../observability/log.ts';
import { StorageFault } from '../storage/faults.ts';
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
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  async function look(): Promise<void> {
    try {
      for (const { kind, algorithm } of await signingKeys.rotateDue())
        log.info('signing_keys.rotated', { reason: `${kind} ${algorithm}` });
    } catch (error) {
      if (!isStopped || !(error instanceof StorageFault))
        log.error('signing_keys.rotation_failed', { error });
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = look().finally(() => {
        if (!isStopped) schedule();
      });
    }, everyMilliseconds).unref();
  }

  return {
    start: schedule,
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
