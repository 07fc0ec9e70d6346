// An MCP server that names us in its protected resource metadata (RFC 9728) and asks us about each token (RFC 7662).
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import type { OAuthTokenVerifier } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { type OAuthMetadata, OAuthMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import express, { type Express } from 'express';
import type { World } from '../support/world.ts';

type Api = { id: string; secret: string | undefined };
type Settings = { world: World; api: Api; serverUrl: URL; scopesSupported?: string[] };

async function readMetadata({ app }: World): Promise<OAuthMetadata> {
  const response = await fetch(`${app.config.issuer}/.well-known/oauth-authorization-server`);
  return OAuthMetadataSchema.parse(await response.json());
}

function createVerifier(world: World, api: Api): OAuthTokenVerifier {
  return {
    async verifyAccessToken(token) {
      const { body } = await world.introspect(api, token);
      if (body.active !== true) throw new InvalidTokenError('The token is not active');
      return {
        token,
        clientId: String(body.client_id),
        scopes: String(body.scope).split(' '),
        expiresAt: Number(body.exp),
        resource: new URL(String(body.aud)),
        extra: { sub: body.sub },
      };
    },
  };
}

function createTools(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Who is calling' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: JSON.stringify({ ...authInfo?.extra, scopes: authInfo?.scopes }) }],
  }));
  return server;
}

export async function createMcpServer({
  world,
  api,
  serverUrl,
  scopesSupported,
}: Settings): Promise<Express> {
  const app = express();
  app.use(
    mcpAuthMetadataRouter({
      oauthMetadata: await readMetadata(world),
      resourceServerUrl: serverUrl,
      ...(scopesSupported === undefined ? {} : { scopesSupported }),
    }),
  );
  const verifier = createVerifier(world, api);
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(serverUrl);
  app.use(
    serverUrl.pathname,
    requireBearerAuth({ verifier, resourceMetadataUrl, expectedResource: serverUrl }),
  );
  app.post(serverUrl.pathname, express.json(), async (request, response) => {
    const transport = new StreamableHTTPServerTransport();
    await createTools().connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}
