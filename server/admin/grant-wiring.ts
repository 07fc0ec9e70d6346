// latchkey grants …: the options, and the answers in words.
import type { Command } from 'commander';
import { listGrants, revokeGrant } from './grant-commands.ts';
import { rowLimit } from './options.ts';
import type { Runner } from './runner.ts';
import { describeMade, describeRows } from './text.ts';

const COLUMNS = ['id', 'email', 'client_id', 'kind', 'scope', 'created_at', 'last_used_at'];

export function addGrantCommands(program: Command, runner: Runner): void {
  const grants = program.command('grants').description('what has access to the accounts of people');
  grants
    .command('list')
    .description('list live grants, newest first')
    .option('--account <account>', 'of this account only: its e-mail address or its id')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .addHelpText('after', '\nExample:\n  latchkey grants list --account ada@example.com')
    .action(({ account, limit }: { account?: string; limit: number }) =>
      runner.runWithParts((parts) => listGrants(parts, { account, limit }), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );
  grants
    .command('revoke')
    .description('end a grant with all its tokens')
    .argument('<id>', 'the id of the grant, as listed')
    .action((id: string) =>
      runner.runWithParts((parts) => revokeGrant(parts, id), {
        describe: (revoked) => describeMade('The grant was revoked.', revoked),
      }),
    );
}
