// The plain introspection, answered before Koa: one form, Basic credentials, our own host. Whatever is not plain takes the long way.
import { isAscii } from 'node:buffer';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { readPresented } from '../clients/authentication.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import { keepBody, parseParameters } from '../web/body.ts';
import { baseHeaders } from '../web/security-headers.ts';
import { hasOneAuthorization } from '../web/single-headers.ts';
import type { Introspect } from './introspection.ts';
import { readUsedFrom } from './kinds.ts';

const PATH = '/introspect';
const FORM = 'application/x-www-form-urlencoded';
const LONGEST_BODY_BYTES = 57_344;
const REQUEST_ID_BYTES = 12;

type Parts = { introspect: Introspect; issuer: string; longWay: RequestListener };

/** One Host header, and it is ours: the long way knows what to say to everybody else. */
function isForUs({ rawHeaders }: IncomingMessage, host: string): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    count += 1;
    if (rawHeaders[index + 1] !== host) return false;
  }
  return count === 1;
}

function isPlain(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    request.method === 'POST' &&
    request.url === PATH &&
    headers['content-type'] === FORM &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length']) <= LONGEST_BODY_BYTES &&
    headers.authorization !== undefined &&
    hasOneAuthorization(request)
  );
}

const faults = new WeakMap<IncomingMessage, unknown>();

/** What went wrong with this request on the fast path: the long way says so, and does not try again what waited in vain. */
export function findFault(request: IncomingMessage): unknown {
  return faults.get(request);
}

/** Answers plain introspections that succeed; all else, refusals too, is `longWay`'s with the body kept for it. */
export function createFastPath({ introspect, issuer, longWay }: Parts): RequestListener {
  const { host } = new URL(issuer);
  const headers = { ...baseHeaders(issuer), 'Content-Type': 'application/json; charset=utf-8' };

  async function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    try {
      const parameters = parseParameters(body.toString('utf8'));
      const presented = readPresented(request.headers.authorization, parameters);
      const token = parameters.get('token');
      // An assertion may be used once, and a missing token is refused: both are for the long way, before anything is done.
      if (!token || presented.kind !== 'secret') return longWay(request, response);
      const text = JSON.stringify(await introspect(token, presented, readUsedFrom(parameters)));
      response.writeHead(200, {
        ...headers,
        'X-Request-Id': randomSecret(REQUEST_ID_BYTES),
        'Content-Length': Buffer.byteLength(text),
      });
      response.end(text);
    } catch (error) {
      // Refusals and faults have their words and their log line there; a read is all that is done twice.
      if (!(error instanceof Refusal)) faults.set(request, error);
      if (!response.headersSent) longWay(request, response);
    }
  }

  return function listener(request, response) {
    if (!isPlain(request) || !isForUs(request, host)) return longWay(request, response);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      keepBody(request, body);
      if (isAscii(body)) void answer(request, response, body);
      else longWay(request, response);
    });
  };
}
