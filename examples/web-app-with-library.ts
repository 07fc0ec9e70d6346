// The same web app with openid-client (6.x), which checks all that must be checked by itself.
// ISSUER=http://localhost:3000 CLIENT_ID=… CLIENT_SECRET=… PORT=3001 API=http://localhost:3002/tasks node examples/web-app-with-library.ts
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import * as client from 'openid-client';

const { ISSUER = 'http://localhost:3000', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env;
const { PORT = '3001', API } = process.env;
const own = `http://localhost:${PORT}`;
const redirectUri = `${own}/callback`;
const scope = 'openid profile email offline_access read:tasks';

type Attempt = { state: string; nonce: string; verifier: string };
type Tokens = { access: string; refresh: string | undefined; id: string; endsAt: number; sub: string };

// http is for a server on your own machine only.
const execute = ISSUER.startsWith('http://localhost:') ? [client.allowInsecureRequests] : [];
const server = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute });

/** Where the person goes to sign in, and what must be remembered until they are back. */
async function begin(): Promise<{ address: string; attempt: Attempt }> {
  const attempt = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  };
  const address = client.buildAuthorizationUrl(server, {
    redirect_uri: redirectUri,
    scope,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
  });
  return { address: address.href, attempt };
}

async function finish(back: URL, { state, nonce, verifier }: Attempt): Promise<Tokens> {
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
  return keep(await client.authorizationCodeGrant(server, back, checks));
}

async function renew(tokens: Tokens): Promise<Tokens> {
  return keep(await client.refreshTokenGrant(server, tokens.refresh ?? ''), tokens);
}

/** Signing out here is not signing out there: where the person goes for that. */
function leave({ id }: Tokens): string {
  const wanted = { id_token_hint: id, post_logout_redirect_uri: `${own}/` };
  return client.buildEndSessionUrl(server, wanted).href;
}

async function readPerson({ access, sub }: Tokens): Promise<{ name?: string; email?: string }> {
  return client.fetchUserInfo(server, access, sub);
}

type Received = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;

function keep(received: Received, before?: Tokens): Tokens {
  return {
    access: received.access_token,
    refresh: received.refresh_token ?? before?.refresh,
    id: received.id_token ?? before?.id ?? '',
    endsAt: Date.now() + (received.expires_in ?? 0) * 1000,
    sub: received.claims()?.sub ?? before?.sub ?? '',
  };
}

// From here on web-app.ts and web-app-with-library.ts are the same.

type Session = { attempt?: Attempt; tokens?: Tokens };
type Answer = { location?: string; page?: string; status?: number; session?: Session };

// A real app keeps them in a store, and ends them. The cookie is only a name; no token ever goes to the browser.
const sessions = new Map<string, Session>();

function toHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function button(action: string, words: string): string {
  return `<form method="post" action="${action}"><button>${words}</button></form>`;
}

async function callApi({ access }: Tokens): Promise<string> {
  if (API === undefined) return '';
  const response = await fetch(API, { headers: { Authorization: `Bearer ${access}` } });
  return `<p>The API answers ${response.status}: <code>${toHtml(await response.text())}</code></p>`;
}

async function showHome(session: Session): Promise<Answer> {
  if (session.tokens === undefined) return { page: button('/sign-in', 'Sign in') };
  if (session.tokens.endsAt <= Date.now()) session.tokens = await renew(session.tokens);
  const { name = '', email = '' } = await readPerson(session.tokens);
  const person = `<p>Hello, <strong>${toHtml(name)}</strong> (${toHtml(email)})</p>`;
  const acts = button('/refresh', 'Refresh') + button('/sign-out', 'Sign out');
  return { page: person + (await callApi(session.tokens)) + acts };
}

async function answer({ method, url, headers }: IncomingMessage, session: Session): Promise<Answer> {
  const address = new URL(url ?? '/', own);
  // A form of another site sends the cookie along (another port is not even another site).
  if (method === 'POST' && (headers.origin ?? own) !== own) return { status: 403, page: 'Not our form.' };
  switch (`${method} ${address.pathname}`) {
    case 'GET /':
      return showHome(session);
    case 'POST /sign-in': {
      const { address: location, attempt } = await begin();
      return { location, session: { attempt } };
    }
    case 'GET /callback':
      if (session.attempt === undefined) return { location: '/' };
      return { location: '/', session: { tokens: await finish(address, session.attempt) } };
    case 'POST /refresh':
      if (session.tokens !== undefined) session.tokens = await renew(session.tokens);
      return { location: '/' };
    case 'POST /sign-out':
      if (session.tokens === undefined) return { location: '/' };
      return { location: leave(session.tokens), session: {} };
    default:
      return { status: 404, page: 'There is nothing here.' };
  }
}

createServer(async (request, response) => {
  const name = /(?:^|; )notes_session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const found = await answer(request, sessions.get(name) ?? {}).catch((error: Error): Answer => {
    const page = `<p>That did not work: ${toHtml(error.message)}</p>${button('/sign-in', 'Sign in')}`;
    return { status: 400, page };
  });
  const { location, page = '', status = location === undefined ? 200 : 303, session } = found;
  if (session !== undefined) {
    // A new name for every sign-in: nobody can have planted it before.
    const next = randomBytes(32).toString('base64url');
    sessions.delete(name);
    sessions.set(next, session);
    response.setHeader('Set-Cookie', `notes_session=${next}; Path=/; HttpOnly; SameSite=Lax`);
  }
  if (location !== undefined) response.setHeader('Location', location);
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`<!doctype html><html lang="en"><title>Notes</title><h1>Notes</h1>${page}</html>`);
}).listen(Number(PORT), '127.0.0.1', () => console.log(`The app is at ${own}`));
