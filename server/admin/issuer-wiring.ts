// latchkey issuers …: the options, and the answers in words.
import { type Command, Option } from 'commander';
import { Refusal } from '../errors.ts';
import { testAssertion } from './assertion-trial.ts';
import {
  changeIssuerKeys,
  disableIssuer,
  enableIssuer,
  type IssuerOptions,
  listIssuers,
  type MappingOptions,
  mapIssuer,
  removeIssuer,
  showIssuer,
  trustIssuer,
  unmapIssuer,
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
    --jwks-file robot.jwks.json --scope read:orders
  latchkey issuers trust --issuer https://token.actions.example.com --profile workload \\
    --jwks-uri https://token.actions.example.com/jwks --service-account sa_… \\
    --rule aud=https://id.example.com --rule repository=acme/shop --rule ref=refs/heads/main`;

type TrustOptions = {
  issuer: string;
  name?: string;
  profile: string;
  jwksFile?: string;
  jwksUri?: string;
  subject?: string[];
  account?: string;
  client?: string[];
  scope?: string[];
  serviceAccount?: string;
  rule?: string[];
  identifiedBy?: string[];
};

type KeyOptions = { jwksFile?: string; jwksUri?: string; disable?: string[]; enable?: string[] };

export function addIssuerCommands(program: Command, runner: Runner): void {
  const issuers = program
    .command('issuers')
    .description('issuers whose assertions are believed (RFC 7523): machines without a secret');
  addTrust(issuers, runner);
  addKeys(issuers, runner);
  addMapping(issuers, runner);
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
        "strict: minutes and single use. service-account: what Google's libraries send. workload: let in by rules on claims",
      )
        .choices(['strict', 'service-account', 'workload'])
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
    .option(
      '--scope <scope>',
      'a scope that its assertions may get, several times; with workload those of the service account',
      collectNames,
    )
    .option('--service-account <id>', 'with workload: who those act as that meet every rule')
    .option('--rule <claim=value>', RULE, collect)
    .option('--identified-by <claim>', IDENTIFIED_BY, collect)
    .addHelpText('after', EXAMPLES)
    .action((options: TrustOptions) =>
      runner.runWithParts(async (parts) => trustIssuer(parts, toIssuerOptions(options)), {
        describe: (made) => describeMade('Its assertions are believed from now on.', made),
      }),
    );
}

const IDENTIFIED_BY =
  'a claim of this issuer of which an exact value says who the workload is, beside those that are known, several times';
const RULE =
  'what a claim must be, several times; of one claim given twice, either. A value may end in /* or :*. aud must be among them';

/** Values of the same claim stand beside each other: either is good. */
function readRules(texts: readonly string[]): MappingOptions['rules'] {
  const rules = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) {
      const words = 'Give each rule as claim=value, for example repository=acme/shop.';
      throw new Refusal('invalid_request', { words, param: 'rule' });
    }
    const claim = text.slice(0, at);
    rules.set(claim, [...(rules.get(claim) ?? []), text.slice(at + 1)]);
  }
  return Object.fromEntries(rules);
}

function toIssuerOptions(all: TrustOptions): IssuerOptions {
  const { subject, client, scope, jwksFile, serviceAccount, rule = [], identifiedBy, ...options } = all;
  if (options.profile === 'workload' ? serviceAccount === undefined : scope === undefined) {
    const missing = options.profile === 'workload' ? '--service-account and --rule' : '--scope';
    throw new Refusal('invalid_request', { words: `Give ${missing}.` });
  }
  return {
    mappings: serviceAccount === undefined ? [] : [{ serviceAccount, identifiedBy, rules: readRules(rule) }],
    ...options,
    jwks: readKeySet(jwksFile),
    subjects: subject ?? [],
    clients: client ?? [],
    scopes: scope ?? [],
  };
}

function addKeys(issuers: Command, runner: Runner): void {
  issuers
    .command('keys')
    .description('give an issuer other keys, or disable some of them')
    .argument('<issuer>', 'its name or its id')
    .option('--jwks-file <file>', 'its public keys (RFC 7517) in place of those of before')
    .option('--jwks-uri <uri>', 'where it publishes them, in place of those of before')
    .option(
      '--disable <key>',
      'do not believe this key, by kid or thumbprint, several times; what it got is dead for good',
      collect,
    )
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

function addMapping(issuers: Command, runner: Runner): void {
  issuers
    .command('map')
    .description('let workloads of an issuer act as one more service account, or by other rules')
    .argument('<issuer>', 'its name or its id')
    .requiredOption('--service-account <id>', 'who those act as that meet every rule')
    .requiredOption('--rule <claim=value>', RULE, collect)
    .option('--identified-by <claim>', IDENTIFIED_BY, collect)
    .addHelpText(
      'after',
      '\nExample:\n  latchkey issuers map https://token.actions.example.com --service-account sa_… \\\n    --rule aud=https://id.example.com --rule "sub=repo:acme/shop:*"',
    )
    .action((issuer: string, { rule, ...to }: Omit<MappingOptions, 'rules'> & { rule: string[] }) =>
      runner.runWithParts(async (parts) => mapIssuer(parts, issuer, { ...to, rules: readRules(rule) }), {
        describe: describeFields,
      }),
    );
  issuers
    .command('unmap')
    .description('let no workload of an issuer act as that service account any more')
    .argument('<issuer>', 'its name or its id')
    .requiredOption('--service-account <id>', 'who they acted as')
    .action((issuer: string, { serviceAccount }: { serviceAccount: string }) =>
      runner.runWithParts((parts) => unmapIssuer(parts, issuer, serviceAccount), {
        describe: describeFields,
      }),
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
