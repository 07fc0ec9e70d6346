// A world with the management API: Grace, who administers, a service and an app that are registered for its scopes, and calls.
import { operations } from '../../server/management/nouns.ts';
import type { Operation } from '../../server/management/operations.ts';
import { managementScopes } from '../../server/resources/management.ts';
import { asOperator } from '../../server/teams/admission.ts';
import type { TestAppOptions } from '../support/app.ts';
import type { Answer } from '../support/program.ts';
import { API, type AppClient, createVerifier, createWorld, PASSWORD } from '../support/world.ts';

export const EVERY_RIGHT = Object.keys(managementScopes);
export const GRACE = { email: 'grace@example.com', password: PASSWORD };

type Call = { body?: unknown; headers?: Record<string, string> };

export async function createManagementWorld(options: TestAppOptions = {}) {
  const world = await createWorld(options);
  const { app } = world;
  const resource = `${app.config.issuer}/v1`;
  const grace = await app.parts.accounts.register(
    { ...GRACE, name: 'Grace Hopper', isAdmin: true },
    'operator',
  );

  /** A client that may have these rights in its own name. */
  function registerService(scopes: readonly string[] = EVERY_RIGHT): Promise<AppClient> {
    return world.registerClient({
      ...{ name: 'Console', type: 'service', grants: ['client_credentials'], redirectUris: [] },
      ...{ scopes, postLogoutRedirectUris: [] },
    });
  }

  async function tokenOf(client: AppClient, scopes: readonly string[] = EVERY_RIGHT): Promise<string> {
    const wanted = { grant_type: 'client_credentials', resource, scope: scopes.join(' ') };
    const { status, body, text } = await world.token(client, wanted);
    if (status !== 200) throw new Error(`no token: ${status} ${text}`);
    return String(body.access_token);
  }

  /** One call with an access token; a body is sent as JSON. */
  function call(
    token: string,
    method: string,
    path: string,
    { body, headers = {} }: Call = {},
  ): Promise<Answer> {
    return world.ask(path, {
      method,
      headers: {
        ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  const service = await registerService();
  const console = await world.registerClient({ name: 'Console', scopes: ['openid', ...EVERY_RIGHT] });

  /** Signs a person in through the console's redirect and answers what it gets for the management API. */
  async function signInAs(person: typeof GRACE) {
    const scope = `openid ${EVERY_RIGHT.join(' ')}`;
    const robot = app.robot();
    const { verifier, challenge } = createVerifier();
    const start = await robot.get(world.authorizationPath(console, challenge, { scope, resource }));
    const back = await world.walk(robot, start, person);
    const { body } = await world.redeem(console, { code: back.searchParams.get('code') ?? '', verifier });
    return body as { access_token: string; scope: string; refresh_token: string };
  }

  return {
    ...world,
    ...{ resource, grace, service, console, registerService, tokenOf, call, signInAs },
    /** The service's, with every right. */
    right: await tokenOf(service),
  };
}

export type ManagementWorld = Awaited<ReturnType<typeof createManagementWorld>>;

/** A key of Ada's, for what is done with one. */
async function makeKey(world: ManagementWorld): Promise<string> {
  const body = { name: 'Zapier', account_id: world.ada.id, scopes: ['read:tasks'] };
  const { status, body: made, text } = await world.call(world.right, 'POST', '/v1/keys', { body });
  if (status !== 201) throw new Error(`no key: ${status} ${text}`);
  return String(made.id);
}

/** Where an example needs something of this world to be let through. A new noun adds its own. */
const changes: Record<string, (world: ManagementWorld) => object> = {
  createAccount: () => ({ email: 'ida@example.com' }),
  createTeam: (world) => ({ owner_account_id: world.ada.id }),
  createKey: (world) => ({ account_id: world.ada.id, scopes: ['read:tasks'] }),
};

/** A team of Ada's, for what is in one. */
export async function makeTeam({ app, ada }: ManagementWorld, name = 'Looms'): Promise<string> {
  const { accounts, teams } = app.parts;
  return (await teams.create(asOperator('operator'), await accounts.get(ada.id), { name })).id;
}

/** Of nouns whose things are clients of a kind of their own: one that is not there. */
function idsOf(path: string): Record<string, string> {
  if (path.startsWith('/v1/issuers')) return { client_id: 'iss_none' };
  return path.startsWith('/v1/service-accounts') ? { client_id: 'sa_none' } : {};
}

/** An app of this team, for what is done with one. */
async function makeApp({ app }: ManagementWorld, teamId: string): Promise<string> {
  const made = await app.parts.teamApps.register(asOperator('operator'), teamId, {
    ...{ name: 'Board', type: 'web', auth: 'client_secret_basic', grants: ['authorization_code'] },
    ...{ redirect_uris: ['https://board.example.com/cb'], post_logout_redirect_uris: [], scopes: ['openid'] },
  });
  return made.id;
}

/** Requests made from the table: paths that lead to something, and the bodies that the document shows. */
export async function createRequests(world: ManagementWorld) {
  const teamId = await makeTeam(world);
  const ofTeam = { client_id: await makeApp(world, teamId) };
  const ids: Record<string, string> = {
    account_id: world.ada.id,
    client_id: world.notes.id,
    identifier: API,
    grant_id: 'grant_00000000000',
    kid: 'key-1',
    team_id: teamId,
    key_id: operations.some((one) => one.id === 'createKey') ? await makeKey(world) : '',
  };

  function pathOf({ path }: Operation): string {
    const known: Record<string, string | undefined> = {
      ...{ ...ids, ...idsOf(path) },
      ...(path.startsWith('/v1/teams/') && ofTeam),
    };
    return path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(known[name] ?? 'none'));
  }

  function bodyOf({ id, body, example }: Operation): object | undefined {
    return body === undefined ? undefined : { ...(example?.body as object), ...changes[id]?.(world) };
  }

  return { pathOf, bodyOf };
}

export type Requests = Awaited<ReturnType<typeof createRequests>>;

/** Calls with every right, unless another token is given. */
export function createCalls(world: ManagementWorld) {
  function call(method: string, path: string, body?: unknown, token = world.right): Promise<Answer> {
    return world.call(token, method, path, { body });
  }

  /** A client with this registration; what is not given is that of a service. */
  async function makeClient(change: Record<string, unknown> = {}) {
    const usual = { name: 'Bot', type: 'service', grants: ['client_credentials'], scopes: ['read:tasks'] };
    const { status, body, text } = await call('POST', '/v1/clients', { ...usual, ...change });
    if (status !== 201) throw new Error(`no client: ${status} ${text}`);
    return body as { client_id: string; client_secret: string };
  }

  return { call, makeClient };
}

export type Calls = ReturnType<typeof createCalls>;
