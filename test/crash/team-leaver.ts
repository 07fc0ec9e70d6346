// A process that leaves teams: a line `team account` on standard input, and on standard output how it ended.
import { createInterface } from 'node:readline';
import { loadConfig } from '../../config/load.ts';
import { Refusal } from '../../server/errors.ts';
import { createParts } from '../../server/parts.ts';

const parts = await createParts(loadConfig({ env: process.env }), { actor: 'operator' });
process.stdout.write('ready\n');

async function leave(teamId: string, accountId: string): Promise<string> {
  try {
    await parts.members.leave(await parts.accounts.get(accountId), teamId);
    return 'done';
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [teamId = '', accountId = ''] = line.split(' ');
  process.stdout.write(`${teamId} ${await leave(teamId, accountId)}\n`);
}
await parts.close();
