// The requests of a public client for tokens: pairing with a code (RFC 8628), refreshing (RFC 6749 section 6), revoking (RFC 7009).
import { nowSeconds } from '../clock.ts';
import { type Answer, ask, faultOf, type Issuer, IssuerFault, need } from './issuer.ts';

const TIMEOUT_SECONDS = 10;
// A refresh whose answer was lost is sent again while the server still gives the same successor for it.
const REFRESH_TIMEOUT_SECONDS = 4;
const REFRESH_RETRY_SECONDS = 1;
const USUAL_INTERVAL_SECONDS = 5;
const SLOWER_BY_SECONDS = 5;
const SLOWEST_SECONDS = 60;

export type DeviceCode = {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly completeUri: string | undefined;
  readonly endsAt: number;
  readonly intervalSeconds: number;
};

export type TokenSet = {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** undefined: the server did not say. */
  readonly expiresAt: number | undefined;
  readonly scope: string | undefined;
};

/** How the requests pass their time. `wait` throws after Ctrl-C. */
export type Pace = { signal: AbortSignal; wait(seconds: number): Promise<void> };

type Client = { issuer: Issuer; clientId: string };

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && number > 0 && Number.isFinite(number) ? number : undefined;
}

/** A page for people: anything but http would be handed to another program than a browser. */
function page(value: unknown): string | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
}

export async function requestDeviceCode(
  { issuer, clientId }: Client,
  scope: string,
  { signal }: Pick<Pace, 'signal'>,
): Promise<DeviceCode> {
  const endpoint = need(issuer.deviceEndpoint, 'device login (device_authorization_endpoint)');
  const form = { client_id: clientId, ...(scope === '' ? {} : { scope }) };
  const answer = await ask(endpoint, { form, timeoutSeconds: TIMEOUT_SECONDS, signal });
  if (answer.status !== 200) throw faultOf(answer);
  const { body } = answer;
  const [deviceCode, userCode] = [text(body.device_code), text(body.user_code)];
  const verificationUri = page(body.verification_uri ?? body.verification_url);
  const lifeSeconds = seconds(body.expires_in);
  if (!deviceCode || !userCode || !verificationUri || lifeSeconds === undefined) {
    throw new IssuerFault(
      'invalid_response',
      'The server answered without what RFC 8628 section 3.2 asks for.',
    );
  }
  return {
    deviceCode,
    userCode,
    verificationUri,
    completeUri: page(body.verification_uri_complete),
    endsAt: nowSeconds() + lifeSeconds,
    intervalSeconds: seconds(body.interval) ?? USUAL_INTERVAL_SECONDS,
  };
}

function toTokens(answer: Answer): TokenSet {
  if (answer.status !== 200) throw faultOf(answer);
  const { body } = answer;
  const accessToken = text(body.access_token);
  if (accessToken === undefined || text(body.token_type)?.toLowerCase() !== 'bearer') {
    throw new IssuerFault('invalid_response', 'The server answered without a bearer token.');
  }
  const lifeSeconds = seconds(body.expires_in);
  return {
    accessToken,
    refreshToken: text(body.refresh_token),
    expiresAt: lifeSeconds === undefined ? undefined : nowSeconds() + Math.floor(lifeSeconds),
    scope: text(body.scope),
  };
}

/** No answer of the server itself: it restarts, or the network is gone. undefined stands for either. */
async function askIfThere(endpoint: string, request: Parameters<typeof ask>[1]): Promise<Answer | undefined> {
  try {
    const answer = await ask(endpoint, request);
    const isAway = answer.status >= 500 || (answer.status === 429 && text(answer.body.error) === undefined);
    return isAway ? undefined : answer;
  } catch (error) {
    if (error instanceof IssuerFault && error.code === 'unreachable') return undefined;
    throw error;
  }
}

const endings: Readonly<Record<string, string>> = {
  access_denied: 'It was denied in the browser.',
  expired_token: 'The code has ended before it was entered. Begin again.',
};

/** Polls until a person has decided (RFC 8628 section 3.5). Throws an IssuerFault with the issuer's code. */
export async function pollForTokens(
  { issuer, clientId }: Client,
  code: DeviceCode,
  { signal, wait }: Pace,
): Promise<TokenSet> {
  const endpoint = need(issuer.tokenEndpoint, 'token endpoint');
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code.deviceCode,
    client_id: clientId,
  };
  let { intervalSeconds } = code;
  let pauseSeconds = intervalSeconds;
  for (;;) {
    await wait(pauseSeconds);
    if (nowSeconds() >= code.endsAt) break;
    const answer = await askIfThere(endpoint, { form, timeoutSeconds: TIMEOUT_SECONDS, signal });
    const error = answer?.body.error;
    if (error === 'slow_down') intervalSeconds += SLOWER_BY_SECONDS;
    const isOpen = error === 'slow_down' || error === 'authorization_pending';
    if (answer !== undefined && !isOpen) return decided(answer);
    // RFC 8628 section 3.5: whoever gets no answer asks less often.
    const slower = Math.max(intervalSeconds, Math.min(pauseSeconds * 2, SLOWEST_SECONDS));
    pauseSeconds = answer === undefined ? slower : intervalSeconds;
  }
  throw new IssuerFault('expired_token', endings.expired_token ?? '');
}

function decided(answer: Answer): TokenSet {
  const words = endings[String(answer.body.error)];
  if (words !== undefined) throw new IssuerFault(String(answer.body.error), words);
  return toTokens(answer);
}

/** A lost answer is asked for once more: the same token, so that no second one is spent. */
export async function refreshTokens(
  { issuer, clientId }: Client,
  refreshToken: string,
  { signal, wait }: Pace,
): Promise<TokenSet> {
  const endpoint = need(issuer.tokenEndpoint, 'token endpoint');
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
  const request = { form, timeoutSeconds: REFRESH_TIMEOUT_SECONDS, signal };
  let answer = await askIfThere(endpoint, request);
  if (answer === undefined) {
    await wait(REFRESH_RETRY_SECONDS);
    answer = await ask(endpoint, request);
  }
  const next = toTokens(answer);
  // RFC 6749 section 6: without a new one the old one stays good.
  return { ...next, refreshToken: next.refreshToken ?? refreshToken };
}

export async function revokeToken(
  { issuer, clientId }: Client,
  tokens: Pick<TokenSet, 'accessToken' | 'refreshToken'>,
  { signal }: Pick<Pace, 'signal'>,
): Promise<void> {
  const endpoint = need(issuer.revocationEndpoint, 'revocation endpoint');
  const { accessToken, refreshToken } = tokens;
  const form = {
    token: refreshToken ?? accessToken,
    token_type_hint: refreshToken === undefined ? 'access_token' : 'refresh_token',
    client_id: clientId,
  };
  const answer = await ask(endpoint, { form, timeoutSeconds: TIMEOUT_SECONDS, signal });
  if (answer.status !== 200) throw faultOf(answer);
}

/** Who the token stands for (OpenID Connect Core section 5.3); undefined where the server does not take the token. */
export async function readUserinfo(
  issuer: Issuer,
  accessToken: string,
  { signal }: Pick<Pace, 'signal'>,
): Promise<Answer['body'] | undefined> {
  const endpoint = need(issuer.userinfoEndpoint, 'userinfo endpoint');
  const answer = await ask(endpoint, { bearer: accessToken, timeoutSeconds: TIMEOUT_SECONDS, signal });
  if (answer.status === 401) return undefined;
  if (answer.status !== 200 || text(answer.body.sub) === undefined) throw faultOf(answer);
  return answer.body;
}
