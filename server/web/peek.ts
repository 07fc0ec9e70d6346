// A look at a body that somebody after us reads: what was read is put back. The engine reads the stream itself and takes nothing else.
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';
import type { WebContext } from './context.ts';

/** Until `length` bytes are there; undefined where the sender broke off. */
function readExactly(request: IncomingMessage, length: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;

    function end(body: Buffer | undefined): void {
      request.off('readable', take);
      request.off('close', breakOff);
      resolve(body);
    }
    function breakOff(): void {
      end(undefined);
    }
    function take(): void {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) {
        chunks.push(chunk as Buffer);
        bytes += (chunk as Buffer).length;
      }
      if (bytes < length) return;
      const body = Buffer.concat(chunks);
      // In the same turn as the last read: a stream that is empty for longer is over.
      request.unshift(body);
      end(body);
    }

    request.on('close', breakOff);
    request.on('readable', take);
  });
}

/**
 * The body, which stays where it is; undefined where its length is not said, or it is larger than `maxBytes`, or read already.
 * Refuses invalid_request when the sender broke off.
 */
export async function peekBody(ctx: WebContext, maxBytes: number): Promise<Buffer | undefined> {
  const length = Number(ctx.get('Content-Length') || '0');
  if (length === 0 || length > maxBytes || ctx.req.readableDidRead) return undefined;
  const body = await readExactly(ctx.req, length);
  if (body === undefined) throw new Refusal('invalid_request', { reason: 'the body broke off' });
  return body;
}
