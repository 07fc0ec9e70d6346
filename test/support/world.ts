// A small world for tests: Ada, an app of each kind, an API that introspects, and the way from the sign-in page to tokens.
import { createHash, randomBytes } from 'node:crypto';
import type { Registration } from '../../server/clients/clients.ts';
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import type { Page } from './form-robot.ts';
import { type Answer, createProgram } from './program.ts';

const FORM = 'application/x-www-form-urlencoded';
export const API = 'https://api.example.com/';
export const PASSWORD = 'a long walk over the hills';

export type AppClient = {
  readonly id: string;
  readonly secret: string | undefined;
  readonly redirectUri: string;
};

export type TokenSet = {
  access_token: string;
  refresh_token: string;
  id_token: string;
  scope: string;
  expires_in: number;
};

type Parameters = Readonly<Record<string, string | undefined>>;

export function createVerifier(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

function defined(parameters: Parameters): Record<string, string> {
  const entries = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}

/** Basic credentials, form-encoded as RFC 6749 section 2.3.1 wants them. */
export function basic(client: { id: string; secret: string | undefined }): Record<string, string> {
  const text = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret ?? '')}`;
  return { Authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

export async function createWorld(options: TestAppOptions = {}) {
  return createWorldIn(await startTestApp(options));
}

/** The same around a server that was started in another way. */
export async function createWorldIn(app: TestApp) {
  return { ...describeWorld(app), ...(await populate(app)) };
}

export type World = Awaited<ReturnType<typeof createWorld>>;

const registration: Omit<Registration, 'secrets'> = {
  name: 'Notes',
  type: 'web',
  auth: 'client_secret_basic',
  grants: ['authorization_code', 'refresh_token'],
  redirectUris: ['https://notes.example.com/cb'],
  postLogoutRedirectUris: ['https://notes.example.com/bye'],
  origins: [],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read:tasks', 'write:tasks'],
  defaultScopes: [],
  optionalScopes: [],
  needsPkce: true,
  hasIdTokenClaims: false,
  isFirstParty: false,
};

async function populate({ parts }: TestApp) {
  const ada = await parts.accounts.register(
    { email: 'ada@example.com', name: 'Ada Lovelace', password: PASSWORD },
    'operator',
  );
  const api = await parts.resources.register(
    {
      identifier: API,
      isDefault: true,
      registration: {
        name: 'Tasks',
        scopes: { 'read:tasks': 'Read your tasks', 'write:tasks': 'Change your tasks' },
        tokenFormat: 'opaque',
      },
    },
    { auth: 'client_secret_basic' },
  );

  /** Registers an app; what is not given is that of a confidential web app called Notes. */
  async function registerClient(change: Partial<Registration> = {}, id?: string): Promise<AppClient> {
    const { secrets: _, ...wanted } = { ...registration, ...change, secrets: [] };
    const made = await parts.clients.register(wanted, { id });
    return { ...made, redirectUri: wanted.redirectUris[0] ?? '' };
  }

  return {
    ada,
    api: { id: api.clientId, secret: api.secret },
    notes: await registerClient(),
    registerClient,
  };
}

export function describeWorld(app: TestApp) {
  const ask = createProgram({ port: app.port, host: new URL(app.config.issuer).host });

  /** POST of a form to an OAuth endpoint, as a program sends it. */
  function post(path: string, parameters: Parameters, headers: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams(defined(parameters)).toString();
    return ask(path, { method: 'POST', headers: { 'Content-Type': FORM, ...headers }, body });
  }

  /** The address of an authorization request; a parameter given as undefined is left out. */
  function authorizationPath(client: AppClient, challenge: string, parameters: Parameters = {}): string {
    const query = new URLSearchParams(
      defined({
        client_id: client.id,
        redirect_uri: client.redirectUri,
        response_type: 'code',
        scope: 'openid read:tasks',
        state: 'a-state',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...parameters,
      }),
    );
    return `/authorize?${query}`;
  }

  /** Walks the pages until the browser is sent back to the app; signs in and allows where it is asked to. */
  async function walk(
    robot: ReturnType<TestApp['robot']>,
    start: Page,
    person = { email: 'ada@example.com', password: PASSWORD },
  ): Promise<URL> {
    let page = start;
    for (let step = 0; step < 12; step += 1) {
      if (page.location !== undefined) {
        const next = new URL(page.location);
        if (next.origin !== app.config.issuer) return next;
        page = await robot.get(next.pathname + next.search);
      } else if (page.html.includes('name="password"')) {
        const uid = new URL(page.url).pathname.split('/')[2];
        page = await robot.submit(page, person, { action: `/interaction/${uid}/sign-in` });
      } else if (page.html.includes('value="allow"')) {
        page = await robot.submit(page, {}, { button: 'decision=allow' });
      } else {
        throw new Error(`the walk ended at ${page.status} ${page.url}: ${page.html.slice(0, 2000)}`);
      }
    }
    throw new Error(`too many steps, at ${page.url}`);
  }

  /** From the authorization request to the code, in a browser of its own unless one is given. */
  async function authorize(client: AppClient, parameters: Parameters = {}, robot = app.robot()) {
    const { verifier, challenge } = createVerifier();
    const back = await walk(robot, await robot.get(authorizationPath(client, challenge, parameters)));
    return { back, verifier, code: back.searchParams.get('code') ?? '', robot };
  }

  function token(client: AppClient, parameters: Parameters): Promise<Answer> {
    if (client.secret === undefined) return post('/token', { client_id: client.id, ...parameters });
    return post('/token', parameters, basic(client));
  }

  /** Redeems a code that `authorize` answered. */
  function redeem(client: AppClient, got: { code: string; verifier: string }): Promise<Answer> {
    return token(client, {
      grant_type: 'authorization_code',
      code: got.code,
      redirect_uri: client.redirectUri,
      code_verifier: got.verifier,
    });
  }

  function refresh(client: AppClient, refreshToken: string, parameters: Parameters = {}): Promise<Answer> {
    return token(client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...parameters });
  }

  /** Signs Ada in at the app and answers its tokens. */
  async function signIn(
    client: AppClient,
    parameters: Parameters = {},
    robot = app.robot(),
  ): Promise<TokenSet> {
    const answer = await redeem(client, await authorize(client, parameters, robot));
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as TokenSet;
  }

  function introspect(caller: { id: string; secret: string | undefined }, text: string): Promise<Answer> {
    return post('/introspect', { token: text }, basic(caller));
  }

  return {
    app,
    ...{ ask, post, authorizationPath, walk, authorize, token, redeem, refresh, signIn, introspect },
    close: app.close,
  };
}
