// latchkey tokens …: the options, and the answers in words.
import type { Command } from 'commander';
import { readToken } from './options.ts';
import type { Runner } from './runner.ts';
import { describeFields, describeMade } from './text.ts';
import { introspectToken, revokeToken } from './token-commands.ts';

const TOKEN = 'an access or refresh token; better on standard input, where no list of processes shows it';

export function addTokenCommands(program: Command, runner: Runner): void {
  const tokens = program.command('tokens').description('access and refresh tokens');
  tokens
    .command('introspect')
    .description('tell what is known of a token, or why it is not active')
    .argument('[token]', TOKEN)
    .addHelpText('after', '\nExample:\n  latchkey tokens introspect < token.txt')
    .action(async (argument: string | undefined) => {
      const token = await readToken(runner, argument);
      await runner.runWithParts((parts) => introspectToken(parts, token), { describe: describeFields });
    });
  tokens
    .command('revoke')
    .description('end a token; a refresh token ends with its grant and all the tokens of that')
    .argument('[token]', TOKEN)
    .addHelpText('after', '\nExample:\n  latchkey tokens revoke < token.txt')
    .action(async (argument: string | undefined) => {
      const token = await readToken(runner, argument);
      await runner.runWithParts((parts) => revokeToken(parts, token), {
        describe: (revoked) => describeMade('The token was revoked.', revoked),
      });
    });
}
