// The text of our tokens: a prefix that tells the kind, the key of the row in base 36, and 256 bits of secret.
import { hmacSha256, randomSecret, sha256 } from '../secrets.ts';
import { formatId, nextId, parseId } from './ids.ts';

const GENERATION_WIDTH = 5;
const ACCESS = /^lka_([0-9a-z]{11})[A-Za-z0-9_-]{43}$/;
const REFRESH = /^lkr_([0-9a-z]{11})([0-9a-z]{5})[A-Za-z0-9_-]{43}$/;

/** Where an access token's row stands, and SHA-256 of the whole token. */
export type AccessTokenKey = { readonly id: number; readonly secretHash: Buffer };

/** Where a refresh token's row stands: its family, its place in it, and SHA-256 of the whole token. */
export type RefreshTokenKey = {
  readonly family: number;
  readonly generation: number;
  readonly secretHash: Buffer;
};

export function createAccessTokenText(): string {
  return `lka_${formatId(nextId())}${randomSecret()}`;
}

/** The key of an access token, or undefined where the text is none: no database read is needed to know. */
export function parseAccessToken(text: string): AccessTokenKey | undefined {
  const id = parseId(ACCESS.exec(text)?.[1] ?? '');
  return id === undefined ? undefined : { id, secretHash: sha256(text) };
}

function formatRefreshToken(family: number, generation: number, secret: string): string {
  return `lkr_${formatId(family)}${generation.toString(36).padStart(GENERATION_WIDTH, '0')}${secret}`;
}

export function createRefreshTokenText(): string {
  return formatRefreshToken(nextId(), 0, randomSecret());
}

export function parseRefreshToken(text: string): RefreshTokenKey | undefined {
  const match = REFRESH.exec(text);
  const family = parseId(match?.[1] ?? '');
  if (match?.[2] === undefined || family === undefined) return undefined;
  return { family, generation: Number.parseInt(match[2], 36), secretHash: sha256(text) };
}

/**
 * The one successor that a refresh token can have: whoever holds the key derives the same text from it,
 * so a retry, from any tab, process or node, gets the same refresh token.
 */
export function deriveSuccessor(presented: string, key: Buffer): string {
  const parsed = parseRefreshToken(presented);
  if (parsed === undefined) throw new Error('not a refresh token of ours');
  const secret = hmacSha256(key, presented).toString('base64url');
  return formatRefreshToken(parsed.family, parsed.generation + 1, secret);
}

/** The first refresh token of a family that is known beforehand: who redeems the same code again makes the same one. */
export function deriveFirst(family: number, code: string, key: Buffer): string {
  return formatRefreshToken(family, 0, hmacSha256(key, `first ${code}`).toString('base64url'));
}

/** A secret of 256 bits that may be used once, with the prefix of its kind. */
export function createCodeText(prefix: string): string {
  return `${prefix}${randomSecret()}`;
}
