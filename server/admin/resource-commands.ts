// What an operator may do with the APIs that trust us (RFC 8707). The later JSON API calls the same functions.
import type { Client, Registration } from '../clients/clients.ts';
import { getJudged } from '../clients/judged.ts';
import { resourceServer } from '../clients/ready-made.ts';
import { withSecrets } from '../clients/secrets.ts';
import { toResourceRegistration } from '../resources/declared.ts';
import type { RegisteredResource, Resource, ResourceRegistration } from '../resources/resources.ts';
import { inEnglish } from '../web/words.ts';
import type { AdminParts, JudgedResource } from './parts.ts';
import { findServers, type ServerOfApi } from './store.ts';

export type ResourceOptions = {
  readonly identifier: string;
  readonly name: ResourceRegistration['name'];
  /** Name to words for people, in the order in which people read them. */
  readonly scopes: ResourceRegistration['scopes'];
  readonly format: string;
  readonly alg?: string | undefined;
  readonly isDefault: boolean;
  readonly isTeamScoped: boolean;
  readonly auth: string;
  readonly jwks?: unknown;
  readonly jwksUri?: string | undefined;
  readonly accessTokenSeconds?: number | undefined;
  /** May it say from which address a credential came? */
  readonly clientIp?: boolean | undefined;
  /** Is it told why a credential of its own is not active? */
  readonly inactiveReason?: boolean | undefined;
};

/** The client with which it introspects; the secret this once. */
export type MadeResource = { identifier: string; client_id: string; client_secret?: string };

export type ShownResource = {
  identifier: string;
  name: string;
  scopes: Readonly<Record<string, string>>;
  format: 'opaque' | 'jwt';
  /** What signs its JWTs. */
  alg: string | null;
  access_token_seconds: number | null;
  default: boolean;
  /** Do apps act there on behalf of one team? */
  team_scoped: boolean;
  source: Resource['source'];
  /** With which it introspects. */
  client_id: string | null;
  /** Is it believed when it says from which address a credential came? */
  client_ip: boolean;
  /** Is it told why a credential of its own is not active? */
  inactive_reason: boolean;
  created_at: number;
};

/** In the words of the configuration file, so that one set of rules judges both. */
function toSettings(options: ResourceOptions) {
  return {
    identifier: options.identifier,
    name: options.name,
    scopes: options.scopes,
    token_format: options.format,
    ...(options.alg === undefined ? {} : { token_alg: options.alg }),
    default: options.isDefault,
    team_scoped: options.isTeamScoped,
    ...(options.accessTokenSeconds === undefined ? {} : { access_token_seconds: options.accessTokenSeconds }),
    introspection: {
      // The server makes the id; this one stands for it.
      client_id: 'api',
      auth: options.auth,
      ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
      ...(options.jwksUri === undefined ? {} : { jwks_uri: options.jwksUri }),
      client_ip: options.clientIp ?? false,
      inactive_reason: options.inactiveReason ?? false,
    },
  };
}

function judge(
  { rules, config }: Pick<AdminParts, 'rules' | 'config'>,
  settings: ReturnType<typeof toSettings>,
) {
  return getJudged(rules.judgeResource(settings, config.outbound.allowed_hosts));
}

function describeMade({ identifier, clientId, secret }: RegisteredResource): MadeResource {
  return { identifier, client_id: clientId, ...(secret === undefined ? {} : { client_secret: secret }) };
}

/**
 * Registers an API and answers the credentials with which it introspects; the secret this once.
 * Refuses with invalid_request (every fault at once) or already_exists.
 */
export async function createResource(
  parts: Pick<AdminParts, 'resources' | 'rules' | 'config'>,
  options: ResourceOptions,
  alsoInUnit?: (made: MadeResource) => void,
): Promise<MadeResource> {
  const value = judge(parts, toSettings(options));
  const { auth, jwks, jwks_uri: jwksUri, client_ip: clientIp } = value.introspection;
  const { inactive_reason: inactiveReason } = value.introspection;
  const made = await parts.resources.register(
    { identifier: value.identifier, isDefault: value.default, registration: toResourceRegistration(value) },
    { auth, jwks, jwksUri, clientIp, inactiveReason },
    (one) => alsoInUnit?.(describeMade(one)),
  );
  return describeMade(made);
}

/** What may be changed of an API; undefined leaves it, null takes it out. */
export type ResourceChange = {
  readonly name?: string | undefined;
  readonly scopes?: Readonly<Record<string, string>> | undefined;
  readonly format?: string | undefined;
  readonly alg?: string | null | undefined;
  readonly accessTokenSeconds?: number | null | undefined;
  readonly isTeamScoped?: boolean | undefined;
  readonly isDefault?: boolean | undefined;
  readonly auth?: string | undefined;
  readonly jwks?: unknown;
  readonly jwksUri?: string | null | undefined;
  readonly clientIp?: boolean | undefined;
  readonly inactiveReason?: boolean | undefined;
};

/** As the whole would be registered today. */
function toOptions({ identifier, isDefault, registration: was }: Resource, server: Registration | undefined) {
  return {
    ...{ identifier, isDefault, name: was.name, scopes: was.scopes, format: was.tokenFormat },
    ...{ alg: was.tokenAlg, accessTokenSeconds: was.accessTokenSeconds },
    isTeamScoped: was.isTeamScoped ?? false,
    auth: server?.auth ?? 'client_secret_basic',
    ...{ jwks: server?.jwks, jwksUri: server?.jwksUri },
    ...{ clientIp: server?.seesClients, inactiveReason: server?.learnsWhy },
  };
}

function mergeChange(before: ReturnType<typeof toOptions>, change: ResourceChange): ResourceOptions {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  const merged = { ...before, ...Object.fromEntries(given) };
  return Object.fromEntries(
    Object.entries(merged).map(([name, value]) => [name, value ?? undefined]),
  ) as ResourceOptions;
}

function prepareServer(before: Client, { introspection }: JudgedResource) {
  const {
    auth,
    jwks,
    jwks_uri: jwksUri,
    client_ip: clientIp,
    inactive_reason: inactiveReason,
  } = introspection;
  const { name, secrets } = before.registration;
  const registration = resourceServer(name, auth, { jwks, jwksUri, clientIp, inactiveReason });
  return { before, ...withSecrets(registration, secrets) };
}

function isOther({ before, registration }: ReturnType<typeof prepareServer>): boolean {
  return JSON.stringify(before.registration) !== JSON.stringify(registration);
}

async function findServer(parts: Pick<AdminParts, 'database' | 'clients'>, identifier: string) {
  const servers = await findServers(parts.database);
  return parts.clients.find(servers.get(identifier)?.id ?? '');
}

type ChangedResource = ShownResource & { client_secret?: string };

/**
 * The whole is judged as if it were new (row H02). Felt by the next token, and the scopes by the next introspection.
 * Where its server proves itself by a secret from now on and had none, a new one is answered, this once.
 */
export async function updateResource(
  parts: Pick<AdminParts, 'resources' | 'clients' | 'rules' | 'config' | 'database'>,
  identifier: string,
  change: ResourceChange,
): Promise<ChangedResource> {
  const before = await parts.resources.get(identifier);
  const server = await findServer(parts, identifier);
  const value = judge(parts, toSettings(mergeChange(toOptions(before, server?.registration), change)));
  const prepared = server?.source === 'database' ? prepareServer(server, value) : undefined;
  const next = prepared && isOther(prepared) ? prepared : undefined;
  await parts.resources.update(before, toResourceRegistration(value), {
    isDefault: value.default,
    alsoInUnit() {
      if (next !== undefined) parts.clients.replace(next.before, next.registration);
    },
  });
  const shown = await showResource(parts, identifier);
  return { ...shown, ...(next?.secret === undefined ? {} : { client_secret: next.secret }) };
}

/** Its server introspects no longer, keys for it alone are dead, and its identifier is never registered again. */
export function removeResource(
  { resources }: Pick<AdminParts, 'resources'>,
  identifier: string,
): Promise<void> {
  return resources.remove(identifier);
}

function show({ registration, ...resource }: Resource, server: ServerOfApi | undefined): ShownResource {
  return {
    identifier: resource.identifier,
    name: inEnglish(registration.name),
    scopes: Object.fromEntries(
      Object.entries(registration.scopes).map(([name, words]) => [name, inEnglish(words)]),
    ),
    format: registration.tokenFormat,
    alg: registration.tokenFormat === 'jwt' ? (registration.tokenAlg ?? 'ES256') : null,
    access_token_seconds: registration.accessTokenSeconds ?? null,
    default: resource.isDefault,
    team_scoped: registration.isTeamScoped ?? false,
    source: resource.source,
    client_id: server?.id ?? null,
    client_ip: server?.seesClients ?? false,
    inactive_reason: server?.learnsWhy ?? false,
    created_at: resource.createdAt,
  };
}

/** All of them, by identifier. */
export async function listResources({
  resources,
  database,
}: Pick<AdminParts, 'resources' | 'database'>): Promise<ShownResource[]> {
  const servers = await findServers(database);
  return (await resources.list()).map((resource) => show(resource, servers.get(resource.identifier)));
}

/** By its identifier; this server's own too. */
export async function showResource(
  { resources, database }: Pick<AdminParts, 'resources' | 'database'>,
  identifier: string,
): Promise<ShownResource> {
  const servers = await findServers(database);
  return show(await resources.get(identifier), servers.get(identifier));
}
