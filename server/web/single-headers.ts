// A request authenticates once: Node would keep the first of two Authorization headers, a proxy perhaps the last (row B06).
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';
import type { Middleware } from './context.ts';

const NAME = 'authorization';

export function hasOneAuthorization({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === NAME.length && name.toLowerCase() === NAME) count += 1;
  }
  return count <= 1;
}

export const singleHeaders: Middleware = (ctx, next) => {
  if (hasOneAuthorization(ctx.req)) return next();
  throw new Refusal('invalid_request', {
    words: 'The Authorization header was sent twice.',
    reason: 'two Authorization headers',
  });
};
