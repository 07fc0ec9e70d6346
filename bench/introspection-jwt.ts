// How fast is introspection of a JWT, one of ours and one that a service account signed, over bare Koa? Run: node bench/introspection-jwt.ts
import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { compare, type Variant } from './driver.ts';
import {
  API,
  basic,
  issueTokens,
  resourceOf,
  service,
  startLatchkey,
  startSmall,
  withDirectory,
} from './start.ts';

const TOKENS = 40;

type Server = Awaited<ReturnType<typeof startLatchkey>>;
type Made = { id: string; credentials: { private_key: string; private_key_id: string } };

function isActive(text: string): boolean {
  return JSON.parse(text).active === true;
}

function issueJwts({ issuer, command }: Server): Promise<string[]> {
  const client = basic(command([...service]));
  return issueTokens(issuer, client, 'grant_type=client_credentials&scope=read:tasks');
}

/** RS256, as Google's libraries sign. */
function signJwts({ command }: Server): Promise<string[]> {
  const make = ['service-accounts', 'create', '--operator', '--name', 'Reports', '--make-key', '-'];
  const { id, credentials } = command([...make, '--scope', 'read:tasks']) as Made;
  const key = createPrivateKey(credentials.private_key);
  const signing = Array.from({ length: TOKENS }, () =>
    new SignJWT({ scope: 'read:tasks' })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: credentials.private_key_id })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(API)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('1 hour')
      .sign(key),
  );
  return Promise.all(signing);
}

async function compareWithKoa(
  name: string,
  get: (server: Server) => Promise<string[]>,
  directory: string,
): Promise<void> {
  let bodies: string[] = [];

  const latchkey: Variant = {
    name,
    async start(run) {
      const server = await startLatchkey(run, directory);
      const api = server.command(resourceOf('jwt'));
      bodies = (await get(server)).map((token) => `token=${token}`);
      return { url: `${server.issuer}/introspect`, headers: basic(api), bodies, isRight: isActive };
    },
  };

  /** It reads the same bodies. */
  const bareKoa: Variant = {
    name: 'bare Koa',
    async start(run) {
      const url = `${await startSmall(run, 'bare-koa')}/`;
      const headers = basic({ client_id: 'api', client_secret: 'api-secret' });
      return { url, headers, bodies, isRight: isActive };
    },
  };

  await compare([latchkey, bareKoa]);
}

await withDirectory(async (directory) => {
  await compareWithKoa('Latchkey, access tokens', issueJwts, directory);
  await compareWithKoa('Latchkey, service JWTs', signJwts, directory);
});
