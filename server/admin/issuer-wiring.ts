// latchkey issuers …: the options, and the answers in words.
import { type Command, Option } from 'commander';
import { testAssertion } from './assertion-trial.ts';
import {
  changeIssuerKeys,
  disableIssuer,
  enableIssuer,
  type IssuerOptions,
  listIssuers,
  removeIssuer,
  showIssuer,
  trustIssuer,
} from './issuer-commands.ts';
import { collect, collectNames, readKeySet, readToken, rowLimit } from './options.ts';
import type { AdminParts } from './parts.ts';
import type { Runner } from './runner.ts';
import { describeFields, describeMade, describeRows } from './text.ts';

const COLUMNS = ['issuer', 'client_id', 'profile', 'state', 'scopes', 'source', 'created_at'];

const EXAMPLES = `
Examples:
  latchkey issuers trust --issuer https://ci.example.com --jwks-uri https://ci.example.com/jwks.json \\
    --subject repo:shop --scope write:orders
  latchkey issuers trust --issuer robot@shop.example.com --profile service-account \\
    --jwks-file robot.jwks.json --scope read:orders`;

type TrustOptions = {
  issuer: string;
  name?: string;
  profile: string;
  jwksFile?: string;
  jwksUri?: string;
  subject?: string[];
  account?: string;
  client?: string[];
  scope: string[];
};

type KeyOptions = { jwksFile?: string; jwksUri?: string; disable?: string[]; enable?: string[] };

export function addIssuerCommands(program: Command, runner: Runner): void {
  const issuers = program
    .command('issuers')
    .description('issuers whose assertions are believed (RFC 7523): machines without a secret');
  addTrust(issuers, runner);
  addKeys(issuers, runner);
  addTest(issuers, runner);

  issuers
    .command('list')
    .description('list trusted issuers, by id')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .option('--after <id>', 'go on after this id', '')
    .action((page: { limit: number; after: string }) =>
      runner.runWithParts((parts) => listIssuers(parts, page), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );

  addOne('show', 'show one issuer and its keys', showIssuer);
  addOne('disable', 'refuse it from now on; everything issued on its word is dead for good', disableIssuer);
  addOne('enable', 'believe it again', enableIssuer);
  addOne('remove', 'trust it no longer; everything issued on its word is dead for good', removeIssuer);

  function addOne<T extends Record<string, unknown>>(
    name: string,
    description: string,
    act: (parts: AdminParts, issuer: string) => Promise<T>,
  ): void {
    issuers
      .command(name)
      .description(description)
      .argument('<issuer>', 'its name or its id')
      .addHelpText('after', `\nExample:\n  latchkey issuers ${name} https://ci.example.com`)
      .action((issuer: string) =>
        runner.runWithParts((parts) => act(parts, issuer), { describe: describeFields }),
      );
  }
}

function addTrust(issuers: Command, runner: Runner): void {
  issuers
    .command('trust')
    .description('believe the assertions of an issuer')
    .requiredOption(
      '--issuer <issuer>',
      'the iss of its assertions: a URL, or the e-mail of a service account',
    )
    .option('--name <name>', 'what operators read; otherwise the issuer')
    .addOption(
      new Option(
        '--profile <profile>',
        "strict: minutes and single use. service-account: what Google's libraries send",
      )
        .choices(['strict', 'service-account'])
        .default('strict'),
    )
    .option('--jwks-file <file>', 'its public keys (RFC 7517), pinned')
    .option('--jwks-uri <uri>', 'where it publishes them')
    .option('--subject <sub>', 'a sub that it may speak about, several times; none is only itself', collect)
    .option(
      '--account <account>',
      'in whose name its assertions act, by e-mail or id; none is its own machine identity',
    )
    .option(
      '--client <client_id>',
      'a client that may present its assertions, several times; then no other',
      collect,
    )
    .requiredOption('--scope <scope>', 'a scope that its assertions may get, several times', collectNames)
    .addHelpText('after', EXAMPLES)
    .action((options: TrustOptions) =>
      runner.runWithParts(async (parts) => trustIssuer(parts, toIssuerOptions(options)), {
        describe: (made) => describeMade('Its assertions are believed from now on.', made),
      }),
    );
}

function toIssuerOptions({ subject, client, scope, jwksFile, ...options }: TrustOptions): IssuerOptions {
  return {
    ...options,
    jwks: readKeySet(jwksFile),
    subjects: subject ?? [],
    clients: client ?? [],
    scopes: scope,
  };
}

function addKeys(issuers: Command, runner: Runner): void {
  issuers
    .command('keys')
    .description('give an issuer other keys, or disable some of them')
    .argument('<issuer>', 'its name or its id')
    .option('--jwks-file <file>', 'its public keys (RFC 7517) in place of those of before')
    .option('--jwks-uri <uri>', 'where it publishes them, in place of those of before')
    .option('--disable <key>', 'do not believe this key, by kid or thumbprint, several times', collect)
    .option('--enable <key>', 'believe it again, several times', collect)
    .addHelpText('after', '\nExample:\n  latchkey issuers keys https://ci.example.com --disable key-1')
    .action((issuer: string, { jwksFile, jwksUri, disable = [], enable = [] }: KeyOptions) =>
      runner.runWithParts(
        async (parts) => {
          const change = { jwks: readKeySet(jwksFile), jwksUri, disable, enable };
          return changeIssuerKeys(parts, issuer, change);
        },
        { describe: describeFields },
      ),
    );
}

function addTest(issuers: Command, runner: Runner): void {
  issuers
    .command('test')
    .description('say what would become of an assertion, and why; it is not spent by that')
    .argument('[token]', 'the assertion; without it, or with -, it is read from standard input')
    .addHelpText('after', '\nExample:\n  latchkey issuers test - < assertion.jwt')
    .action(async (argument: string | undefined) => {
      const token = await readToken(runner, argument === '-' ? undefined : argument);
      await runner.runWithParts((parts) => testAssertion(parts, token), {
        describe: (judged) =>
          describeMade(
            judged.accepted ? 'It would be accepted.' : `It would be refused. ${judged.words}`,
            judged,
          ),
        isFailure: ({ accepted }) => !accepted,
      });
    });
}
