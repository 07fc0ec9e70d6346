// latchkey secrets …: the options, and the answers in words.
import type { Command } from 'commander';
import type { AdminParts } from './parts.ts';
import type { Runner } from './runner.ts';
import {
  addSecret,
  dropSecrets,
  listSecrets,
  resealSecrets,
  rotateCookies,
  rotateSecret,
  type ShownSecret,
} from './secret-commands.ts';
import { describeMade, describeRows } from './text.ts';

type Act = (parts: AdminParts) => Promise<ShownSecret[]>;

const acts: readonly (readonly [name: string, description: string, act: Act])[] = [
  ['list', 'the keys of the secrets file, without the keys, and what each has sealed', listSecrets],
  ['rotate', 'a new key seals everything: add and reseal, where one machine has the file', rotateSecret],
  ['add', 'a further key, which only opens; copy the file to every node before the next step', addSecret],
  ['reseal', 'the last key of the file becomes the first, and seals everything anew', resealSecrets],
  ['drop', 'keys that seal nothing leave the file; a backup of before needs the file of before', dropSecrets],
];

export function addSecretCommands(program: Command, runner: Runner): void {
  const secrets = program.command('secrets').description('the secrets file, and the keys that it seals');
  for (const [name, description, act] of acts) {
    secrets
      .command(name)
      .description(description)
      .action(() =>
        runner.runWithParts(act, { describe: (rows) => describeRows(rows, ['key', 'seals', 'sealed']) }),
      );
  }
  secrets
    .command('rotate-cookies')
    .description('another key signs cookies; nobody is signed out')
    .action(() =>
      runner.runWithParts(rotateCookies, {
        describe: (made) => describeMade('Another key signs cookies from now on.', made),
      }),
    );
}
