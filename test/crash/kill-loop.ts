// kill -9 at random under clients that refresh and revoke all the time: what they hold, and what they were told, must stand.
import { createAudit } from '../../server/audit/audit.ts';
import { openDatabase } from '../../server/storage/database.ts';
import { createServerPlace, type ServerProcess } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import { createWorldIn, type TokenSet } from '../support/world.ts';

const CLIENTS = 8;
const PAUSE_MILLISECONDS = 15;
const LONGEST_LIFE_MILLISECONDS = 350;
const LONGEST_START_MILLISECONDS = 600;
// One start in five is cut short too.
const EARLY_KILL_SHARE = 0.2;
const OFFLINE = { scope: 'openid offline_access read:tasks' };

function pause(milliseconds = PAUSE_MILLISECONDS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What the clients of the loop saw. `lost` and `resurrected` must be empty. */
export type KillFigures = {
  kills: number;
  refreshes: number;
  /** Requests that were cut off or told 503, and sent again. */
  retries: number;
  revocations: number;
  lost: string[];
  resurrected: string[];
  others: string[];
  integrity: string;
  brokenChains: number;
  restartMilliseconds: { median: number; longest: number };
};

export async function runKillLoop(kills: number): Promise<KillFigures> {
  const place = await createServerPlace();
  let server = await place.start();
  await server.ready;
  const world = await createWorldIn(place);
  const robot = place.robot();
  const sessions: TokenSet[] = [];
  for (let index = 0; index < CLIENTS + kills; index += 1) {
    sessions.push(await world.signIn(world.notes, OFFLINE, robot));
  }
  // From here on a killed server is the only one that has the file open.
  await place.leave();

  const restarts: number[] = [];
  const figures = {
    refreshes: 0,
    retries: 0,
    lost: [] as string[],
    resurrected: [] as string[],
    others: [] as string[],
  };
  let isOver = false;

  /** Sends until there is an answer that is not "later". */
  async function insist(send: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await send().catch(() => undefined);
      if (answer !== undefined && answer.status !== 503) return answer;
      figures.retries += 1;
      await pause();
    }
  }

  async function keepRefreshing(tokens: TokenSet): Promise<string> {
    let token = tokens.refresh_token;
    while (!isOver) {
      const { status, text, body } = await insist(() => world.refresh(world.notes, token));
      if (status !== 200) {
        figures.lost.push(`${status} ${text}`);
        return token;
      }
      figures.refreshes += 1;
      token = body.refresh_token as string;
    }
    return token;
  }

  async function keepRevoking(victims: TokenSet[]): Promise<TokenSet[]> {
    const revoked: TokenSet[] = [];
    for (const victim of victims) {
      if (isOver) break;
      const { status, text } = await insist(() =>
        world.post('/revoke', {
          token: victim.refresh_token,
          client_id: world.notes.id,
          client_secret: world.notes.secret,
        }),
      );
      if (status === 200) revoked.push(victim);
      else figures.others.push(`revoke: ${status} ${text}`);
      await pause(40);
    }
    return revoked;
  }

  async function startAgain(): Promise<ServerProcess> {
    const from = performance.now();
    const next = await place.start();
    await next.ready;
    restarts.push(performance.now() - from);
    return next;
  }

  async function keepKilling(): Promise<void> {
    for (let count = 1; count <= kills; count += 1) {
      const isEarly = count < kills && Math.random() < EARLY_KILL_SHARE;
      await pause(Math.random() * LONGEST_LIFE_MILLISECONDS);
      await server.kill();
      if (isEarly) {
        server = await place.start();
        server.ready.catch(() => undefined);
        await pause(Math.random() * LONGEST_START_MILLISECONDS);
        await server.kill();
        count += 1;
      }
      server = await startAgain();
    }
  }

  async function findResurrected(revoked: TokenSet[]): Promise<void> {
    for (const tokens of revoked) {
      const refreshed = await insist(() => world.refresh(world.notes, tokens.refresh_token));
      const introspected = await insist(() => world.introspect(world.api, tokens.access_token));
      if (refreshed.status !== 400 || introspected.body.active !== false) {
        figures.resurrected.push(`${refreshed.status} ${introspected.text}`);
      }
    }
  }

  try {
    const clients = sessions.slice(0, CLIENTS).map(keepRefreshing);
    const revoking = keepRevoking(sessions.slice(CLIENTS));
    await keepKilling();
    isOver = true;
    await Promise.all(clients);
    const revoked = await revoking;
    await findResurrected(revoked);
    await server.kill();
    const database = openDatabase({ url: place.config.database.url, poolMax: 1 });
    const [check] = await database.list<{ integrity_check: string }>({
      sql: 'PRAGMA integrity_check',
      bindings: [],
    });
    const broken = await createAudit({ database }).findBreaks();
    await database.close();
    const sorted = restarts.toSorted((a, b) => a - b).map(Math.round);
    return {
      ...figures,
      kills,
      revocations: revoked.length,
      integrity: check?.integrity_check ?? '',
      brokenChains: broken.length,
      restartMilliseconds: {
        median: sorted[Math.floor(sorted.length / 2)] ?? 0,
        longest: sorted.at(-1) ?? 0,
      },
    };
  } finally {
    isOver = true;
    await server.kill();
    await place.close();
  }
}
