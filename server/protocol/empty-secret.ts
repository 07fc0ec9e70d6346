// A public client that sends its id by HTTP Basic as well, as stock ones do: RFC 6749 section 2.3.1, an empty secret may be left out.
import type { KoaContextWithOIDC } from 'oidc-provider';

/** It proves nothing, so it is as if it were not there: the client_id in the body counts, and who has a secret is refused. */
export async function forgetEmptySecret(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const [scheme = '', credentials = ''] = ctx.get('Authorization').split(' ');
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const isEmpty = /^basic$/i.test(scheme) && text.length > 1 && text.indexOf(':') === text.length - 1;
  if (isEmpty) delete ctx.req.headers.authorization;
  await next();
}
