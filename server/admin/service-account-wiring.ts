// latchkey service-accounts …: the options, and the answers in words.
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Refusal } from '../errors.ts';
import {
  type AccountOptions,
  createServiceAccount,
  type KeySource,
} from '../service-accounts/account-making.ts';
import { type Actor, asOperator } from '../teams/admission.ts';
import { collectNames, readKeySet, rowLimit } from './options.ts';
import { type AdminParts, OPERATOR } from './parts.ts';
import type { Runner } from './runner.ts';
import {
  addKeyToAccount,
  changeAccount,
  changeAccountKey,
  disableAccount,
  enableAccount,
  endAccountBefore,
  listServiceAccounts,
  removeServiceAccount,
  showServiceAccount,
} from './service-account-commands.ts';
import { writeCredentials } from './service-account-file.ts';
import { describeFields, describeMade, describeRows } from './text.ts';

const COLUMNS = ['id', 'name', 'team_id', 'state', 'scopes', 'created_at'];
const BY = asOperator(OPERATOR);
const ON_OUTPUT = '-';
const ONCE = 'The private key is in this answer, or in the file, and kept nowhere else.';

const EXAMPLES = `
Examples:
  latchkey service-accounts create --operator --name Reports --scope read:orders --make-key reports.json
  latchkey service-accounts create --team team_… --name Deployer --scope write:orders --pem-file deployer.pub.pem`;

type KeyOptions = { jwksFile?: string; pemFile?: string; makeKey?: string };
type CreateOptions = KeyOptions & {
  team?: string;
  operator?: true;
  plan?: string;
  name: string;
  scope: string[];
  resource?: string;
  profile?: string;
};
type AddKeyOptions = KeyOptions & { kid?: string; expiresAt?: number };

/** Whole seconds since 1970, or a date. */
function readTime(text: string): number {
  const at = /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  if (!Number.isSafeInteger(at)) throw new InvalidArgumentError('It must be a date, or seconds since 1970.');
  return at;
}

function readPemFile(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Refusal('invalid_request', {
      words: 'The file of --pem-file cannot be read.',
      param: 'pem_file',
      cause,
    });
  }
}

function readJwksFile(path: string | undefined): KeySource['jwks'] {
  const value = readKeySet(path) as { keys?: unknown } | undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value.keys)) return { keys: value.keys };
  const words = 'The file of --jwks-file must have a key, or a set of keys (RFC 7517).';
  throw new Refusal('invalid_request', { words, param: 'jwks_file' });
}

function readSource({ jwksFile, pemFile, makeKey }: KeyOptions): KeySource {
  return {
    jwks: readJwksFile(jwksFile),
    pem: readPemFile(pemFile),
    isMadeHere: makeKey !== undefined,
  };
}

function addKeyOptions(command: Command): Command {
  return command
    .option('--jwks-file <file>', 'public keys (RFC 7517)')
    .option('--pem-file <file>', 'a public key, or a certificate, in PEM')
    .option(
      '--make-key <file>',
      "make an RSA pair, and write it to a new file as Google's libraries read it; - puts it into the answer",
    );
}

/** Into the file where one was named, else into the answer. */
function offer<T extends object>({ makeKey }: KeyOptions, make: () => Promise<T>): Promise<object> {
  return makeKey === undefined || makeKey === ON_OUTPUT ? make() : writeCredentials(makeKey, make);
}

export function addServiceAccountCommands(program: Command, runner: Runner): void {
  const accounts = program
    .command('service-accounts')
    .description('machines of a team, or of the operator, that sign for themselves');
  addCreate(accounts, runner);

  accounts
    .command('list')
    .description('list service accounts, by id')
    .option('--team <team_id>', 'of this team only')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .option('--after <id>', 'go on after this id', '')
    .action(({ team, ...page }: { team?: string; limit: number; after: string }) =>
      runner.runWithParts((parts) => listServiceAccounts(parts, BY, { teamId: team, ...page }), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );

  addOne('show', 'show one and its keys', showServiceAccount);
  addOne('disable', 'refuse it from now on; what it signed or got is dead for good', disableAccount);
  addOne('enable', 'let it sign again', enableAccount);
  addOne('remove', 'end it for good; its id is never used again', removeServiceAccount);
  addChange(accounts, runner);
  addKeyCommands(accounts, runner);
  addNotBefore(accounts, runner);

  function addOne<T extends Record<string, unknown>>(
    name: string,
    description: string,
    act: (parts: AdminParts, by: Actor, id: string) => Promise<T>,
  ): void {
    accounts
      .command(name)
      .description(description)
      .argument('<service_account>', 'its id')
      .addHelpText('after', `\nExample:\n  latchkey service-accounts ${name} sa_…`)
      .action((id: string) =>
        runner.runWithParts((parts) => act(parts, BY, id), { describe: describeFields }),
      );
  }
}

function addCreate(accounts: Command, runner: Runner): void {
  const create = accounts.command('create').description('make one, of a team or of the operator');
  create
    .option('--team <team_id>', 'of this team: it never has more than the team may have')
    .option('--operator', "the operator's own")
    .option('--plan <plan>', "of the operator's own: the plan whose scopes are its ceiling")
    .requiredOption('--name <name>', 'what people read')
    .requiredOption(
      '--scope <scope>',
      'a scope that it may get, several times; * is all but those of administration',
      collectNames,
    )
    .option('--resource <identifier>', 'the only API where it is good; otherwise every API')
    .addOption(
      new Option(
        '--profile <profile>',
        "how it asks for tokens; service-account is what Google's libraries send",
      )
        .choices(['strict', 'service-account'])
        .default('service-account'),
    );
  addKeyOptions(create)
    .addHelpText('after', EXAMPLES)
    .action(({ team, operator, name, scope, plan, resource, profile, ...keys }: CreateOptions) =>
      runner.runWithParts(
        async (parts) => {
          if ((team === undefined) !== (operator === true))
            throw new Refusal('invalid_request', { words: 'Give --team or --operator.', param: 'team' });
          const asked: AccountOptions = { teamId: team, name, scopes: scope, plan, resource, profile };
          return offer(keys, () =>
            createServiceAccount(parts, { ...asked, ...readSource(keys) }, { actor: BY }),
          );
        },
        { describe: (made) => describeMade(sentenceOf('The service account was made.', keys), { ...made }) },
      ),
    );
}

function addChange(accounts: Command, runner: Runner): void {
  accounts
    .command('change')
    .description('give it another name, or other scopes: what it loses is gone at once')
    .argument('<service_account>', 'its id')
    .option('--name <name>', 'what people read')
    .option('--scope <scope>', 'all that it may get from now on, several times', collectNames)
    .addHelpText('after', '\nExample:\n  latchkey service-accounts change sa_… --scope read:orders')
    .action((id: string, { name, scope: scopes }: { name?: string; scope?: string[] }) =>
      runner.runWithParts((parts) => changeAccount(parts, BY, { id, name, scopes }), {
        describe: describeFields,
      }),
    );
}

function sentenceOf(sentence: string, { makeKey }: KeyOptions): string {
  return makeKey === undefined ? sentence : `${sentence} ${ONCE}`;
}

function addKeyCommands(accounts: Command, runner: Runner): void {
  const add = accounts
    .command('add-key')
    .description('give it one more key')
    .argument('<service_account>', 'its id');
  addKeyOptions(add)
    .option('--kid <kid>', 'the id of the key; otherwise its own, or its thumbprint (RFC 7638)')
    .option('--expires-at <time>', 'when it ends: a date, or seconds since 1970', readTime)
    .action((id: string, { kid, expiresAt, ...keys }: AddKeyOptions) =>
      runner.runWithParts(
        (parts) =>
          offer(keys, () =>
            addKeyToAccount(parts, BY, { id, terms: { kid, expiresAt }, ...readSource(keys) }),
          ),
        { describe: (made) => describeMade(sentenceOf('The key was added.', keys), { ...made }) },
      ),
    );

  for (const [name, act, description] of [
    ['disable-key', 'disableKey', 'believe a key no longer; what it signed is dead with it'],
    ['enable-key', 'enableKey', 'believe it again, and what it signed'],
    ['remove-key', 'removeKey', 'forget a key'],
  ] as const)
    accounts
      .command(name)
      .description(description)
      .argument('<service_account>', 'its id')
      .argument('<kid>', 'the id of the key')
      .action((id: string, kid: string) =>
        runner.runWithParts((parts) => changeAccountKey(parts, BY, { id, kid, act }), {
          describe: describeFields,
        }),
      );
}

function addNotBefore(accounts: Command, runner: Runner): void {
  accounts
    .command('not-before')
    .description('end everything that it signed or got before a time')
    .argument('<service_account>', 'its id')
    .option('--at <time>', 'a date, or seconds since 1970; now, unless told', readTime)
    .addHelpText('after', '\nExample:\n  latchkey service-accounts not-before sa_…')
    .action((id: string, { at }: { at?: number }) =>
      runner.runWithParts((parts) => endAccountBefore(parts, BY, { id, at }), {
        describe: describeFields,
      }),
    );
}
