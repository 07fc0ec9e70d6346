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
  setAccountPlan,
  showAccount,
} from './account-commands.ts';
import { type ImportReport, importAccounts } from './account-import.ts';
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
  addSetPlan(accounts, runner);
  addDelete(accounts, runner);
  addImport(accounts, runner);

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

function addImport(accounts: Command, runner: Runner): void {
  accounts
    .command('import')
    .description('bring people from another program, with their password hashes (argon2, bcrypt, scrypt)')
    .argument(
      '<file>',
      'JSON lines: email, name, and if wanted id, email_verified, role, password_hash, disabled',
    )
    .addHelpText('after', '\nExample:\n  latchkey accounts import people.jsonl')
    .action((file: string) =>
      runner.runWithParts((parts) => importAccounts(parts, file, runner.showProgress), {
        describe: describeImport,
        isFailure: ({ refused }) => refused > 0,
      }),
    );
}

function describeImport({ imported, present, refused, faults }: ImportReport): string {
  const sum = `Imported ${imported}, present already ${present}, refused ${refused}.`;
  return faults.length === 0
    ? sum
    : `${sum}\n\n${describeRows(faults, ['line', 'error', 'error_description'])}`;
}

function addSetPlan(accounts: Command, runner: Runner): void {
  accounts
    .command('set-plan')
    .description('put a person on a plan of the configuration; without one it is the default plan')
    .argument('<account>', WHO)
    .argument('[plan]', 'the name of the plan')
    .addHelpText('after', '\nExample:\n  latchkey accounts set-plan ada@example.com pro')
    .action((who: string, plan?: string) =>
      runner.runWithParts((parts) => setAccountPlan(parts, who, plan), { describe: describeFields }),
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
