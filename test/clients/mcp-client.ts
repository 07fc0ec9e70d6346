// A native MCP client as the SDK's documentation makes one: registered by hand beforehand, tokens in memory.
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';

type Settings = {
  serverUrl: URL;
  clientInformation: OAuthClientInformationMixed;
  redirectUrl: string;
  /** The person's browser: from the authorization request to the redirect that comes back. */
  browse: (address: URL) => Promise<URL>;
};

function createProvider({ clientInformation, redirectUrl, browse }: Settings) {
  let tokens: OAuthTokens | undefined;
  let verifier = '';
  let back: URL | undefined;
  const provider: OAuthClientProvider = {
    redirectUrl,
    clientMetadata: { client_name: 'Notes assistant', redirect_uris: [redirectUrl] },
    clientInformation: () => clientInformation,
    tokens: () => tokens,
    saveTokens(received) {
      tokens = received;
    },
    saveCodeVerifier(made) {
      verifier = made;
    },
    codeVerifier: () => verifier,
    async redirectToAuthorization(address) {
      back = await browse(address);
    },
  };
  return { provider, tokens: () => tokens, code: () => back?.searchParams.get('code') ?? '' };
}

/** Connects, by way of the person's browser where the server asks for a token. */
export async function connectMcpClient(settings: Settings) {
  const { provider, tokens, code } = createProvider(settings);

  async function attempt(transport: StreamableHTTPClientTransport): Promise<Client> {
    const client = new Client({ name: 'notes-assistant', version: '1.0.0' });
    await client.connect(transport);
    return client;
  }

  function createTransport(): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(settings.serverUrl, { authProvider: provider });
  }

  async function connect(): Promise<Client> {
    const transport = createTransport();
    try {
      return await attempt(transport);
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      await transport.finishAuth(code());
      return attempt(createTransport());
    }
  }

  return { client: await connect(), tokens };
}
