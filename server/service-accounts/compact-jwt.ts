// Reads a compact JWT (RFC 7519 section 3) that nobody has verified yet: small, flat, and of one meaning.

const LONGEST_CHARACTERS = 8192;
const MOST_DEPTH = 16;
const SHAPE = /^([\w-]+={0,2})\.([\w-]+={0,2})\.([\w-]+={0,2})$/;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

type Members = Readonly<Record<string, unknown>>;

export type UnverifiedJwt = {
  readonly header: Members;
  readonly claims: Members;
  /** Base64url with padding, which RFC 7515 section 2 leaves out. */
  readonly isPadded: boolean;
  /** As they were sent: the signature is over these characters. */
  readonly parts: { readonly protected: string; readonly payload: string; readonly signature: string };
};

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value).reduce<number>((sum, one) => sum + countMembers(one), 0);
  return Array.isArray(value) ? inside : inside + Object.keys(value).length;
}

function measure(text: string): { members: number; depth: number } {
  let [members, depth, deepest] = [0, 0, 0];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ':') members += 1;
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return { members, depth: deepest };
}

/**
 * RFC 7519 section 4: a name that stands twice may mean the one to us and the other to somebody else.
 * A parser keeps the last of them, so there are fewer members in the value than colons in the text.
 */
function readObject(part: string): Members | undefined {
  try {
    const text = strictUtf8.decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    const { members, depth } = measure(text);
    return isObject(value) && depth <= MOST_DEPTH && members === countMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Spare bits in the last character would give one text many spellings (RFC 4648 section 3.5). */
function isCanonical(part: string): boolean {
  const bare = Buffer.from(part, 'base64url').toString('base64url');
  return part === bare || part === bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
}

/** Undefined where it is too long, not of that shape, or says something twice. Costs the same whatever was sent. */
export function readCompactJwt(text: string): UnverifiedJwt | undefined {
  if (text.length > LONGEST_CHARACTERS) return undefined;
  const [, protectedPart, payload, signature] = SHAPE.exec(text) ?? [];
  if (protectedPart === undefined || payload === undefined || signature === undefined) return undefined;
  if (![protectedPart, payload, signature].every(isCanonical)) return undefined;
  const header = readObject(protectedPart);
  const claims = readObject(payload);
  if (header === undefined || claims === undefined) return undefined;
  const parts = { protected: protectedPart, payload, signature };
  return { header, claims, isPadded: text.includes('='), parts };
}
