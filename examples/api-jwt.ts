// The same API for JWT access tokens, which it verifies by itself (RFC 9068): needs the jose package, and asks nobody but for the keys.
// ISSUER=http://localhost:3000 AUDIENCE=https://api.example.com PORT=3002 node examples/api-jwt.ts
import { createServer, type IncomingMessage } from 'node:http';
import { errors } from 'jose';
import { createVerifier } from './verify-access-token.ts';

const { ISSUER = 'http://localhost:3000', AUDIENCE = 'https://api.example.com', PORT = '3002' } = process.env;
const verify = createVerifier({ issuer: ISSUER, audience: AUDIENCE });

type Caller = { sub: string; client_id: string; scope?: string; cnf?: object };

/** Whose token this is; undefined where it is not good for this API. A revocation is felt when the token ends. */
async function findCaller(token: string): Promise<Caller | undefined> {
  try {
    return await verify(token);
  } catch (error) {
    const isAboutKeys = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];
    if (!(error instanceof errors.JOSEError) || isAboutKeys.includes(error.code)) throw error;
    return undefined;
  }
}

// From here on api-introspection.ts and api-jwt.ts are the same.

type Answer = { status: number; headers?: Record<string, string>; body: object };

const tasks = ['Water the plants'];
const scopes: Readonly<Record<string, string>> = { GET: 'read:tasks', POST: 'write:tasks' };

/** RFC 6750 section 3: the challenge names the error, but not to a caller who sent no token at all. */
function refuse(status: number, error?: string, scope?: string): Answer {
  const named = Object.entries({ realm: 'Tasks', error, scope }).filter(([, value]) => value !== undefined);
  const challenge = `Bearer ${named.map(([name, value]) => `${name}="${value}"`).join(', ')}`;
  return { status, headers: { 'WWW-Authenticate': challenge }, body: error === undefined ? {} : { error } };
}

async function answer({ method = '', url, headers }: IncomingMessage): Promise<Answer> {
  const needed = scopes[method];
  if (url !== '/tasks') return { status: 404, body: { error: 'not_found' } };
  if (needed === undefined) return { status: 405, headers: { Allow: 'GET, POST' }, body: {} };

  const [scheme, ...rest] = headers.authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'bearer') return refuse(401);
  const token = rest.join(' ');
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return refuse(400, 'invalid_request');
  const caller = await findCaller(token);
  // A token with cnf is bound to a key (RFC 9449): without a proof by that key it is worth nothing.
  if (caller === undefined || caller.cnf !== undefined) return refuse(401, 'invalid_token');
  if (!caller.scope?.split(' ').includes(needed)) return refuse(403, 'insufficient_scope', needed);

  if (method === 'POST') tasks.push(`Task ${tasks.length + 1}`);
  return { status: method === 'POST' ? 201 : 200, body: { tasks, for: caller.sub, by: caller.client_id } };
}

const server = createServer(async (request, response) => {
  // Who cannot be asked about is not let in, and is not told that the token is bad.
  const { status, headers, body } = await answer(request).catch((error: unknown): Answer => {
    console.error(error);
    return { status: 503, headers: { 'Retry-After': '1' }, body: { error: 'temporarily_unavailable' } };
  });
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`The API is at http://localhost:${PORT}/tasks`));
