// What an operator may do with the APIs that trust us (RFC 8707). The later JSON API calls the same functions.
import { Refusal } from '../errors.ts';
import { toResourceRegistration } from '../resources/declared.ts';
import type { Resource } from '../resources/resources.ts';
import type { AdminParts } from './parts.ts';
import { findServerIds } from './store.ts';

export type ResourceOptions = {
  readonly identifier: string;
  readonly name: string;
  /** Each as `name=words for people`, in the order in which people read them. */
  readonly scopes: readonly string[];
  readonly format: string;
  readonly isDefault: boolean;
  readonly auth: string;
  readonly jwks?: unknown;
  readonly accessTokenSeconds?: number | undefined;
};

export type ShownResource = {
  identifier: string;
  name: string;
  scopes: Readonly<Record<string, string>>;
  format: 'opaque' | 'jwt';
  access_token_seconds: number | null;
  default: boolean;
  source: 'file' | 'database';
  /** With which it introspects. */
  client_id: string | null;
  created_at: number;
};

function readScope(text: string): [string, string] {
  const at = text.indexOf('=');
  const [name, words] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at === -1 || name === '' || words === '') {
    throw new Refusal('invalid_request', {
      words: 'Give each scope as "name=words", for example "read:orders=See your orders".',
      param: 'scope',
    });
  }
  return [name, words];
}

function readScopes(texts: readonly string[]): Record<string, string> {
  const scopes = texts.map(readScope);
  const names = scopes.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Refusal('invalid_request', { words: `The scope ${twice} is given twice.`, param: 'scope' });
  }
  return Object.fromEntries(scopes);
}

/** In the words of the configuration file, so that one set of rules judges both. */
function toSettings(options: ResourceOptions) {
  return {
    identifier: options.identifier,
    name: options.name,
    scopes: readScopes(options.scopes),
    token_format: options.format,
    default: options.isDefault,
    ...(options.accessTokenSeconds === undefined ? {} : { access_token_seconds: options.accessTokenSeconds }),
    introspection: {
      // The server makes the id; this one stands for it.
      client_id: 'api',
      auth: options.auth,
      ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
    },
  };
}

/**
 * Registers an API and answers the credentials with which it introspects; the secret this once.
 * Refuses with invalid_request (every fault at once) or already_exists.
 */
export async function createResource(
  { resources, rules }: Pick<AdminParts, 'resources' | 'rules'>,
  options: ResourceOptions,
): Promise<{ identifier: string; client_id: string; client_secret?: string }> {
  const { value, faults } = rules.judgeResource(toSettings(options));
  if (value === undefined) throw new Refusal('invalid_request', { words: faults.join('\n') });
  const { auth, jwks } = value.introspection;
  const { identifier, clientId, secret } = await resources.register(
    { identifier: value.identifier, isDefault: value.default, registration: toResourceRegistration(value) },
    { auth, ...(jwks === undefined ? {} : { jwks }) },
  );
  return { identifier, client_id: clientId, ...(secret === undefined ? {} : { client_secret: secret }) };
}

function show({ registration, ...resource }: Resource, serverId: string | undefined): ShownResource {
  return {
    identifier: resource.identifier,
    name: registration.name,
    scopes: registration.scopes,
    format: registration.tokenFormat,
    access_token_seconds: registration.accessTokenSeconds ?? null,
    default: resource.isDefault,
    source: resource.source,
    client_id: serverId ?? null,
    created_at: resource.createdAt,
  };
}

/** All of them, by identifier. */
export async function listResources({
  resources,
  database,
}: Pick<AdminParts, 'resources' | 'database'>): Promise<ShownResource[]> {
  const serverIds = await findServerIds(database);
  return (await resources.list()).map((resource) => show(resource, serverIds.get(resource.identifier)));
}
