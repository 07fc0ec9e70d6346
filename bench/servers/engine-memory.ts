// The plain engine with its own memory adapter and its own introspection: what one gets without us.
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

async function makeKey(alg: 'RS256' | 'ES256') {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig' };
}

const provider = new Provider('http://127.0.0.1', {
  jwks: { keys: [await makeKey('RS256'), await makeKey('ES256')] as never },
  clients: [
    {
      client_id: 'notes',
      client_secret: 'notes-secret',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://notes.example.com/cb'],
      scope: 'openid offline_access',
    },
    {
      client_id: 'cli',
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: [],
      response_types: [],
      scope: 'openid',
    },
    {
      client_id: 'app',
      client_secret: 'app-secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'read',
    },
    { client_id: 'api', client_secret: 'api-secret', grant_types: [], redirect_uris: [], response_types: [] },
  ],
  scopes: ['openid', 'offline_access', 'read'],
  rotateRefreshToken: true,
  ttl: { ClientCredentials: 3600 },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    // Opaque without resource, and a JWT by ES256 with one, whichever it is.
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => [],
      getResourceServerInfo: async (_ctx, audience) => ({
        ...{ scope: 'read', audience, accessTokenFormat: 'jwt' },
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

/** A refresh token as if Ada had gone through the pages, which this has not. */
async function issueRefreshToken(): Promise<string> {
  const grant = new provider.Grant({ accountId: 'ada', clientId: 'notes' });
  grant.addOIDCScope('openid offline_access');
  const token = new provider.RefreshToken({
    accountId: 'ada',
    client: (await provider.Client.find('notes')) as never,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: 'openid offline_access',
  } as never);
  return token.save();
}

provider.use(async (ctx, next) => {
  if (ctx.path === '/refresh-token') ctx.body = await issueRefreshToken();
  else await next();
});
const server = provider.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
