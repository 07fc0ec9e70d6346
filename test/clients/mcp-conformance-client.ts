// The client of mcp-client.ts as a program, for the conformance tool of MCP: `node …/mcp-conformance-client.ts SERVER_URL`.
import type { OAuthClientInformation } from '@modelcontextprotocol/sdk/shared/auth.js';
import { connectMcpClient } from './mcp-client.ts';

/** The tool's authorization server asks nobody: it redirects at once. */
async function browse(address: URL): Promise<URL> {
  const response = await fetch(address, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '');
}

const { client_id, client_secret } = JSON.parse(
  process.env.MCP_CONFORMANCE_CONTEXT ?? '{}',
) as OAuthClientInformation;
const { client } = await connectMcpClient({
  serverUrl: new URL(process.argv[2] ?? ''),
  clientInformation: { client_id, ...(client_secret === undefined ? {} : { client_secret }) },
  redirectUrl: 'http://localhost:3000/callback',
  browse,
});
await client.listTools();
await client.close();
