// What the engine's answers lack, added once its route has run (RFC 7009 section 2.2; row L04).
import type { KoaContextWithOIDC } from 'oidc-provider';

export async function completeAnswers(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  // A path that is none of the engine's has no such context.
  const oidc = ctx.oidc as KoaContextWithOIDC['oidc'] | undefined;
  // The body of a revocation means nothing, but some stock clients refuse an answer that is not JSON.
  if (oidc?.route === 'revocation' && ctx.status === 200) ctx.body = {};
  // Here, since the browser may be sent on to the app and never see a page of ours again.
  if (oidc?.route === 'end_session_confirm' && oidc.params?.logout && ctx.status === 303)
    ctx.set('Clear-Site-Data', '"cache", "storage"');
}
