// The one way out to what others name (JWKS URIs, logout addresses): guarded against reaching our own network (SSRF),
// and bounded in time and size (OWASP SSRF prevention, RFC 9700 section 4.9, ASVS 1.3.6).
import { lookup } from 'node:dns/promises';
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './addresses.ts';
import { createCircuits } from './circuits.ts';
import { OutboundFailure } from './failure.ts';
import { readTarget, type Target } from './target.ts';

const TIMEOUT_MILLISECONDS = 2500;
const MAX_BYTES = 65_536;

type Address = { readonly address: string; readonly family: number };

export type Resolve = (hostname: string) => Promise<readonly Address[]>;

export type FetchOptions = {
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Less than the bound of the fetcher, never more. */
  maxBytes?: number;
  timeoutMilliseconds?: number;
};

export type Fetched = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

async function resolveBySystem(hostname: string): Promise<readonly Address[]> {
  return lookup(hostname, { all: true });
}

/**
 * The check at connect time: what is connected to is what was checked, so a name that answers otherwise the second
 * time (DNS rebinding) gains nothing. One inner address among several is refused too: no honest name has such.
 */
function guardLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        const inner = addresses.find(({ address }) => !isPublicAddress(address));
        if (first === undefined)
          callback(new OutboundFailure('unreachable', `no address of ${hostname}`), '');
        else if (inner !== undefined) {
          callback(
            new OutboundFailure('forbidden', `${hostname} is at the inner address ${inner.address}`),
            '',
          );
        } else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}

/** Resolves with the head of the answer; its body is not read yet. */
function open(target: Target, body: string | undefined, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = target.url.protocol === 'https:' ? requestHttps : requestHttp;
    request(target.url, options).once('response', resolve).on('error', reject).end(body);
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection: no more is read.
    if (bytes > maxBytes) throw new OutboundFailure('too_large', `more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `allowedHosts` are of the operator's own network: http and inner addresses may be there, and only there. */
export function createFetcher(parts: { allowedHosts: readonly string[]; resolve?: Resolve }) {
  const { allowedHosts, resolve = resolveBySystem } = parts;
  const circuits = createCircuits();
  const guarded = guardLookup(resolve);

  async function ask(target: Target, options: FetchOptions): Promise<Fetched> {
    const signal = AbortSignal.timeout(
      Math.min(options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS, TIMEOUT_MILLISECONDS),
    );
    try {
      const response = await open(target, options.body, {
        method: options.method ?? 'GET',
        headers: { 'user-agent': 'latchkey', 'accept-encoding': 'identity', ...options.headers },
        // A connection of its own: one that is kept was checked for somebody else's request.
        agent: false,
        signal,
        ...(target.isTrusted ? {} : { lookup: guarded }),
      });
      const status = response.statusCode ?? 0;
      if (status >= 300 && status < 400) {
        response.destroy();
        throw new OutboundFailure('redirect', `${status}: redirects are not followed`);
      }
      const body = await readBody(response, Math.min(options.maxBytes ?? MAX_BYTES, MAX_BYTES));
      return { status, headers: response.headers, body };
    } catch (cause) {
      if (cause instanceof OutboundFailure) throw cause;
      if (signal.aborted) throw new OutboundFailure('timeout', 'no answer in time', { cause });
      throw new OutboundFailure('unreachable', 'no answer', { cause });
    }
  }

  return {
    /** Answers whatever status it gets but a redirect. Throws OutboundFailure, and nothing else. */
    async fetch(url: string, options: FetchOptions = {}): Promise<Fetched> {
      const target = readTarget(url, allowedHosts);
      if (circuits.isOpen(target.host))
        throw new OutboundFailure('circuit_open', `${target.host} failed too often`);
      try {
        const fetched = await ask(target, options);
        if (fetched.status >= 500) circuits.noteFailure(target.host);
        else circuits.noteSuccess(target.host);
        return fetched;
      } catch (error) {
        circuits.noteFailure(target.host);
        throw error;
      }
    },

    /** Whether it could be asked for, as far as the URL says: registrations are judged by it. */
    isAllowed(url: string): boolean {
      try {
        readTarget(url, allowedHosts);
        return true;
      } catch {
        return false;
      }
    },
  };
}

export type Fetcher = ReturnType<typeof createFetcher>;
