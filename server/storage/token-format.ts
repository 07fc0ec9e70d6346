// The text of our tokens: a prefix that tells the kind, the key of the row in base 36, and 256 bits of secret.
// JWT access tokens (RFC 9068) carry the key of their row in `jti`.
import { hmacSha256, randomSecret, sha256 } from '../secrets.ts';
import { formatId, nextId, parseId } from './ids.ts';

const GENERATION_WIDTH = 5;
const OPAQUE = /^lka_([0-9a-z]{11})[A-Za-z0-9_-]{43}$/;
const JWT = /^(eyJ[A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;
const JWT_KEY = /"kid":"([A-Za-z0-9_-]{43})"/;
const JWT_ID = /"jti":"(at_([0-9a-z]{11})[A-Za-z0-9_-]{12})"/;
const JWT_ID_BYTES = 9;
const REFRESH = /^lkr_([0-9a-z]{11})([0-9a-z]{5})[A-Za-z0-9_-]{43}$/;

/** Where an access token's row stands, SHA-256 of the whole token, and its public name, which opens nothing. */
export type AccessTokenKey = {
  readonly id: number;
  readonly secretHash: Buffer;
  readonly jti: string;
  /** The key that signed it, of a JWT. */
  readonly kid?: string;
};

/** Where a refresh token's row stands: its family, its place in it, and SHA-256 of the whole token. */
export type RefreshTokenKey = {
  readonly family: number;
  readonly generation: number;
  readonly secretHash: Buffer;
};

export function createAccessTokenText(): string {
  return `lka_${formatId(nextId())}${randomSecret()}`;
}

/** The `jti` of a JWT access token: the key of its row, and 72 random bits since two processes may make the same key. */
export function createJwtId(): string {
  return `at_${formatId(nextId())}${randomSecret(JWT_ID_BYTES)}`;
}

/** The key of an opaque access token, or undefined where the text is none: no database read is needed to know. */
export function parseOpaqueToken(text: string): AccessTokenKey | undefined {
  const place = OPAQUE.exec(text)?.[1];
  const id = parseId(place ?? '');
  if (id === undefined) return undefined;
  const secretHash = sha256(text);
  return { id, secretHash, jti: `at_${place}${secretHash.toString('hex', 0, 4)}` };
}

/**
 * The same for a JWT access token. Neither its signature nor its JSON is looked at: whatever place a text names, the
 * row there has the hash of the whole token that was issued. So it costs little for any text, and what others sign
 * with a stolen key is unknown.
 */
export function parseStructuredToken(text: string): AccessTokenKey | undefined {
  const [, header, payload] = JWT.exec(text) ?? [];
  if (header === undefined || payload === undefined) return undefined;
  const [, jti, place] = JWT_ID.exec(Buffer.from(payload, 'base64url').toString('latin1')) ?? [];
  const id = parseId(place ?? '');
  if (id === undefined || jti === undefined) return undefined;
  const kid = JWT_KEY.exec(Buffer.from(header, 'base64url').toString('latin1'))?.[1];
  return { id, secretHash: sha256(text), jti, ...(kid !== undefined && { kid }) };
}

export function parseAccessToken(text: string): AccessTokenKey | undefined {
  return parseOpaqueToken(text) ?? parseStructuredToken(text);
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
