// How fast is client_credentials, opaque and ES256, over the plain engine in memory? Run: node bench/client-credentials.ts
import { compare, type Variant } from './driver.ts';
import { API, basic, resourceOf, service, startLatchkey, startSmall, withDirectory } from './start.ts';

type Format = 'opaque' | 'jwt';

const looks: Readonly<Record<Format, RegExp>> = {
  opaque: /^[\w-]{20,}$/,
  jwt: /^eyJ[\w-]+\.[\w-]+\.[\w-]{86}$/,
};

function isToken(format: Format) {
  return (text: string) => looks[format].test(JSON.parse(text).access_token);
}

function engineInMemory(format: Format): Variant {
  return {
    name: `the engine in memory, ${format}`,
    async start(run) {
      const url = `${await startSmall(run, 'engine-memory')}/token`;
      const headers = basic({ client_id: 'app', client_secret: 'app-secret' });
      const resource = format === 'jwt' ? `&resource=${encodeURIComponent(API)}` : '';
      const bodies = [`grant_type=client_credentials&scope=read${resource}`];
      return { url, headers, bodies, isRight: isToken(format) };
    },
  };
}

function latchkey(format: Format, directory: string): Variant {
  return {
    name: `Latchkey on SQLite, ${format}`,
    async start(run) {
      const { issuer, command } = await startLatchkey(run, directory);
      command(resourceOf(format));
      const headers = basic(command([...service]));
      const bodies = ['grant_type=client_credentials&scope=read:tasks'];
      return { url: `${issuer}/token`, headers, bodies, isRight: isToken(format) };
    },
  };
}

await withDirectory(async (directory) => {
  for (const format of ['opaque', 'jwt'] as const) {
    await compare([latchkey(format, directory), engineInMemory(format)]);
  }
});
