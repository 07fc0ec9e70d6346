// What stands in the Authorization header of a request to an OAuth endpoint, before the engine reads it (RFC 6749 section 2.3.1).
import type { IncomingMessage } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Refusal } from '../errors.ts';
import { routes } from './endpoints.ts';

const AUTHENTICATED: ReadonlySet<string> = new Set([
  routes.token,
  routes.revocation,
  routes.device_authorization,
  routes.pushed_authorization_request,
]);

const bareIds = new WeakMap<IncomingMessage, string>();

/** Who named itself by Basic with an empty secret: some public clients do so there and nowhere else (oidc-agent). */
export function findBareId(request: IncomingMessage): string | undefined {
  return bareIds.get(request);
}

function decode(half: string): string {
  try {
    return decodeURIComponent(half.replace(/\+/g, '%20'));
  } catch {
    return half;
  }
}

/**
 * RFC 6749 section 5.2: another scheme is an unsupported method, which is invalid_client and a challenge. And a public
 * client that sends its id by Basic as well, with an empty secret, as stock ones do: that proves nothing, so it is as if
 * it were not there. The client_id in the body counts, or this one where there is none; who has a secret is refused.
 */
export async function readBasicCredentials(
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  const header = ctx.get('Authorization');
  if (header === '' || !AUTHENTICATED.has(ctx.path)) return next();
  const [scheme = '', credentials = '', ...rest] = header.split(' ');
  if (!/^basic$/i.test(scheme)) {
    ctx.set('WWW-Authenticate', `Basic realm="${new URL(ctx.href).origin}", charset="UTF-8"`);
    throw new Refusal('invalid_client', { reason: 'a scheme that is not Basic' });
  }
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const isEmpty = rest.length === 0 && text.length > 1 && text.indexOf(':') === text.length - 1;
  if (isEmpty) {
    bareIds.set(ctx.req, decode(text.slice(0, -1)));
    delete ctx.req.headers.authorization;
  }
  return next();
}
