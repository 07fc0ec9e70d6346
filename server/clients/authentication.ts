// Authenticates a client by secret or signed assertion (RFC 6749 section 2.3, RFC 7523 section 2.2), outside of the engine.
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JWK,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { OutboundFailure } from '../outbound/failure.ts';
import type { RemoteKeys } from '../outbound/remote-keys.ts';
import { isSameSecret, sha256Hex } from '../secrets.ts';
import type { Registration } from './clients.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'];
const TYPES = new Set([undefined, 'JWT', 'client-authentication+jwt']);
const LONGEST_ASSERTION_SECONDS = 300;
const LONGEST_ASSERTION_BYTES = 8192;

export type Presented =
  | { readonly kind: 'secret'; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'assertion'; readonly clientId: string; readonly assertion: string };

function malformed(reason: string): Refusal {
  return new Refusal('invalid_request', { words: 'The client authentication is malformed.', reason });
}

// RFC 6749 section 2.3.1: both halves are form-encoded before they are put into Basic.
function decodeHalf(text: string): string {
  try {
    const half = decodeURIComponent(text.replace(/\+/g, '%20'));
    // RFC 6749 appendices A.1 and A.2: ids and secrets are printable ASCII.
    if (/^[\x20-\x7e]*$/.test(half)) return half;
  } catch (cause) {
    throw new Refusal('invalid_request', { words: 'The client authentication is malformed.', cause });
  }
  throw malformed('not ASCII in Basic');
}

function readBasic(header: string): Presented {
  const [scheme, value, ...rest] = header.split(' ');
  // RFC 6749 section 5.2: another scheme is an unsupported method, which is invalid_client and a challenge.
  if (scheme?.toLowerCase() !== 'basic')
    throw new Refusal('invalid_client', { reason: 'a scheme that is not Basic' });
  if (value === undefined || rest.length > 0) throw malformed('not Basic');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw malformed('not base64');
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) throw malformed('no colon in Basic');
  const clientId = decodeHalf(text.slice(0, colon));
  const secret = decodeHalf(text.slice(colon + 1));
  if (clientId === '' || secret === '')
    throw new Refusal('invalid_client', { reason: 'empty half in Basic' });
  return { kind: 'secret', clientId, secret };
}

function readAssertion(parameters: ReadonlyMap<string, string>, assertion: string): Presented {
  if (parameters.get('client_assertion_type') !== ASSERTION_TYPE) throw malformed('client_assertion_type');
  if (assertion.length > LONGEST_ASSERTION_BYTES) throw malformed('assertion too long');
  let subject: unknown;
  try {
    subject = decodeJwt(assertion).sub;
  } catch (cause) {
    throw new Refusal('invalid_client', { reason: 'assertion is no JWT', cause });
  }
  if (typeof subject !== 'string' || subject === '')
    throw new Refusal('invalid_client', { reason: 'assertion without sub' });
  return { kind: 'assertion', clientId: subject, assertion };
}

/**
 * What a request presents. Empty client_id and client_secret beside Basic are ignored (some clients always send them).
 * Refuses with invalid_client where nothing is presented, with invalid_request where two ways are.
 */
export function readPresented(
  authorization: string | undefined,
  parameters: ReadonlyMap<string, string>,
): Presented {
  const clientId = parameters.get('client_id') || undefined;
  const secret = parameters.get('client_secret') || undefined;
  const assertion = parameters.get('client_assertion') || undefined;
  const ways = [authorization, secret, assertion].filter((way) => way !== undefined);
  if (ways.length > 1) throw malformed('more than one way of client authentication');
  const presented = readOne();
  if (clientId !== undefined && clientId !== presented.clientId) throw malformed('client_id mismatch');
  return presented;

  function readOne(): Presented {
    if (authorization !== undefined) return readBasic(authorization);
    if (assertion !== undefined) return readAssertion(parameters, assertion);
    if (secret !== undefined && clientId !== undefined) return { kind: 'secret', clientId, secret };
    throw new Refusal('invalid_client', { reason: 'no client authentication' });
  }
}

/** Compares with every secret that is good now, always all of them. */
export function isRightSecret(registration: Registration, presented: string): boolean {
  const digest = sha256Hex(presented);
  const now = nowSeconds();
  let isRight = false;
  for (const stored of registration.secrets) {
    const isGood = stored.expiresAt === undefined || stored.expiresAt > now;
    if (isSameSecret(digest, stored.sha256) && isGood) isRight = true;
  }
  return isRight;
}

/** The rules on claims and header of a client assertion that go beyond RFC 7523: K02, K03, K05. Answers the fault. */
export function findAssertionFault(
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  issuer: string,
): string | undefined {
  const now = nowSeconds();
  if (
    claims.aud !== issuer &&
    !(Array.isArray(claims.aud) && claims.aud.length === 1 && claims.aud[0] === issuer)
  ) {
    return 'the audience must be the issuer alone';
  }
  if (typeof claims.exp !== 'number' || claims.exp > now + LONGEST_ASSERTION_SECONDS)
    return 'exp is too far ahead';
  if (!TYPES.has(header.typ as string | undefined)) return 'typ is of another kind of token';
  return undefined;
}

function readKeyId(assertion: string): string | undefined {
  try {
    return decodeProtectedHeader(assertion).kid;
  } catch {
    return undefined;
  }
}

/**
 * The keys that may have signed this assertion: those registered, or those published where the registration says.
 * None where they cannot be had: whoever authenticates by them is refused, and nobody else feels it.
 */
export async function listAssertionKeys(
  registration: Registration,
  assertion: string,
  remoteKeys: RemoteKeys,
): Promise<readonly JWK[]> {
  const { jwks, jwksUri } = registration;
  if (jwksUri === undefined) return (jwks?.keys ?? []) as readonly JWK[];
  try {
    return await remoteKeys.list(jwksUri, readKeyId(assertion));
  } catch (error) {
    if (error instanceof OutboundFailure) return [];
    throw error;
  }
}

/** Verifies a client assertion. Answers its claims; its jti has still to be burnt. Refuses with invalid_client. */
export async function verifyAssertion(
  client: { id: string; registration: Registration },
  assertion: string,
  expected: { issuer: string; clockSkewSeconds: number; remoteKeys: RemoteKeys },
): Promise<JWTPayload & { jti: string; exp: number }> {
  const keys = await listAssertionKeys(client.registration, assertion, expected.remoteKeys);
  if (keys.length === 0) throw new Refusal('invalid_client', { reason: 'no keys to verify it with' });
  try {
    const { payload, protectedHeader } = await jwtVerify(assertion, createLocalJWKSet({ keys: [...keys] }), {
      algorithms: ALGORITHMS,
      issuer: client.id,
      subject: client.id,
      clockTolerance: expected.clockSkewSeconds,
      currentDate: new Date(nowSeconds() * 1000),
      requiredClaims: ['exp', 'jti', 'aud'],
    });
    const fault = findAssertionFault(payload, { ...protectedHeader }, expected.issuer);
    if (fault !== undefined) throw new Error(fault);
    return payload as JWTPayload & { jti: string; exp: number };
  } catch (cause) {
    throw new Refusal('invalid_client', { reason: 'the assertion was not accepted', cause });
  }
}
