// How fast is introspection of a JWT access token, over bare Koa? Run: node bench/introspection-jwt.ts
import { compare, type Variant } from './driver.ts';
import {
  basic,
  issueTokens,
  resourceOf,
  service,
  startLatchkey,
  startSmall,
  withDirectory,
} from './start.ts';

function isActive(text: string): boolean {
  return JSON.parse(text).active === true;
}

await withDirectory(async (directory) => {
  let bodies: string[] = [];

  const latchkey: Variant = {
    name: 'Latchkey on SQLite',
    async start(run) {
      const { issuer, command } = await startLatchkey(run, directory);
      const api = command(resourceOf('jwt'));
      const tokens = await issueTokens(
        issuer,
        basic(command([...service])),
        'grant_type=client_credentials&scope=read:tasks',
      );
      bodies = tokens.map((token) => `token=${token}`);
      return { url: `${issuer}/introspect`, headers: basic(api), bodies, isRight: isActive };
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
});
