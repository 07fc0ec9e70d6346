// An issuer that others trust: it signs assertions, good ones and others (RFC 7523 section 3).
import { createPrivateKey, randomUUID, sign as signBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { expect } from 'vitest';
import type { Trust } from '../../server/clients/trust.ts';
import { nowSeconds } from '../../server/clock.ts';
import { issuerRegistration, type TrustedIssuer } from '../../server/service-accounts/registration.ts';
import type { Answer } from '../support/program.ts';
import type { World } from '../support/world.ts';

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

type Members = Readonly<Record<string, unknown>>;
export type Door = Pick<World, 'post'>;

type Encoding = 'base64url' | 'base64';

/** `base64` stands for base64url that keeps its padding, as some libraries send it. */
function encode(value: unknown, encoding: Encoding): string {
  const text = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(encoding);
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

/** Signs whatever it is given, as jose would not: any header, any text. */
export async function createSigner({ alg = 'ES256', kid = 'key-1' }: { alg?: string; kid?: string } = {}) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const key = createPrivateKey({ key: (await exportJWK(privateKey)) as JWK, format: 'jwk' } as never);
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg } as Record<string, unknown>;

  /** `header` and `claims` may be texts, to say what JSON.stringify cannot. */
  function sign(
    claims: Members | string,
    header: Members | string = {},
    encoding: Encoding = 'base64url',
  ): string {
    const whole = typeof header === 'string' ? header : { alg, kid, ...header };
    const input = `${encode(whole, encoding)}.${encode(claims, encoding)}`;
    const hash = alg === 'EdDSA' ? null : 'sha256';
    return `${input}.${signBytes(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  return { jwk: publicJwk, key, sign };
}

export type Signer = Awaited<ReturnType<typeof createSigner>>;

/** What is left out is that of a strict issuer with one pinned key, for its own machine identity. */
export type TrustChange = Partial<Trust> & { scopes?: readonly string[]; signer?: Signer };

let count = 0;

export async function trustIssuer(world: World, change: TrustChange = {}) {
  const { scopes = ['read:tasks'], signer = await createSigner(), ...trust } = change;
  count += 1;
  const issuer = trust.issuer ?? `https://ci-${count}.example.com`;
  const pinned = trust.jwksUri === undefined ? { jwks: { keys: [signer.jwk] } } : {};
  const usual = {
    issuer,
    profile: 'strict',
    ...pinned,
    disabledKeys: [],
    subjects: [],
    clientIds: [],
  } as const;
  const registration = issuerRegistration('CI', scopes, { ...usual, ...trust });
  const { id } = await world.app.parts.trustedIssuers.trust(registration as TrustedIssuer['registration']);
  const isStrict = trust.profile !== 'service-account';

  /** A good assertion; members given as undefined are left out. */
  function claim(changed: Members = {}): Members {
    const now = nowSeconds();
    const common = { iss: issuer, aud: world.app.config.issuer, iat: now };
    const own = isStrict
      ? { sub: trust.subjects?.[0] ?? issuer, jti: randomUUID(), exp: now + 60 }
      : { exp: now + 3600 };
    return { ...common, ...own, ...changed };
  }

  return {
    ...{ id, issuer, signer, claim },
    assert: (claims: Members = {}, header: Members = {}): string => signer.sign(claim(claims), header),
  };
}

export type TrustedSigner = Awaited<ReturnType<typeof trustIssuer>>;

/** Presents an assertion as whoever holds it: no client is named. */
export function present(
  door: Door,
  assertion: string,
  more: Readonly<Record<string, string>> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  return door.post('/token', { grant_type: JWT_BEARER, assertion, ...more }, headers);
}

/** One text for all that is wrong with an assertion (RFC 7521 section 4.1.1, row J15). */
export const REFUSED = { error: 'invalid_grant', error_description: 'grant request is invalid' };

/** Why it was refused, which only the audit log tells. */
export async function reasonOf(world: World, answer: Answer): Promise<string | null | undefined> {
  const events = await world.app.parts.audit.list({ type: 'token.refused', limit: 1000 });
  return events.find(({ requestId }) => requestId === answer.headers.get('x-request-id'))?.reason;
}

/** J15: the same words whatever is wrong, and the reason in the audit log. */
export async function expectRefusal(world: World, assertion: string, reason: string): Promise<void> {
  const answer = await present(world, assertion);
  expect([reason, answer.status, answer.body]).toEqual([reason, 400, REFUSED]);
  expect(await reasonOf(world, answer)).toBe(reason);
}

export async function expectToken(world: World, assertion: string): Promise<void> {
  const { status, body } = await present(world, assertion);
  expect([status, body.error]).toEqual([200, undefined]);
}

/** What the audit log is spared in a flood is not what most tests look at. */
export const MANY_REFUSALS = { limits: { 'assertion.refused': { max: 10_000, window_seconds: 60 } } };
