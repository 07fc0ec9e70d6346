// latchkey keys …: the options, and the answers in words.
import type { Command } from 'commander';
import { rowLimit } from './options.ts';
import type { Runner } from './runner.ts';
import {
  listSigningKeys,
  type RetiredSigningKey,
  retireSigningKey,
  rotateSigningKeys,
} from './signing-key-commands.ts';
import { describeFields, describeRows } from './text.ts';

const COLUMNS = ['kid', 'algorithm', 'state', 'signs_from', 'signs_until', 'rotates_at', 'retired_at'];

function describeRetired(retired: RetiredSigningKey): string {
  const sentence = `The key is gone: what it signed is dead wherever it is introspected. An API that verifies by itself may
believe it for ${retired.cached_for_seconds} seconds more, and for longer where it does not look at /jwks again: tell whoever runs one.`;
  return `${sentence}\n\n${describeFields(retired)}`;
}

export function addSigningKeyCommands(program: Command, runner: Runner): void {
  const keys = program.command('keys').description('the keys that sign tokens; they rotate by themselves');
  keys
    .command('list')
    .description('list the published keys, then those that have gone')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .action(({ limit }: { limit: number }) =>
      runner.runWithParts((parts) => listSigningKeys(parts, limit), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );
  keys
    .command('rotate')
    .description(
      'publish the next keys now; they sign when every cache has them (signing_keys.publish_ahead_seconds)',
    )
    .option('--alg <algorithm>', 'of this algorithm only: RS256, ES256 or EdDSA')
    .option('--now', 'they sign at once: whoever keeps /jwks refuses them until it is read again')
    .addHelpText('after', '\nExample:\n  latchkey keys rotate --alg ES256')
    .action(({ alg, now }: { alg?: string; now?: true }) =>
      runner.runWithParts((parts) => rotateSigningKeys(parts, { alg, when: now ? 'now' : 'soon' }), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );
  keys
    .command('retire')
    .description('end a key that others know: what it signed is dead at once, and another takes over')
    .argument('<kid>', 'the id of the key, as listed')
    .action((kid: string) =>
      runner.runWithParts((parts) => retireSigningKey(parts, kid), { describe: describeRetired }),
    );
}
