// An API that asks Latchkey who is calling (token introspection, RFC 7662), and answers as RFC 6750 says: Node.js and nothing else.
// ISSUER=http://localhost:3000 CLIENT_ID=… CLIENT_SECRET=… PORT=3002 node examples/api-introspection.ts
import { createServer, type IncomingMessage } from 'node:http';

const { ISSUER = 'http://localhost:3000', CLIENT_ID = '', CLIENT_SECRET = '', PORT = '3002' } = process.env;
const credentials = `${encodeURIComponent(CLIENT_ID)}:${encodeURIComponent(CLIENT_SECRET)}`;

type Caller = { sub: string; client_id: string; scope?: string; cnf?: object };

/** Whose token this is; undefined where it is not, or no longer, good for this API. Throws where nobody can say. */
async function findCaller(token: string): Promise<Caller | undefined> {
  const response = await fetch(`${ISSUER}/introspect`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`introspection answered ${response.status}`);
  const answer = (await response.json()) as Caller & { active: boolean };
  return answer.active ? answer : undefined;
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
