// A person at the command line, at any issuer: signing in as a device (RFC 8628), who one is, signing out. Tokens are never printed.
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Credential, Credentials, Kept } from './credentials.ts';
import { discover, type Issuer, IssuerFault } from './issuer.ts';
import {
  type DeviceCode,
  type Pace,
  pollForTokens,
  readUserinfo,
  refreshTokens,
  requestDeviceCode,
  revokeToken,
  type TokenSet,
} from './issuer-tokens.ts';

const USUAL_SCOPES = ['openid', 'profile', 'email', 'offline_access'];
// A token that ends while it travels is of no use.
const MARGIN_SECONDS = 30;

type Outside = { credentials: Credentials; pace: Pace };

export type LoginOptions = {
  issuer: string;
  clientId: string;
  scope: string | undefined;
  /** The person must see the code now. */
  onCode: (code: DeviceCode) => void;
};

function toCredential(clientId: string, tokens: TokenSet, asked: string | undefined): Credential {
  // RFC 6749 section 5.1: a scope that is not told is the one that was asked for.
  const scope = tokens.scope ?? asked;
  return {
    client_id: clientId,
    access_token: tokens.accessToken,
    ...(tokens.refreshToken === undefined ? {} : { refresh_token: tokens.refreshToken }),
    ...(scope === undefined ? {} : { scope }),
    ...(tokens.expiresAt === undefined ? {} : { expires_at: tokens.expiresAt }),
  };
}

function tokensOf({ access_token, refresh_token }: Credential) {
  return { accessToken: access_token, refreshToken: refresh_token };
}

/** Pairs this machine, and keeps the tokens; what it had at the same issuer before is revoked. */
export async function logIn(
  { credentials, pace }: Outside,
  { issuer: address, clientId, scope, onCode }: LoginOptions,
): Promise<{ issuer: string; client_id: string; scope: string | null; file: string }> {
  credentials.checkWritable();
  const issuer = await discover(address, pace.signal);
  const wanted = scope ?? USUAL_SCOPES.filter((name) => issuer.scopes?.includes(name) ?? true).join(' ');
  const code = await requestDeviceCode({ issuer, clientId }, wanted, pace);
  onCode(code);
  const tokens = await pollForTokens({ issuer, clientId }, code, pace);
  const before = credentials.find(issuer.issuer);
  const credential = toCredential(clientId, tokens, wanted);
  credentials.keep(issuer.issuer, credential);
  if (before !== undefined) await tryToRevoke(issuer, before, pace);
  const { file } = credentials;
  return { issuer: issuer.issuer, client_id: clientId, scope: credential.scope ?? null, file };
}

/** Answers why it was not revoked, in words; undefined where it was. */
async function tryToRevoke(
  issuer: Issuer | string,
  { credential }: Kept,
  pace: Pace,
): Promise<string | undefined> {
  try {
    const known = typeof issuer === 'string' ? await discover(issuer, pace.signal) : issuer;
    await revokeToken({ issuer: known, clientId: credential.client_id }, tokensOf(credential), pace);
    return undefined;
  } catch (error) {
    if (error instanceof IssuerFault) return error.message;
    throw error;
  }
}

function getKept(credentials: Credentials, issuer: string | undefined): Kept {
  const kept = credentials.find(issuer);
  if (kept !== undefined) return kept;
  const where = issuer === undefined ? '' : ` at ${issuer}`;
  throw new Refusal('unauthorized', { words: `You are not signed in${where}. Use: latchkey login` });
}

function ended(cause?: unknown): Refusal {
  return new Refusal('unauthorized', { words: 'Your sign-in has ended. Use: latchkey login', cause });
}

/** Fresh tokens, kept before they are used. */
async function renew(
  { credentials, pace }: Outside,
  issuer: Issuer,
  before: Credential,
): Promise<Credential> {
  const { client_id: clientId, refresh_token: refreshToken } = before;
  if (refreshToken === undefined) throw ended();
  try {
    const tokens = await refreshTokens({ issuer, clientId }, refreshToken, pace);
    const credential = toCredential(clientId, tokens, before.scope);
    credentials.replace(issuer.issuer, credential);
    return credential;
  } catch (error) {
    if (!(error instanceof IssuerFault) || error.code !== 'invalid_grant') throw error;
    // Another command of this person may have been first.
    const now = credentials.find(issuer.issuer)?.credential;
    if (now === undefined || now.refresh_token === refreshToken) throw ended(error);
    return now;
  }
}

function isStale({ expires_at: expiresAt }: Credential): boolean {
  return expiresAt !== undefined && expiresAt - MARGIN_SECONDS <= nowSeconds();
}

/** What the issuer says of the person, with tokens that are renewed where they have ended. */
export async function whoAmI(
  outside: Outside,
  address: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const { issuer: name, credential: kept } = getKept(outside.credentials, address);
  const issuer = await discover(name, outside.pace.signal);
  let credential = isStale(kept) ? await renew(outside, issuer, kept) : kept;
  let claims = await readUserinfo(issuer, credential.access_token, outside.pace);
  if (claims === undefined && credential === kept) {
    credential = await renew(outside, issuer, kept);
    claims = await readUserinfo(issuer, credential.access_token, outside.pace);
  }
  if (claims === undefined) throw ended();
  return Object.assign({ issuer: '', client_id: '' }, claims, {
    issuer: issuer.issuer,
    client_id: credential.client_id,
  });
}

/** Forgets the tokens whatever the server says; `reason` is why they may still be good there. */
export async function logOut(
  { credentials, pace }: Outside,
  address: string | undefined,
): Promise<{ issuer: string; revoked: boolean; reason: string | null }> {
  const kept = getKept(credentials, address);
  const reason = await tryToRevoke(kept.issuer, kept, pace);
  credentials.remove(kept.issuer);
  return { issuer: kept.issuer, revoked: reason === undefined, reason: reason ?? null };
}
