// latchkey audit …: the options, and the answers in words.
import type { Command } from 'commander';
import { listAudit, type ShownEvent, verifyAudit } from './audit-commands.ts';
import { rowLimit } from './options.ts';
import type { Runner } from './runner.ts';
import { describeRows } from './text.ts';

const COLUMNS = [
  'time',
  'type',
  'actor',
  'account_id',
  'client_id',
  'grant_id',
  'outcome',
  'reason',
  'details',
];

type Filter = { account?: string; client?: string; type?: string; limit: number };

export function addAuditCommands(program: Command, runner: Runner): void {
  const audit = program.command('audit').description('what happened');
  audit
    .command('list')
    .description('list events, newest first')
    .option('--account <account>', 'about this account only: its e-mail address or its id')
    .option('--client <client_id>', 'about this client only')
    .option('--type <type>', 'of this type only, such as sign_in.failed')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .addHelpText('after', '\nExample:\n  latchkey audit list --account ada@example.com --type sign_in.failed')
    .action((filter: Filter) =>
      runner.runWithParts((parts) => listAudit(parts, filter), { describe: describeEvents }),
    );
  audit
    .command('verify')
    .description('check that no event was changed or taken out; the exit status is 1 where one was')
    .action(() =>
      runner.runWithParts(verifyAudit, {
        describe: ({ breaks }) =>
          breaks.length === 0
            ? 'Every chain of events is whole.'
            : describeRows(breaks, ['node', 'sequence']),
        isFailure: ({ intact }) => !intact,
      }),
    );
}

function describeEvents(events: readonly ShownEvent[]): string {
  const rows = events.map((event) => ({ ...event, time: new Date(event.at_milliseconds).toISOString() }));
  return describeRows(rows, COLUMNS);
}
