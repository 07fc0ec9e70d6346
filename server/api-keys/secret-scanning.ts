// Reports of a scanner of public places, in the form of GitHub's secret scanning partner programme: a JSON array, signed with
// ECDSA over P-256 and SHA-256 (DER, base64) by a key that the headers name.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Config } from '../../config/schema.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { OutboundFailure } from '../outbound/failure.ts';
import type { Fetcher } from '../outbound/fetcher.ts';
import { sha256 } from '../secrets.ts';
import type { FoundKeys, FoundSecret } from './found-keys.ts';

const MOST_REPORTED = 100;
const KEYS_GOOD_FOR_SECONDS = 3600;
const ASK_AGAIN_AFTER_SECONDS = 60;
const LONGEST_URL = 2000;

type Scanning = NonNullable<Config['api_keys']['secret_scanning']>;
type PublishedKey = { readonly key_identifier: string; readonly key: string };

export type ScanningParts = {
  config: Scanning;
  fetcher: Pick<Fetcher, 'fetch'>;
  foundKeys: Pick<FoundKeys, 'report'>;
};

export type Report = { readonly keyId: string; readonly signature: string; readonly body: Buffer };

/** One entry of the answer: the hash names the secret, so that it is not sent once more. */
export type Verdict = { token_hash: string; token_type: string; label: 'true_positive' | 'false_positive' };

function readPublicKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

function isPublished(value: unknown): value is PublishedKey {
  const { key_identifier: id, key } = (value ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof key === 'string';
}

function readKeys(published: readonly unknown[]): Map<string, KeyObject> {
  const keys = published.filter(isPublished).flatMap(({ key_identifier: id, key }): [string, KeyObject][] => {
    const read = readPublicKey(key);
    return read === undefined ? [] : [[id, read]];
  });
  return new Map(keys);
}

function readFound(value: unknown): FoundSecret | undefined {
  const { token, type, url } = (value ?? {}) as Record<string, unknown>;
  if (typeof token !== 'string') return undefined;
  const words = (text: unknown) => (typeof text === 'string' ? text.slice(0, LONGEST_URL) : '');
  return { token, type: words(type), url: words(url) };
}

function readReport(body: Buffer): FoundSecret[] {
  let found: unknown;
  try {
    found = JSON.parse(body.toString('utf8'));
  } catch {
    // The cause stays here: it quotes the body.
  }
  if (!Array.isArray(found) || found.length > MOST_REPORTED)
    throw new Refusal('invalid_request', { words: `Send a JSON array of at most ${MOST_REPORTED} secrets.` });
  return found.flatMap((one) => readFound(one) ?? []);
}

/** Throws where a key of the configuration is none: a mistake that would show only when the first report is refused. */
function readPinned(pinned: readonly PublishedKey[]): ReadonlyMap<string, KeyObject> {
  const keys = readKeys(pinned);
  const fault = pinned.find(({ key_identifier: id }) => !keys.has(id));
  if (fault === undefined) return keys;
  throw new Error(
    `api_keys.secret_scanning.public_keys: ${fault.key_identifier} is no public key over P-256`,
  );
}

export function createSecretScanning({ config, fetcher, foundKeys }: ScanningParts) {
  const { public_keys_uri: uri } = config;
  const pinned = readPinned(config.public_keys);
  let published: ReadonlyMap<string, KeyObject> = new Map();
  let askedAt = 0;

  async function fetchKeys(from: string): Promise<void> {
    askedAt = nowSeconds();
    try {
      const { status, body } = await fetcher.fetch(from, { headers: { accept: 'application/json' } });
      if (status !== 200) return;
      const { public_keys: keys } = JSON.parse(body.toString('utf8')) as { public_keys?: unknown };
      if (Array.isArray(keys)) published = readKeys(keys);
    } catch (error) {
      // The keys of before stay: without any of them nobody is believed.
      if (!(error instanceof OutboundFailure || error instanceof SyntaxError)) throw error;
    }
  }

  /** Asks again where the key is unknown, though not each time that somebody invents one. */
  async function findKey(id: string): Promise<KeyObject | undefined> {
    const known = pinned.get(id);
    if (known !== undefined || uri === undefined) return known;
    const age = nowSeconds() - askedAt;
    if (age >= (published.has(id) ? KEYS_GOOD_FOR_SECONDS : ASK_AGAIN_AFTER_SECONDS)) await fetchKeys(uri);
    return published.get(id);
  }

  async function check({ keyId, signature, body }: Report): Promise<void> {
    const key = await findKey(keyId);
    const isSigned = key !== undefined && verify('sha256', body, key, Buffer.from(signature, 'base64'));
    if (!isSigned)
      throw new Refusal('access_denied', { words: 'The signature is not right.', reason: 'secret scanning' });
  }

  return {
    /** Refuses with access_denied what the scanner did not sign, and with invalid_request what is no list of secrets. */
    async receive(report: Report): Promise<Verdict[]> {
      await check(report);
      const verdicts: Verdict[] = [];
      for (const found of readReport(report.body)) {
        const isKey = await foundKeys.report(found, config.found);
        verdicts.push({
          token_hash: sha256(found.token).toString('base64'),
          token_type: found.type,
          label: isKey ? 'true_positive' : 'false_positive',
        });
      }
      return verdicts;
    },
  };
}

export type SecretScanning = ReturnType<typeof createSecretScanning>;
