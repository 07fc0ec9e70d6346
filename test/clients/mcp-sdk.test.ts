// The MCP SDK's client at an MCP server that points to us by its protected resource metadata (RFC 9728); registered by hand.
import {
  ClientCredentialsProvider,
  PrivateKeyJwtProvider,
} from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppClient, World } from '../support/world.ts';
import { openSite, type Site } from './app-site.ts';
import { startListeningWorld } from './listening-world.ts';
import { connectMcpClient } from './mcp-client.ts';
import { createMcpServer } from './mcp-server.ts';

const SCOPES = ['read:notes', 'write:notes'];

let world: World;
let site: Site;
let serverUrl: URL;
let api: { id: string; secret: string | undefined };
beforeAll(async () => {
  world = await startListeningWorld();
  site = await openSite();
  serverUrl = new URL('/mcp', site.origin);
  const scopes = { 'read:notes': 'Read your notes', 'write:notes': 'Change your notes' };
  const registration = { name: 'Notes by MCP', scopes, tokenFormat: 'opaque' } as const;
  const identifier = serverUrl.href;
  const { clientId, secret } = await world.app.parts.resources.register(
    { identifier, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  api = { id: clientId, secret };
});
afterAll(() => Promise.all([site.close(), world.close()]));

/** No offline_access in its registration: the SDK does not ask for it, and yet it refreshes. */
const base = { name: 'Assistant', scopes: SCOPES, redirectUris: ['http://127.0.0.1/callback'] };

const kinds = {
  'a public native client': () => world.registerClient({ ...base, type: 'native', auth: 'none' }),
  'a confidential client': () =>
    world.registerClient({ ...base, redirectUris: ['http://127.0.0.1:51004/callback'] }),
};

function connect({ id, secret }: AppClient) {
  const robot = world.app.robot();
  return connectMcpClient({
    serverUrl,
    clientInformation: { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) },
    redirectUrl: 'http://127.0.0.1:51004/callback',
    browse: async (address) => world.walk(robot, await robot.get(address.pathname + address.search)),
  });
}

async function whoami(client: Client): Promise<unknown> {
  const { content } = await client.callTool({ name: 'whoami' });
  const [part] = content as { text: string }[];
  return JSON.parse(part?.text ?? '');
}

describe.each(Object.entries(kinds))('the MCP SDK as %s', (_words, register) => {
  let app: AppClient;
  beforeAll(async () => {
    site.serve(await createMcpServer({ world, api, serverUrl, scopesSupported: SCOPES }));
    app = await register();
  });

  test('finds us from the 401 of the server alone, and calls a tool as Ada', async () => {
    const { client } = await connect(app);
    expect(await whoami(client)).toEqual({ sub: world.ada.id, scopes: SCOPES });
  });

  test('refreshes by itself when the server no longer takes its access token', async () => {
    const { client, tokens } = await connect(app);
    const before = tokens();
    await world.post('/revoke', {
      token: before?.access_token,
      client_id: app.id,
      client_secret: app.secret,
    });
    expect(await whoami(client)).toMatchObject({ sub: world.ada.id });
    expect(tokens()?.access_token).not.toBe(before?.access_token);
    expect(tokens()?.refresh_token).not.toBe(before?.refresh_token);
  });
});

test('the MCP SDK asks without scope where the server names none, and gets the default scopes of the client', async () => {
  site.serve(await createMcpServer({ world, api, serverUrl }));
  const defaultScopes = ['read:notes'];
  const app = await world.registerClient({ ...base, type: 'native', auth: 'none', defaultScopes });
  const { client } = await connect(app);
  expect(await whoami(client)).toEqual({ sub: world.ada.id, scopes: defaultScopes });
});

const service = {
  ...base,
  name: 'Robot',
  type: 'service',
  grants: ['client_credentials'],
  redirectUris: [],
} as const;
const scope = 'read:notes';

const machines: Record<string, () => Promise<ClientCredentialsProvider | PrivateKeyJwtProvider>> = {
  async ClientCredentialsProvider() {
    const { id, secret = '' } = await world.registerClient(service);
    const expectedIssuer = world.app.config.issuer;
    return new ClientCredentialsProvider({ clientId: id, clientSecret: secret, expectedIssuer, scope });
  },
  async PrivateKeyJwtProvider() {
    const keys = await generateKeyPair('ES256', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), alg: 'ES256' }] };
    const { id } = await world.registerClient({ ...service, auth: 'private_key_jwt', jwks });
    const [expectedIssuer, privateKey] = [world.app.config.issuer, await exportPKCS8(keys.privateKey)];
    return new PrivateKeyJwtProvider({ clientId: id, privateKey, algorithm: 'ES256', expectedIssuer, scope });
  },
};

test.each(Object.entries(machines))(
  'the MCP SDK calls a tool in its own name with its %s',
  async (_words, create) => {
    site.serve(await createMcpServer({ world, api, serverUrl, scopesSupported: SCOPES }));
    const authProvider = await create();
    const client = new Client({ name: 'robot', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(serverUrl, { authProvider }));
    const sub = authProvider.clientInformation().client_id;
    expect(await whoami(client)).toEqual({ sub, scopes: [scope] });
  },
);

test('a token for another API does not open the MCP server', async () => {
  site.serve(await createMcpServer({ world, api, serverUrl }));
  const { access_token: foreign } = await world.signIn(world.notes);
  const answer = await fetch(serverUrl, {
    method: 'POST',
    headers: { Authorization: `Bearer ${foreign}` },
  });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource/mcp');
});
