// Do keys that rotate every ten seconds fail anybody (row F17)? Two servers on one database, and verifiers that keep /jwks as long as they may.
// Run: node bench/rotation.ts [seconds, 120 unless told]
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { createJwtWorldIn, MAIL } from '../test/support/jwt-world.ts';
import { createServerPlace } from '../test/support/processes.ts';
import { basic } from './start.ts';

const [seconds = 120] = process.argv.slice(2).map(Number);
const LONGEST_CACHE_SECONDS = 300;
const WORKERS = 4;
const settings = { signing_keys: { rotate_after_seconds: 10, publish_ahead_seconds: 5 } };

const place = await createServerPlace({ settings });
const servers = [await place.start(), await place.start({ port: await place.findFreePort() })] as const;
await Promise.all(servers.map(({ ready }) => ready));
const { service } = await createJwtWorldIn(place);
const { issuer } = place.config;

type KeySet = { keys: ReturnType<typeof createLocalJWKSet>; until: number };

async function fetchKeys({ ask }: (typeof servers)[number]): Promise<KeySet> {
  const { body, headers } = await ask('/jwks');
  const maxAge = Number(/max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1]);
  const until = performance.now() + Math.min(maxAge, LONGEST_CACHE_SECONDS) * 1000;
  return { keys: createLocalJWKSet(body as never), until };
}

const counts = { tokens: 0, refused: 0, unverified: 0 };
const kids = new Set<string>();
const form = new URLSearchParams({
  grant_type: 'client_credentials',
  resource: MAIL,
  scope: 'read:mail',
}).toString();
const headers = basic({ client_id: service.id, client_secret: service.secret ?? '' });
const end = performance.now() + seconds * 1000;

/** Takes tokens from one server and verifies them with the keys of the other, and those of a while ago again. */
async function work(number: number): Promise<void> {
  const [signer, publisher] = number % 2 === 0 ? [servers[0], servers[1]] : [servers[1], servers[0]];
  let known = await fetchKeys(publisher);
  const kept: string[] = [];
  while (performance.now() < end) {
    const { status, body } = await signer.ask('/token', { method: 'POST', headers, body: form });
    counts.tokens += 1;
    if (status !== 200) counts.refused += 1;
    else kept.push(String(body.access_token));
    if (performance.now() >= known.until) known = await fetchKeys(publisher);
    const old = kept[Math.floor(kept.length / 2)] ?? '';
    for (const token of [kept.at(-1) ?? '', old]) {
      await jwtVerify(token, known.keys, { issuer, audience: MAIL }).catch(() => {
        counts.unverified += 1;
      });
      kids.add(decodeProtectedHeader(token).kid ?? '');
    }
  }
}

await Promise.all(Array.from({ length: WORKERS }, (_, number) => work(number)));
console.log(
  `${seconds} s: ${counts.tokens} tokens by ${kids.size} keys; ${counts.refused} refused, ${counts.unverified} not verified`,
);
await Promise.all(servers.map((server) => server.kill()));
await place.close();
