// Public keys that others publish (JWKS, RFC 7517 section 5): cached, and asked for again when a key is not among them.
import type { JWK } from 'jose';
import { nowSeconds } from '../clock.ts';
import { OutboundFailure } from './failure.ts';
import type { Fetcher } from './fetcher.ts';

const SHORTEST_FRESH_SECONDS = 60;
const LONGEST_FRESH_SECONDS = 3600;
const USUAL_FRESH_SECONDS = 600;
/** How long keys are still believed while their source fails: a failing source must not keep a withdrawn key alive. */
const STALE_SECONDS = 3600;
/** However many strange key ids come in, a source is asked no more often than this. */
const RETRY_SECONDS = 10;
const MOST_URIS = 1000;
// RFC 7518 section 6: what only the owner of a key may know. Whoever publishes it has lost the key.
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const KEPT_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'];
const CURVES = ['P-256', 'P-384', 'P-521'];
// RSA of 2048 bits, in base64url.
const SHORTEST_MODULUS_CHARACTERS = 342;

type Entry = {
  keys: readonly JWK[];
  freshUntilAt: number;
  triedAt: number;
  running: Promise<void> | undefined;
};

type Members = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasTexts(key: Members, names: readonly string[]): boolean {
  return names.every((name) => typeof key[name] === 'string' && key[name] !== '');
}

function isWellMade(key: Members): boolean {
  if (key.kty === 'RSA')
    return hasTexts(key, ['n', 'e']) && String(key.n).length >= SHORTEST_MODULUS_CHARACTERS;
  if (key.kty === 'EC') return hasTexts(key, ['x', 'y']) && CURVES.includes(String(key.crv));
  return key.kty === 'OKP' && key.crv === 'Ed25519' && hasTexts(key, ['x']);
}

export function hasPrivateMember(key: object): boolean {
  return PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member));
}

/** Whether it is public, asymmetric, meant for signatures and whole (RFC 7517 sections 4.2 and 4.3). */
function isSigningKey(value: unknown): boolean {
  if (!isRecord(value) || !isWellMade(value)) return false;
  if (hasPrivateMember(value)) return false;
  if (!hasTexts({ kid: 'any', alg: 'any', ...value }, ['kid', 'alg'])) return false;
  if (value.key_ops !== undefined && !(Array.isArray(value.key_ops) && value.key_ops.includes('verify')))
    return false;
  return value.use === undefined || value.use === 'sig';
}

/** What is a key, and of it only what a key is made of. One that is not usable is left out, as if it were not there. */
function readKeys(body: Buffer): readonly JWK[] {
  let set: unknown;
  try {
    set = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new OutboundFailure('not_a_key_set', 'no JSON', { cause });
  }
  const keys: unknown = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
  if (!Array.isArray(keys)) throw new OutboundFailure('not_a_key_set', 'no list of keys');
  const usable = keys.filter(isSigningKey) as Members[];
  return usable.map((key) => {
    const members = KEPT_MEMBERS.filter((name) => key[name] !== undefined);
    return Object.fromEntries(members.map((name) => [name, key[name]])) as JWK;
  });
}

/** RFC 9111 section 5.2.2.1, within our bounds. */
function freshSecondsOf(cacheControl: string | undefined): number {
  const maxAge = /(?:^|[,\s])max-age="?(\d+)/i.exec(cacheControl ?? '')?.[1];
  if (/(?:^|[,\s])no-(?:store|cache)\b/i.test(cacheControl ?? '')) return SHORTEST_FRESH_SECONDS;
  const asked = maxAge === undefined ? USUAL_FRESH_SECONDS : Number(maxAge);
  return Math.min(LONGEST_FRESH_SECONDS, Math.max(SHORTEST_FRESH_SECONDS, asked));
}

export function createRemoteKeys({ fetcher }: { fetcher: Pick<Fetcher, 'fetch'> }) {
  const entries = new Map<string, Entry>();

  function entryOf(uri: string): Entry {
    const known = entries.get(uri);
    const entry = known ?? { keys: [], freshUntilAt: 0, triedAt: 0, running: undefined };
    // Put last again: the first of the map is the one that was not asked for longest.
    entries.delete(uri);
    entries.set(uri, entry);
    const [oldest] = entries.keys();
    if (entries.size > MOST_URIS && oldest !== undefined) entries.delete(oldest);
    return entry;
  }

  async function load(uri: string, entry: Entry): Promise<void> {
    entry.triedAt = nowSeconds();
    const { status, headers, body } = await fetcher.fetch(uri, { headers: { accept: 'application/json' } });
    if (status !== 200) throw new OutboundFailure('not_a_key_set', `status ${status}`);
    entry.keys = readKeys(body);
    entry.freshUntilAt = nowSeconds() + freshSecondsOf(headers['cache-control']);
  }

  function refresh(uri: string, entry: Entry): Promise<void> {
    entry.running ??= load(uri, entry).finally(() => {
      entry.running = undefined;
    });
    return entry.running;
  }

  return {
    /**
     * The keys published there, the one of this `kid` among them if it can be had. Throws OutboundFailure where there are
     * none, and have been none lately.
     */
    async list(uri: string, kid?: string): Promise<readonly JWK[]> {
      const entry = entryOf(uri);
      const isFresh = entry.freshUntilAt > nowSeconds();
      const isComplete = kid === undefined || entry.keys.some((key) => key.kid === kid);
      if (isFresh && isComplete) return entry.keys;
      const isTooSoon = entry.running === undefined && entry.triedAt + RETRY_SECONDS > nowSeconds();
      try {
        if (isTooSoon && !isFresh) throw new OutboundFailure('unreachable', 'it failed a moment ago');
        if (!isTooSoon) await refresh(uri, entry);
      } catch (error) {
        if (entry.freshUntilAt + STALE_SECONDS <= nowSeconds()) throw error;
      }
      return entry.keys;
    },
  };
}

export type RemoteKeys = ReturnType<typeof createRemoteKeys>;
