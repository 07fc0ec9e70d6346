// Bodies of requests: forms (URL Standard section 5.1) and JSON, small, strictly UTF-8, each parameter once (row S15).
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from './context.ts';
import { findTwiceNamed } from './json-members.ts';

const FORM = 'application/x-www-form-urlencoded';
const MAX_PARAMETERS = 256;
// What is read and thrown away after a body that is too large, so that its sender gets to see the answer.
const MAX_DISCARDED_BYTES = 1_048_576;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>();

/**
 * The body, read once and kept for whoever asks again.
 * Refuses too_large, and invalid_request when the sender broke off.
 */
export function readBody(ctx: WebContext, maxBytes: number): Promise<Buffer> {
  const known = bodies.get(ctx.req);
  if (known) return known;
  if (ctx.req.readableDidRead) throw new Error('somebody else has read the body');
  const body = collect(ctx.req, maxBytes);
  bodies.set(ctx.req, body);
  return body;
}

/** Hands on a body that was read already, so that `readBody` answers it. */
export function keepBody(request: IncomingMessage, body: Buffer): void {
  bodies.set(request, Promise.resolve(body));
}

function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;

    function tooLarge(): void {
      request.off('data', keep);
      discard(request);
      reject(new Refusal('too_large', { reason: `more than ${maxBytes} bytes` }));
    }
    function keep(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > maxBytes) tooLarge();
      else chunks.push(chunk);
    }
    function brokenOff(): void {
      reject(new Refusal('invalid_request', { reason: 'the body broke off' }));
    }

    // Once it has broken off, no event comes any more.
    if (request.destroyed && !request.readableEnded) return brokenOff();
    // Node tells of a broken connection by an error only to those who listen for one; close comes always.
    request.on('close', brokenOff);
    request.on('end', () => {
      // close comes after every end too; a Refusal made for nothing costs its stack.
      request.off('close', brokenOff);
      resolve(Buffer.concat(chunks, bytes));
    });
    if (Number(request.headers['content-length']) > maxBytes) tooLarge();
    else request.on('data', keep);
  });
}

function discard(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) request.destroy();
  });
}

/** Strict UTF-8. Refuses invalid_request; what is wrong with a secret is not said. */
function decode(body: Buffer): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw new Refusal('invalid_request', { words: 'The body is not valid UTF-8.', reason: 'not UTF-8' });
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw new Refusal('invalid_request', { words: 'The body is not a valid form.', reason: 'bad escape' });
  }
}

/** What an answer repeats of a name that anybody may have made up. */
function shown(name: string): string {
  return name.slice(0, 64);
}

/** The parameters of a form. RFC 6749 section 3.2: none may come twice. */
export function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of text.split('&', MAX_PARAMETERS + 1)) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodePart(equals === -1 ? pair : pair.slice(0, equals));
    if (parameters.has(name)) {
      throw new Refusal('invalid_request', {
        words: 'A parameter was sent twice.',
        param: shown(name),
        reason: 'duplicate',
      });
    }
    parameters.set(name, equals === -1 ? '' : decodePart(pair.slice(equals + 1)));
    if (parameters.size > MAX_PARAMETERS) throw new Refusal('too_large', { reason: 'too many parameters' });
  }
  return parameters;
}

function hasType(ctx: WebContext, type: string): boolean {
  const [sent = '', ...attributes] = ctx.get('Content-Type').toLowerCase().split(';');
  const charset = attributes.map((attribute) => attribute.trim()).find((each) => each.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  return sent.trim() === type && isUtf8 && ctx.get('Content-Encoding') === '';
}

/** Whether the body is a form. No type and no body, as `curl -X POST` sends it, is an empty form. */
export function isForm(ctx: WebContext): boolean {
  const isEmpty = ctx.get('Content-Type') === '' && !ctx.get('Transfer-Encoding') && !ctx.request.length;
  return isEmpty || hasType(ctx, FORM);
}

/**
 * The form of an OAuth endpoint: names are free, unknown ones are ignored by whoever reads the map.
 * Refuses invalid_request for another media type, a parameter that comes twice, broken escapes; too_large.
 */
export async function readParameters(ctx: WebContext, maxBytes: number): Promise<Map<string, string>> {
  if (!isForm(ctx)) {
    throw new Refusal('invalid_request', {
      words: 'The body must be {type}.',
      values: { type: FORM },
      reason: 'media type',
    });
  }
  return parseParameters(decode(await readBody(ctx, maxBytes)));
}

/** The form of a page of ours, into ctx.state.form: names like `email[]` or `__proto__` are refused. */
export function formBody(maxBytes: number): Middleware {
  return async (ctx, next) => {
    if (!isForm(ctx)) throw new Refusal('unsupported_media_type', { reason: ctx.get('Content-Type') });
    const form: Record<string, string> = Object.create(null);
    for (const [name, value] of await readParameters(ctx, maxBytes)) {
      if (!/^[a-z][\w.:-]{0,63}$/i.test(name) || name in Object.prototype) {
        throw new Refusal('invalid_request', { words: 'A parameter has no valid name.', param: shown(name) });
      }
      form[name] = value;
    }
    ctx.state.form = form;
    return next();
  };
}

/** A body of JSON, into ctx.state.json. The type keeps foreign forms out: they cannot send it without asking (CORS). */
export function jsonBody(maxBytes: number): Middleware {
  return async (ctx, next) => {
    if (!hasType(ctx, 'application/json')) {
      throw new Refusal('unsupported_media_type', { words: 'The body must be JSON (application/json).' });
    }
    const text = decode(await readBody(ctx, maxBytes));
    ctx.state.json = parseJson(text);
    checkNames(text);
    return next();
  };
}

function checkNames(text: string): void {
  const twice = findTwiceNamed(text);
  if (twice === undefined) return;
  throw new Refusal('invalid_request', { words: 'A parameter was sent twice.', param: shown(twice) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (name, value: unknown) => {
      if (name === '__proto__') throw new SyntaxError('__proto__');
      return value;
    });
  } catch {
    // The cause stays here: it quotes the body.
    throw new Refusal('invalid_request', { words: 'The body is not valid JSON.', reason: 'bad JSON' });
  }
}
