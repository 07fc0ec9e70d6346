// An issuer that is not ours: its metadata is right, and its token endpoint answers what a test wrote down, in order.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** 'nothing' ends the connection without an answer, as a lost network does. */
export type Scripted = { status: number; body: unknown } | 'nothing';

export const pending: Scripted = { status: 400, body: { error: 'authorization_pending' } };
export const slowDown: Scripted = { status: 400, body: { error: 'slow_down' } };
export const tokens: Scripted = {
  status: 200,
  body: {
    access_token: 'at-1',
    refresh_token: 'rt-1',
    token_type: 'Bearer',
    expires_in: 60,
    scope: 'openid',
  },
};

function answer(response: ServerResponse, scripted: Scripted | undefined): void {
  if (scripted === undefined || scripted === 'nothing') return void response.destroy();
  response.writeHead(scripted.status, { 'Content-Type': 'application/json' });
  response.end(typeof scripted.body === 'string' ? scripted.body : JSON.stringify(scripted.body));
}

export async function startScriptedIssuer(
  script: readonly Scripted[],
  metadata: Record<string, unknown> = {},
) {
  const left = [...script];
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    if (request.url === '/token') {
      asked.push(form);
      return answer(response, left.shift());
    }
    if (request.url === '/userinfo') return answer(response, { status: 200, body: { sub: 'ada' } });
    const isMetadata = request.url === '/.well-known/oauth-authorization-server';
    return answer(response, { status: isMetadata ? 200 : 404, body: isMetadata ? described() : '<html>' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function described() {
    const endpoints = { token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/userinfo` };
    return { issuer, ...endpoints, ...metadata };
  }

  return {
    issuer,
    /** The forms that the token endpoint got. */
    asked,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
