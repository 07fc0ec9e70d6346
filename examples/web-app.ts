// A web app that people sign in to (authorization code with PKCE, OpenID Connect Core 1.0 section 3.1): Node.js and nothing else.
// ISSUER=http://localhost:3000 CLIENT_ID=… CLIENT_SECRET=… PORT=3001 API=http://localhost:3002/tasks node examples/web-app.ts
// It is registered with the redirect URI http://localhost:PORT/callback and the post-logout URI http://localhost:PORT/.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

const { ISSUER = 'http://localhost:3000', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env;
const { PORT = '3001', API } = process.env;
const own = `http://localhost:${PORT}`;
const redirectUri = `${own}/callback`;
const scope = 'openid profile email offline_access read:tasks';

type Attempt = { state: string; nonce: string; verifier: string };
type Tokens = { access: string; refresh: string | undefined; id: string; endsAt: number };

const discovery = await fetch(`${ISSUER}/.well-known/openid-configuration`);
const server = (await discovery.json()) as Record<string, string>;

/** Where the person goes to sign in, and what must be remembered until they are back. */
async function begin(): Promise<{ address: string; attempt: Attempt }> {
  const [state = '', nonce = '', verifier = ''] = [1, 2, 3].map(() => randomBytes(32).toString('base64url'));
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return { address: `${server.authorization_endpoint}?${query}`, attempt: { state, nonce, verifier } };
}

async function finish(back: URL, { state, nonce, verifier }: Attempt): Promise<Tokens> {
  const answer = Object.fromEntries(back.searchParams);
  // An answer to another browser, or of another server, is not ours (RFC 6749 section 10.12, RFC 9207).
  if (answer.state !== state || answer.iss !== ISSUER)
    throw new Error('this is not the answer to our request');
  if (answer.error !== undefined) throw new Error(answer.error);
  const tokens = await askForTokens({
    grant_type: 'authorization_code',
    code: answer.code ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  // It came from the server itself, so TLS stands in for the signature (OpenID Connect Core section 3.1.3.7).
  const claims = JSON.parse(Buffer.from(tokens.id.split('.')[1] ?? '', 'base64url').toString());
  if (claims.iss !== ISSUER || claims.aud !== CLIENT_ID || claims.nonce !== nonce)
    throw new Error('this ID token is not for us');
  return tokens;
}

function renew(tokens: Tokens): Promise<Tokens> {
  return askForTokens({ grant_type: 'refresh_token', refresh_token: tokens.refresh ?? '' }, tokens);
}

/** Signing out here is not signing out there: where the person goes for that. */
function leave({ id }: Tokens): string {
  const query = new URLSearchParams({ id_token_hint: id, post_logout_redirect_uri: `${own}/` });
  return `${server.end_session_endpoint}?${query}`;
}

async function readPerson({ access }: Tokens): Promise<{ name?: string; email?: string }> {
  const headers = { Authorization: `Bearer ${access}` };
  const response = await fetch(server.userinfo_endpoint ?? '', { headers });
  if (!response.ok) throw new Error(`userinfo answered ${response.status}`);
  return (await response.json()) as { name?: string; email?: string };
}

async function askForTokens(form: Record<string, string>, before?: Tokens): Promise<Tokens> {
  const credentials = `${encodeURIComponent(CLIENT_ID)}:${encodeURIComponent(CLIENT_SECRET)}`;
  const response = await fetch(server.token_endpoint ?? '', {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams(form),
  });
  const answer = (await response.json()) as Record<string, string>;
  if (!response.ok) throw new Error(answer.error);
  return {
    access: answer.access_token ?? '',
    refresh: answer.refresh_token ?? before?.refresh,
    id: answer.id_token ?? before?.id ?? '',
    endsAt: Date.now() + Number(answer.expires_in) * 1000,
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
