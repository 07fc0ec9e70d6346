// latchkey devices …: the options, and the answers in words.
import type { Command } from 'commander';
import { listBlocks, listDevices, revokeDevice, unblockDevices } from './device-commands.ts';
import { rowLimit } from './options.ts';
import type { Runner } from './runner.ts';
import { describeMade, describeRows } from './text.ts';

const COLUMNS = ['id', 'email', 'client_id', 'client_name', 'scope', 'created_at', 'last_used_at', 'ends_at'];
const BLOCK_COLUMNS = ['reported_at', 'email', 'account_id', 'client_id', 'client_name'];

export function addDeviceCommands(program: Command, runner: Runner): void {
  const devices = program.command('devices').description('what people have paired with a code (RFC 8628)');
  devices
    .command('list')
    .description('list devices that have access, newest first')
    .option('--account <account>', 'of this account only: its e-mail address or its id')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .addHelpText('after', '\nExample:\n  latchkey devices list --account ada@example.com')
    .action(({ account, limit }: { account?: string; limit: number }) =>
      runner.runWithParts((parts) => listDevices(parts, { account, limit }), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );
  devices
    .command('revoke')
    .description('end the access of a device with all its tokens')
    .argument('<id>', 'the id of the device, as listed')
    .action((id: string) =>
      runner.runWithParts((parts) => revokeDevice(parts, id), {
        describe: (revoked) => describeMade('The device has no access any more.', revoked),
      }),
    );
  devices
    .command('blocks')
    .description(
      'list what people have reported: codes of that client are refused for them; the latest first',
    )
    .option('--account <account>', 'of this account only: its e-mail address or its id')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .addHelpText('after', '\nTo stop a client for everybody:\n  latchkey clients block CLIENT_ID')
    .action(({ account, limit }: { account?: string; limit: number }) =>
      runner.runWithParts((parts) => listBlocks(parts, { account, limit }), {
        describe: (rows) => describeRows(rows, BLOCK_COLUMNS),
      }),
    );
  devices
    .command('unblock')
    .description("lift a person's report of a client")
    .requiredOption('--account <account>', 'whose report: the e-mail address or the id of the account')
    .requiredOption('--client <client_id>', 'the id of the client that was reported')
    .addHelpText(
      'after',
      '\nExample:\n  latchkey devices unblock --account ada@example.com --client latchkey-cli',
    )
    .action((report: { account: string; client: string }) =>
      runner.runWithParts((parts) => unblockDevices(parts, report), {
        describe: (lifted) => describeMade('The report was lifted.', lifted),
      }),
    );
}
