// latchkey resources …: the options, and the answers in words.
import { type Command, Option } from 'commander';
import { collect, readKeySet, readScopes, wholeNumber } from './options.ts';
import { createResource, listResources, type ResourceOptions, removeResource } from './resource-commands.ts';
import type { Runner } from './runner.ts';
import { describeMade, describeRows } from './text.ts';

const COLUMNS = ['identifier', 'name', 'scopes', 'format', 'default', 'team_scoped', 'source', 'client_id'];

const REGISTERED = 'The API was registered; it introspects with this client_id.';
const ONCE = 'The secret is shown this once; only its hash is kept.';

const EXAMPLES = `
Example:
  latchkey resources create --identifier https://api.example.com --name Orders --default \\
    --scope "read:orders=See your orders" --scope "write:orders=Place orders for you"`;

type CreateOptions = {
  identifier: string;
  name: string;
  scope: string[];
  format: string;
  alg?: string;
  default?: true;
  teamScoped?: true;
  auth: string;
  jwksFile?: string;
  jwksUri?: string;
  accessTokenSeconds?: number;
  clientIp?: true;
  inactiveReason?: true;
};

export function addResourceCommands(program: Command, runner: Runner): void {
  const resources = program.command('resources').description('the APIs that trust this server');
  addCreate(resources, runner);
  resources
    .command('list')
    .description('list all APIs')
    .action(() => runner.runWithParts(listResources, { describe: (rows) => describeRows(rows, COLUMNS) }));
  resources
    .command('remove <identifier>')
    .description(
      'remove an API: its server introspects no longer, keys for it alone are dead; its identifier is never used again',
    )
    .action((identifier: string) =>
      runner.runWithParts(
        async (parts) => {
          await removeResource(parts, identifier);
          return { identifier };
        },
        { describe: () => 'The API was removed.' },
      ),
    );
}

function addCreate(resources: Command, runner: Runner): void {
  resources
    .command('create')
    .description('register an API, and make the credentials with which it introspects tokens')
    .requiredOption('--identifier <uri>', 'absolute URI: the audience of its tokens')
    .requiredOption('--name <name>', 'what people read when they are asked to consent')
    .requiredOption(
      '--scope <name=words>',
      'a scope and the words in which people are asked, several times',
      collect,
    )
    .addOption(
      new Option(
        '--format <format>',
        'jwt: the API verifies alone, and feels a revocation when the token ends',
      )
        .choices(['opaque', 'jwt'])
        .default('opaque'),
    )
    .addOption(
      new Option('--alg <algorithm>', 'what signs its JWTs, with --format jwt; without it ES256').choices([
        'ES256',
        'RS256',
        'EdDSA',
      ]),
    )
    .option('--default', 'it is meant by clients that name no resource; the one before is not any more')
    .option('--team-scoped', 'apps act there on behalf of one team, which the person chooses')
    .option('--access-token-seconds <seconds>', 'life of its access tokens', wholeNumber)
    .addOption(
      new Option('--auth <method>', 'how the API proves who it is')
        .choices(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
        .default('client_secret_basic'),
    )
    .option('--jwks-file <file>', 'its public keys (RFC 7517), for private_key_jwt')
    .option('--jwks-uri <uri>', 'where it publishes them instead')
    .option('--client-ip', 'it is believed when it says from which address a credential came')
    .option('--inactive-reason', 'it is told why a credential of its own is not active')
    .addHelpText('after', EXAMPLES)
    .action((options: CreateOptions) =>
      runner.runWithParts(async (parts) => createResource(parts, toResourceOptions(options)), {
        describe: (made) =>
          describeMade(made.client_secret === undefined ? REGISTERED : `${REGISTERED} ${ONCE}`, made),
      }),
    );
}

function toResourceOptions(options: CreateOptions): ResourceOptions {
  return {
    identifier: options.identifier,
    name: options.name,
    scopes: readScopes(options.scope),
    format: options.format,
    alg: options.alg,
    isDefault: options.default ?? false,
    isTeamScoped: options.teamScoped ?? false,
    auth: options.auth,
    jwks: readKeySet(options.jwksFile),
    jwksUri: options.jwksUri,
    clientIp: options.clientIp,
    inactiveReason: options.inactiveReason,
    accessTokenSeconds: options.accessTokenSeconds,
  };
}
