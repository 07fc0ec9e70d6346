// A command line tool of one's own that signs in with a code (RFC 8628): Node.js and nothing else.
// node examples/device-login.ts http://localhost:3000 [client_id]
import { setTimeout as pause } from 'node:timers/promises';

type Json = Record<string, unknown>;

const [issuer = 'http://localhost:3000', clientId = 'latchkey-cli'] = process.argv.slice(2);

async function post(address: unknown, form: Record<string, string>): Promise<{ status: number; body: Json }> {
  const response = await fetch(String(address), { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as Json };
}

/** Asks for tokens at the pace that the server sets, until the person has decided. */
async function waitForTokens(endpoint: unknown, device: Json): Promise<Json> {
  let intervalSeconds = Number(device.interval ?? 5);
  for (;;) {
    await pause(intervalSeconds * 1000);
    const { status, body } = await post(endpoint, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: String(device.device_code),
      client_id: clientId,
    });
    if (status === 200) return body;
    if (body.error === 'slow_down') intervalSeconds += 5;
    else if (body.error !== 'authorization_pending') throw new Error(`not paired: ${body.error}`);
  }
}

const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
const server = (await discovery.json()) as Json;
const asked = { client_id: clientId, scope: 'openid profile email offline_access' };
const { status, body: device } = await post(server.device_authorization_endpoint, asked);
if (status !== 200) throw new Error(`refused: ${device.error}`);

console.log(`Open ${device.verification_uri} and enter ${device.user_code},`);
console.log(`or open ${device.verification_uri_complete}`);

// A tool that lasts keeps the refresh token, in a file that only its owner can read.
const tokens = await waitForTokens(server.token_endpoint, device);
const headers = { Authorization: `Bearer ${tokens.access_token}` };
const person = (await (await fetch(String(server.userinfo_endpoint), { headers })).json()) as Json;
console.log(`Signed in as ${person.email} for: ${tokens.scope}`);
