// latchkey api-keys …: the options, and the answers in words.
import { type Command, InvalidArgumentError } from 'commander';
import { asOperator } from '../teams/admission.ts';
import {
  changeKey,
  createKey,
  type KeyOptions,
  listKeys,
  revokeKey,
  rotateKey,
  showOneKey,
} from './api-key-commands.ts';
import { collect, collectNames, rowLimit } from './options.ts';
import { type AdminParts, OPERATOR } from './parts.ts';
import type { Runner } from './runner.ts';
import type { ShownKey } from './shown-api-key.ts';
import { describeFields, describeMade, describeRows } from './text.ts';

const COLUMNS = ['id', 'name', 'last_four', 'state', 'scopes', 'level', 'last_used_at', 'expires_at'];
const ONCE = 'The key is shown this once; only its hash is kept.';
const unitSeconds: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };
const DEFAULT_OVERLAP_HOURS = 24;

const EXAMPLES = `
Examples:
  latchkey api-keys create --account ada@example.com --name Zapier --scope read:orders --expires-in 90d
  latchkey api-keys create --team team_… --name CI --level read_only --cidr 203.0.113.0/24`;

const operator = asOperator(OPERATOR);

type CreateOptions = Omit<KeyOptions, 'scopes' | 'cidr' | 'expiresInSeconds'> & {
  scope?: string[];
  cidr?: string[];
  expiresIn?: number;
};
type ListOptions = { account?: string; team?: string; limit: number; before?: string };

function duration(value: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([hdwy])$/.exec(value) ?? [];
  if (count === undefined)
    throw new InvalidArgumentError('Give hours, days, weeks or years, such as 12h, 90d or 1y.');
  return Number(count) * (unitSeconds[unit] ?? 0);
}

function hours(value: string): number {
  if (!/^(?:\d|1\d|2[0-4])$/.test(value)) throw new InvalidArgumentError('It must be 0 to 24 hours.');
  return Number(value);
}

export function addApiKeyCommands(program: Command, runner: Runner): void {
  const keys = program.command('api-keys').description('API keys of people and of teams');
  addCreate(keys, runner);
  addList(keys, runner);
  addRotate(keys, runner);
  addOne('show', 'show one key', (parts, id) => showOneKey(parts, operator, id));
  addOne('disable', 'refuse it until it is enabled again', (parts, id) =>
    changeKey(parts, operator, { id, isDisabled: true }),
  );
  addOne('enable', 'let it be used again', (parts, id) =>
    changeKey(parts, operator, { id, isDisabled: false }),
  );
  addOne('revoke', 'end it for good', (parts, id) => revokeKey(parts, operator, id));

  function addOne(
    name: string,
    description: string,
    act: (parts: AdminParts, id: string) => Promise<ShownKey>,
  ): void {
    keys
      .command(name)
      .description(description)
      .argument('<key_id>', 'the id of the key, not the key itself')
      .addHelpText('after', `\nExample:\n  latchkey api-keys ${name} key_0k3j5h2x9ab`)
      .action((id: string) => runner.runWithParts((parts) => act(parts, id), { describe: describeFields }));
  }
}

function addCreate(keys: Command, runner: Runner): void {
  keys
    .command('create')
    .description('make a key for a person or a team')
    .option('--account <account>', 'whose personal key it is, by e-mail or id')
    .option('--team <team_id>', 'the team of the key; with --account the only team where it is good')
    .requiredOption('--name <name>', 'what people know it by')
    .option('--scope <scope>', 'a scope, several times; * is every one but administration', collectNames)
    .option('--level <level>', 'a level of the configuration instead of scopes')
    .option('--expires-in <duration>', 'how long it lives, such as 12h, 90d or 1y', duration)
    .option('--cidr <network>', 'a network that it may be used from, several times', collect)
    .option('--resource <uri>', 'the only API where it is good')
    .addHelpText('after', EXAMPLES)
    .action(({ scope = [], cidr = [], expiresIn, ...options }: CreateOptions) =>
      runner.runWithParts(
        (parts) =>
          createKey(parts, operator, { ...options, scopes: scope, cidr, expiresInSeconds: expiresIn }),
        { describe: (made) => describeMade(`The key was made. ${ONCE}`, made) },
      ),
    );
}

function addList(keys: Command, runner: Runner): void {
  keys
    .command('list')
    .description('list keys, the newest first')
    .option('--account <account>', 'the personal keys of this account, by e-mail or id')
    .option('--team <team_id>', 'the keys of this team')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .option('--before <key_id>', 'go on before this key')
    .action(({ before, ...options }: ListOptions) =>
      runner.runWithParts((parts) => listKeys(parts, operator, { ...options, before }), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );
}

function addRotate(keys: Command, runner: Runner): void {
  keys
    .command('rotate')
    .description('give it another secret; the old one is good a while longer')
    .argument('<key_id>', 'the id of the key')
    .option('--overlap-hours <hours>', 'how long the old secret is still good', hours, DEFAULT_OVERLAP_HOURS)
    .addHelpText('after', '\nExample:\n  latchkey api-keys rotate key_0k3j5h2x9ab --overlap-hours 1')
    .action((id: string, { overlapHours }: { overlapHours: number }) =>
      runner.runWithParts(
        (parts) => rotateKey(parts, operator, { id, overlapSeconds: overlapHours * 3600 }),
        { describe: (made) => describeMade(`The key has another secret. ${ONCE}`, made) },
      ),
    );
}
