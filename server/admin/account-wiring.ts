// latchkey accounts …: the options, and the answers in words.
import type { Command } from 'commander';
import {
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  endAccountSessions,
  listAccounts,
  type ShownAccount,
  setAccountPassword,
  showAccount,
} from './account-commands.ts';
import { readPassword, rowLimit } from './options.ts';
import type { AdminParts } from './parts.ts';
import type { Runner } from './runner.ts';
import { describeFields, describeMade, describeRows } from './text.ts';

const COLUMNS = ['id', 'email', 'name', 'admin', 'created_at', 'disabled_at'];
const WHO = 'its e-mail address or its id';

type CreateOptions = { email: string; name: string; passwordStdin?: true; admin?: true };

export function addAccountCommands(program: Command, runner: Runner): void {
  const accounts = program.command('accounts').description('people');
  addCreate(accounts, runner);
  addSetPassword(accounts, runner);
  addDelete(accounts, runner);

  accounts
    .command('list')
    .description('list accounts, by id')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .option('--after <id>', 'go on after this id', '')
    .action((page: { limit: number; after: string }) =>
      runner.runWithParts((parts) => listAccounts(parts, page), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );

  addOne('show', 'show one account', showAccount);
  addOne('disable', 'end its sessions, grants and tokens, and let nobody sign in to it', disableAccount);
  addOne('enable', 'let it sign in again', enableAccount);
  addOne('end-sessions', 'sign it out of every browser', endAccountSessions);

  function addOne(
    name: string,
    description: string,
    act: (parts: Pick<AdminParts, 'accounts'>, who: string) => Promise<ShownAccount>,
  ): void {
    accounts
      .command(name)
      .description(description)
      .argument('<account>', WHO)
      .addHelpText('after', `\nExample:\n  latchkey accounts ${name} ada@example.com`)
      .action((who: string) => runner.runWithParts((parts) => act(parts, who), { describe: describeFields }));
  }
}

function addCreate(accounts: Command, runner: Runner): void {
  accounts
    .command('create')
    .description('make an account')
    .requiredOption('--email <address>', 'e-mail address, with which the person signs in')
    .requiredOption('--name <name>', 'name of the person')
    .option('--password-stdin', 'read the password from standard input (required)')
    .option('--admin', 'make an administrator')
    .addHelpText(
      'after',
      '\nExample:\n  latchkey accounts create --email ada@example.com --name "Ada Lovelace" --password-stdin < password.txt',
    )
    .action(async (options: CreateOptions) => {
      const password = await readPassword(runner, options.passwordStdin);
      const { email, name, admin: isAdmin = false } = options;
      await runner.runWithParts((parts) => createAccount(parts, { email, name, password, isAdmin }), {
        describe: (made) => describeMade('The account was made.', made),
      });
    });
}

function addDelete(accounts: Command, runner: Runner): void {
  accounts
    .command('delete')
    .description('end an account for ever, erase what is personal in it, and free its e-mail address')
    .argument('<account>', WHO)
    .addHelpText('after', '\nExample:\n  latchkey accounts delete ada@example.com')
    .action((who: string) =>
      runner.runWithParts((parts) => deleteAccount(parts, who), {
        describe: (gone) => describeMade('The account was deleted.', gone),
      }),
    );
}

function addSetPassword(accounts: Command, runner: Runner): void {
  accounts
    .command('set-password')
    .description('give an account another password; its sessions and refresh tokens end')
    .argument('<account>', WHO)
    .option('--password-stdin', 'read the password from standard input (required)')
    .addHelpText(
      'after',
      '\nExample:\n  latchkey accounts set-password ada@example.com --password-stdin < password.txt',
    )
    .action(async (who: string, options: { passwordStdin?: true }) => {
      const password = await readPassword(runner, options.passwordStdin);
      await runner.runWithParts((parts) => setAccountPassword(parts, who, password), {
        describe: (changed) => describeMade('The password was changed.', changed),
      });
    });
}
