// A look at a body that somebody after us reads: what was read is put back. The engine reads the stream itself and takes nothing else.
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { Refusal } from '../errors.ts';
import type { WebContext } from './context.ts';

type Peeked = Buffer | 'too_large' | 'broken_off';

/** All of it, or as much as is more than `maxBytes`; either is put back. */
function readAhead(request: IncomingMessage, maxBytes: number): Promise<Peeked> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;

    function end(peeked: Peeked): void {
      request.off('readable', take);
      request.off('close', breakOff);
      resolve(peeked);
    }
    function breakOff(): void {
      end('broken_off');
    }
    function take(): void {
      // A read of a stream that has nothing more would end it for everybody.
      while (request.readableLength > 0) {
        const chunk = request.read() as Buffer;
        chunks.push(chunk);
        bytes += chunk.length;
      }
      // A body in chunks says by its last one that it is whole, whatever length it has.
      if (!request.complete && bytes <= maxBytes) return;
      const body = Buffer.concat(chunks);
      // In the same turn as the last read: a stream that is empty for longer is over.
      if (bytes > 0) request.unshift(body);
      end(bytes > maxBytes ? 'too_large' : body);
    }

    // Once it has broken off, no event comes any more.
    if (request.destroyed) return breakOff();
    request.on('close', breakOff);
    request.on('readable', take);
  });
}

async function hasBody(request: IncomingMessage): Promise<boolean> {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined) return Number(headers['content-length'] ?? 0) > 0;
  // Until what came with the head is parsed: to listen to an empty stream would end it.
  await setImmediate();
  return !request.complete || request.readableLength > 0;
}

/**
 * The body, which stays where it is; undefined where there is none, or it is larger than `maxBytes`, or read already.
 * Refuses invalid_request when the sender broke off.
 */
export async function peekBody(ctx: WebContext, maxBytes: number): Promise<Buffer | undefined> {
  const isTooLarge = Number(ctx.req.headers['content-length'] ?? 0) > maxBytes;
  if (isTooLarge || ctx.req.readableDidRead || !(await hasBody(ctx.req))) return undefined;
  const peeked = await readAhead(ctx.req, maxBytes);
  if (peeked === 'broken_off') throw new Refusal('invalid_request', { reason: 'the body broke off' });
  return peeked === 'too_large' ? undefined : peeked;
}
