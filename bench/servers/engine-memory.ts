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
      client_id: 'app',
      client_secret: 'app-secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'read',
    },
    { client_id: 'api', client_secret: 'api-secret', grant_types: [], redirect_uris: [], response_types: [] },
  ],
  scopes: ['openid', 'read'],
  ttl: { ClientCredentials: 3600 },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    devInteractions: { enabled: false },
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
const server = provider.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
