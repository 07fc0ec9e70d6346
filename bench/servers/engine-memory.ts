// The plain engine with its own memory adapter and its own introspection: what one gets without us.
import { Provider } from 'oidc-provider';

const provider = new Provider('http://127.0.0.1', {
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
  },
});
const server = provider.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
