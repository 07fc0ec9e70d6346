// An issuer as any program meets it: its metadata (RFC 8414, OpenID Connect Discovery), and one request to it by fetch.
import { type } from 'node:os';

// The person who is asked to allow it reads this.
const PROGRAM = `latchkey (${type()})`;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const DISCOVERY_TIMEOUT_SECONDS = 10;

/** What an issuer refused, in its own code and words, or why it could not be asked. */
export class IssuerFault extends Error {
  readonly code: string;

  constructor(code: string, words: string, options: ErrorOptions = {}) {
    super(words, options);
    this.name = 'IssuerFault';
    this.code = code;
  }
}

/** The metadata that is used here; addresses are https, or http on this machine. */
export type Issuer = {
  readonly issuer: string;
  readonly tokenEndpoint: string | undefined;
  readonly deviceEndpoint: string | undefined;
  readonly userinfoEndpoint: string | undefined;
  readonly revocationEndpoint: string | undefined;
  readonly scopes: readonly string[] | undefined;
};

export type Answer = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
};

type Request = {
  form?: Readonly<Record<string, string>>;
  bearer?: string;
  timeoutSeconds: number;
  /** Ctrl-C. */
  signal: AbortSignal;
};

/** RFC 6749 section 1.6: secrets travel under TLS. Throws an IssuerFault for any other address. */
function checkAddress(text: unknown, name: string): string {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const isPrivate = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (url === undefined || !isPrivate || url.username !== '' || url.hash !== '') {
    throw new IssuerFault('invalid_request', `${name} must be an https address (http only on this machine).`);
  }
  return url.href;
}

/** Throws an IssuerFault `unreachable` where there is no answer, `cancelled` after Ctrl-C. A refusal is an answer. */
export async function ask(
  address: string,
  { form, bearer, timeoutSeconds, signal }: Request,
): Promise<Answer> {
  const headers: Record<string, string> = { Accept: 'application/json', 'User-Agent': PROGRAM };
  if (bearer !== undefined) headers.Authorization = `Bearer ${bearer}`;
  try {
    const response = await fetch(address, {
      headers,
      // Tokens go where the metadata says, and nowhere else.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    return { status: response.status, body: parse(await response.text()) };
  } catch (cause) {
    if (signal.aborted) throw new IssuerFault('cancelled', 'Cancelled.', { cause });
    throw new IssuerFault('unreachable', `${new URL(address).origin} does not answer.`, { cause });
  }
}

/** What is no JSON object has no members: gateways answer in HTML. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The refusal that an answer is, in the issuer's words (RFC 6749 section 5.2). */
export function faultOf({ status, body }: Answer): IssuerFault {
  const code = typeof body.error === 'string' ? body.error : 'invalid_response';
  const words =
    typeof body.error_description === 'string' ? body.error_description : `The server answered ${status}.`;
  return new IssuerFault(code, words);
}

/** Both places of the metadata: the first is found by every OpenID provider, the second by every server of RFC 8414. */
function metadataAddresses(issuer: string): string[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  return [
    `${url.origin}${path}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

export function isSameIssuer(a: string, b: string): boolean {
  return a.replace(/\/$/, '') === b.replace(/\/$/, '');
}

export async function discover(typed: string, signal: AbortSignal): Promise<Issuer> {
  const asked = checkAddress(typed, 'The issuer');
  const [first = '', second = ''] = metadataAddresses(asked);
  const request = { timeoutSeconds: DISCOVERY_TIMEOUT_SECONDS, signal };
  const found = await ask(first, request);
  const { status, body } = found.status === 404 ? await ask(second, request) : found;
  if (status !== 200 || typeof body.issuer !== 'string') {
    throw new IssuerFault('invalid_response', `${asked} has no metadata of an OAuth server (${status}).`);
  }
  // RFC 8414 section 3.3: another name would be another server's metadata.
  if (!isSameIssuer(body.issuer, asked)) {
    throw new IssuerFault('invalid_response', `${asked} says that it is ${body.issuer}.`);
  }
  return fromMetadata(body, body.issuer);
}

function fromMetadata(body: Answer['body'], issuer: string): Issuer {
  const address = (name: string) => (body[name] === undefined ? undefined : checkAddress(body[name], name));
  const scopes = body.scopes_supported;
  return {
    issuer,
    tokenEndpoint: address('token_endpoint'),
    deviceEndpoint: address('device_authorization_endpoint'),
    userinfoEndpoint: address('userinfo_endpoint'),
    revocationEndpoint: address('revocation_endpoint'),
    scopes: Array.isArray(scopes) ? scopes.map(String) : undefined,
  };
}

/** An endpoint that the issuer must have for what is asked of it. */
export function need(address: string | undefined, what: string): string {
  if (address !== undefined) return address;
  throw new IssuerFault('unsupported', `This server has no ${what}.`);
}
