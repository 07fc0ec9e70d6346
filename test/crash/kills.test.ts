// kill -9 under load: KILLS=100 in the environment for the long run.
import { expect, test } from 'vitest';
import { runKillLoop } from './kill-loop.ts';

const KILLS = Number(process.env.KILLS ?? 20);
const PATIENCE_MILLISECONDS = 60_000 + KILLS * 5_000;

test(
  `H2 R04 R06 F01 F02: after ${KILLS} kills no client lost its session and no acknowledged revocation came back`,
  async () => {
    const figures = await runKillLoop(KILLS);
    if (process.env.KILLS !== undefined) process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures).toMatchObject({
      lost: [],
      resurrected: [],
      others: [],
      integrity: 'ok',
      brokenChains: 0,
    });
    expect(figures.refreshes).toBeGreaterThan(KILLS);
    expect(figures.retries).toBeGreaterThan(0);
    expect(figures.revocations).toBeGreaterThan(0);
  },
  PATIENCE_MILLISECONDS,
);
