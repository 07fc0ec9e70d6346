// latchkey devices …: the options, and the answers in words.
import type { Command } from 'commander';
import { listDevices, revokeDevice } from './device-commands.ts';
import { rowLimit } from './options.ts';
import type { Runner } from './runner.ts';
import { describeMade, describeRows } from './text.ts';

const COLUMNS = ['id', 'email', 'client_id', 'client_name', 'scope', 'created_at', 'last_used_at', 'ends_at'];

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
}
