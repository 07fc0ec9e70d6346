// latchkey clients …: the options, and the answers in words.
import { type Command, Option } from 'commander';
import { approveClient, declineClient, listAskingClients } from './app-review-commands.ts';
import {
  allowClient,
  blockClient,
  type ClientOptions,
  createClient,
  listClientRequests,
  listClients,
  rotateClientSecret,
  type ShownClient,
  showClient,
  unverifyClient,
  verifyClient,
} from './client-commands.ts';
import { collect, collectNames, readKeySet, rowLimit } from './options.ts';
import type { AdminParts } from './parts.ts';
import type { Runner } from './runner.ts';
import { describeFields, describeMade, describeRows } from './text.ts';

const COLUMNS = ['client_id', 'name', 'type', 'auth', 'state', 'source', 'created_at'];
const WAITING_COLUMNS = ['client_id', 'name', 'team_name', 'team_id', 'state', 'asked_at', 'revision'];
const ONCE = 'The secret is shown this once; only its hash is kept.';

const EXAMPLES = `
Examples:
  latchkey clients create --name Shop --type web --redirect-uri https://shop.example.com/callback \\
    --grant authorization_code --grant refresh_token --scope "openid email" --scope read:orders
  latchkey clients create --name "Shop app" --type native --redirect-uri com.example.shop:/callback --scope openid
  latchkey clients create --name Reports --type service --grant client_credentials \\
    --auth private_key_jwt --jwks-file reports.jwks.json --scope read:orders`;

type CreateOptions = {
  id?: string;
  name: string;
  type: string;
  grant?: string[];
  redirectUri?: string[];
  postLogoutUri?: string[];
  origin?: string[];
  scope?: string[];
  defaultScope?: string[];
  optionalScope?: string[];
  auth?: string;
  jwksFile?: string;
  jwksUri?: string;
  backchannelLogoutUri?: string;
  backchannelLogoutSessionRequired?: true;
  pkce: boolean;
  idTokenClaims?: true;
  firstParty?: true;
  verified?: true;
  requirePar?: true;
  requireDpop?: true;
  homePage?: string;
  privacyPage?: string;
  termsPage?: string;
};

export function addClientCommands(program: Command, runner: Runner): void {
  const clients = program.command('clients').description('OAuth clients, and the servers of APIs');
  addCreate(clients, runner);
  addRotateSecret(clients, runner);

  clients
    .command('list')
    .description('list clients, by id')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .option('--after <id>', 'go on after this id', '')
    .option('--team <team_id>', 'those of one team')
    .option('--pending', 'only apps for which a team waits, the longest first')
    .action((page: { limit: number; after: string; team?: string; pending?: true }) =>
      runner.runWithParts(
        (parts) =>
          page.pending ? listAskingClients(parts, page) : listClients(parts, { ...page, teamId: page.team }),
        { describe: (rows) => describeRows(rows, page.pending ? WAITING_COLUMNS : COLUMNS) },
      ),
    );

  addOne('show', 'show one client', showClient);
  addOne('block', 'refuse it from now on; everything issued to it is dead for good', blockClient);
  addOne('verify', 'tell people that you have checked who runs it', verifyClient);
  addOne('unverify', 'no longer tell them so', unverifyClient);

  addReview(clients, runner);

  clients
    .command('requests')
    .description('list ids that nobody registered and that came asking, the latest first')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .addHelpText(
      'after',
      `
To let one pair devices (RFC 8628):
  latchkey clients allow CLIENT_ID
Apps that teams registered stand in another list:
  latchkey clients list --pending`,
    )
    .action((page: { limit: number }) =>
      runner.runWithParts((parts) => listClientRequests(parts, page), {
        describe: (rows) => describeRows(rows, ['client_id', 'first_at', 'last_at', 'count']),
      }),
    );

  function addOne(
    name: string,
    description: string,
    act: (parts: Pick<AdminParts, 'appReview' | 'clients'>, id: string) => Promise<ShownClient>,
  ): void {
    clients
      .command(name)
      .description(description)
      .argument('<client_id>', 'the id of the client')
      .addHelpText('after', `\nExample:\n  latchkey clients ${name} shop`)
      .action((id: string) => runner.runWithParts((parts) => act(parts, id), { describe: describeFields }));
  }
}

function addCreate(clients: Command, runner: Runner): void {
  const create = clients.command('create').description('register a client');
  create
    .requiredOption('--name <name>', 'what people read when they are asked to consent')
    .addOption(
      new Option('--type <type>', 'what it is')
        .choices(['web', 'native', 'browser', 'service'])
        .makeOptionMandatory(),
    )
    .option('--id <client_id>', 'its id; otherwise one is made')
    .option(
      '--grant <grant>',
      'a grant it may use, several times: authorization_code (the default, but for a service), refresh_token, client_credentials, device_code, jwt_bearer',
      collectNames,
    )
    .option('--redirect-uri <uri>', 'where people are sent back to, several times; compared exactly', collect)
    .option('--post-logout-uri <uri>', 'the same after signing out, several times', collect)
    .option('--origin <origin>', 'whose scripts may call the token endpoint, several times', collect)
    .option('--scope <scope>', 'a scope it may ever ask for, several times', collectNames)
    .option(
      '--default-scope <scope>',
      'a scope that a request without scope asks for, several times',
      collectNames,
    )
    .option('--optional-scope <scope>', 'a scope that people may leave out, several times', collectNames)
    .addOption(
      new Option(
        '--auth <method>',
        'how it proves who it is; without it none for native and browser, client_secret_basic for web and service',
      ).choices(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']),
    )
    .option('--jwks-file <file>', 'its public keys (RFC 7517), for private_key_jwt')
    .option('--jwks-uri <uri>', 'where it publishes them instead')
    .option('--backchannel-logout-uri <uri>', 'where it is told that a session of its ended')
    .option('--backchannel-logout-session-required', 'tell it which session, and name it in the ID token')
    .option('--no-pkce', 'do not require PKCE; only for a client that proves who it is')
    .option('--id-token-claims', 'put name and e-mail into the ID token too')
    .option('--require-par', 'it must push every authorization request first (RFC 9126)')
    .option('--require-dpop', 'every token of it is bound to a key of its own (RFC 9449)')
    .option('--home-page <url>', 'its home page; people find it where they consent')
    .option('--privacy-page <url>', 'its privacy policy')
    .option('--terms-page <url>', 'its terms of service')
    .option('--first-party', 'it is part of the product itself: people are not asked to consent')
    .option('--verified', 'tell people that you have checked who runs it')
    .addHelpText('after', EXAMPLES)
    .action((options: CreateOptions) =>
      runner.runWithParts(async (parts) => createClient(parts, toClientOptions(options)), {
        describe: (made) =>
          describeMade(
            made.client_secret === undefined
              ? 'The client was registered.'
              : `The client was registered. ${ONCE}`,
            made,
          ),
      }),
    );
}

function addReview(clients: Command, runner: Runner): void {
  const revision = 'of an app of a team: what you looked at, as list --pending and show say it';
  clients
    .command('allow')
    .description(
      'let a blocked client ask again, an unknown one pair devices, or a team have what it asked for',
    )
    .argument('<client_id>', 'the id of the client')
    .option('--revision <revision>', revision)
    .addHelpText('after', '\nExample:\n  latchkey clients allow shop')
    .action((id: string, { revision }: { revision?: string }) =>
      runner.runWithParts(
        (parts) => (revision === undefined ? allowClient(parts, id) : approveClient(parts, id, { revision })),
        { describe: describeFields },
      ),
    );

  clients
    .command('decline')
    .description('decline what a team asked for; what is in force stays so')
    .argument('<client_id>', 'the id of the client')
    .requiredOption('--revision <revision>', revision)
    .option('--reason <text>', 'the team reads it')
    .addHelpText(
      'after',
      '\nExample:\n  latchkey clients decline client_4Yq1mX0Qw2bT --revision 0aB1 --reason "Whose name is this?"',
    )
    .action((id: string, options: { revision: string; reason?: string }) =>
      runner.runWithParts((parts) => declineClient(parts, id, options), { describe: describeFields }),
    );
}

function toClientOptions(options: CreateOptions): ClientOptions {
  return {
    id: options.id,
    name: options.name,
    type: options.type,
    grants: options.grant ?? [],
    redirectUris: options.redirectUri ?? [],
    postLogoutUris: options.postLogoutUri ?? [],
    origins: options.origin ?? [],
    scopes: options.scope ?? [],
    defaultScopes: options.defaultScope ?? [],
    optionalScopes: options.optionalScope ?? [],
    auth: options.auth,
    jwks: readKeySet(options.jwksFile),
    jwksUri: options.jwksUri,
    backchannelLogoutUri: options.backchannelLogoutUri,
    needsLogoutSid: options.backchannelLogoutSessionRequired ?? false,
    needsPkce: options.pkce,
    hasIdTokenClaims: options.idTokenClaims ?? false,
    isFirstParty: options.firstParty ?? false,
    isVerified: options.verified ?? false,
    needsPushedRequest: options.requirePar ?? false,
    needsDpop: options.requireDpop ?? false,
    ...{ clientUri: options.homePage, policyUri: options.privacyPage, tosUri: options.termsPage },
  };
}

function addRotateSecret(clients: Command, runner: Runner): void {
  clients
    .command('rotate-secret')
    .description('make another secret; the one before stays good for a day')
    .argument('<client_id>', 'the id of the client')
    .addHelpText('after', '\nExample:\n  latchkey clients rotate-secret shop')
    .action((id: string) =>
      runner.runWithParts((parts) => rotateClientSecret(parts, id), {
        describe: (made) => describeMade(ONCE, made),
      }),
    );
}
