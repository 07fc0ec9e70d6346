// Two processes on one database: where both owners of a team leave at the same moment, one of them stays (row G18).
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../server/teams/admission.ts';
import { createServerPlace, type ServerPlace } from '../support/processes.ts';
import { PASSWORD } from '../support/world.ts';

const TEAMS = 60;
const SCRIPT = join(import.meta.dirname, 'team-leaver.ts');
const operator = asOperator('operator');

function startLeaver(environment: Record<string, string>) {
  const env = { PATH: process.env.PATH, ...environment };
  const child: ChildProcess = spawn(process.execPath, [SCRIPT], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const read = async () => String((await lines.next()).value);

  /** Answers how it ended. */
  async function leave(teamId: string, accountId: string): Promise<string> {
    child.stdin?.write(`${teamId} ${accountId}\n`);
    return (await read()).replace(`${teamId} `, '');
  }

  return { ready: read(), leave, stop: () => child.kill('SIGKILL') };
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let leavers: ReturnType<typeof startLeaver>[];

  beforeAll(async () => {
    place = await createServerPlace({ dialect });
    leavers = [startLeaver(place.environment), startLeaver(place.environment)];
    expect(await Promise.all(leavers.map(({ ready }) => ready))).toEqual(['ready', 'ready']);
  });
  afterAll(async () => {
    for (const leaver of leavers ?? []) leaver.stop();
    await place?.close();
  });

  test(`G18: of ${TEAMS} teams with two owners who leave at once, each keeps one of them`, async () => {
    const { accounts, teams, members } = place.parts;
    const register = (name: string) =>
      accounts.register({ email: `${name}@example.com`, name, password: PASSWORD }, 'operator');
    const owners = [await register('Ada'), await register('Grace')] as const;
    for (let count = 0; count < TEAMS; count += 1) {
      const { id } = await teams.create(operator, owners[0], { name: `Looms ${count}` });
      await members.add(operator, { teamId: id, role: 'owner' }, owners[1]);
      const ends = await Promise.all(
        leavers.map((leaver, index) => leaver.leave(id, owners[index]?.id ?? '')),
      );
      expect(ends.toSorted()).toEqual(['conflict', 'done']);
      const left = await members.list(operator, id, { after: '', limit: 9 });
      expect(left.map(({ role }) => role)).toEqual(['owner']);
    }
  });
});
