// Metadata and keys as ready text: OpenID Connect Discovery, RFC 8414 and RFC 7517, the same for everybody, with an ETag.
import { sha256Hex } from '../secrets.ts';
import type { Middleware, WebContext } from '../web/context.ts';
import { routes } from './endpoints.ts';
import type { Engine } from './engine.ts';

const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';
const METADATA_SECONDS = 3600;

type Ready = { readonly text: string; readonly etag: string };

/** What we offer is said, what we do not offer is not: the engine names some things by itself. */
function adjust(metadata: Record<string, unknown>, locales: readonly string[]): Record<string, unknown> {
  const grants = metadata.grant_types_supported as string[];
  const authMethods = metadata.token_endpoint_auth_methods_supported as string[];
  const claims = metadata.claims_supported as string[];
  const algorithms = metadata.token_endpoint_auth_signing_alg_values_supported;
  return {
    ...metadata,
    introspection_endpoint_auth_methods_supported: authMethods.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: authMethods,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    // RFC 9068 section 2.1: RS256 is one of them. Each API has chosen one.
    access_token_signing_alg_values_supported: ['ES256', 'RS256', 'EdDSA'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: grants.filter((grant) => grant !== 'implicit'),
    // The session's id is told to clients with a logout channel, and there is none.
    claims_supported: claims.filter((claim) => claim !== 'sid'),
    claims_parameter_supported: false,
    ui_locales_supported: locales,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}

function serve(ctx: WebContext, ready: Ready, maxAgeSeconds: number): void {
  ctx.set({
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    ETag: ready.etag,
  });
  ctx.status = 200;
  ctx.type = 'application/json';
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = ready.text;
}

/** `locales`: the languages of our pages. `keysSeconds`: how long others may keep our keys. */
export function createDiscovery(
  engine: Engine,
  { locales, keysSeconds }: { locales: readonly string[]; keysSeconds: number },
): Middleware {
  const cache = new WeakMap<object, Map<string, Ready>>();

  return async (ctx, next) => {
    const path = ctx.path === OAUTH ? OPENID : ctx.path;
    const isAsked = path === OPENID || path === routes.jwks;
    if (!isAsked || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    const { provider, handle } = await engine.current();
    const ready = cache.get(provider) ?? new Map<string, Ready>();
    cache.set(provider, ready);
    if (!ready.has(path)) {
      const originalUrl = ctx.url;
      ctx.url = path;
      await handle(ctx, async () => undefined);
      ctx.url = originalUrl;
      const body = ctx.body as Record<string, unknown>;
      const text = JSON.stringify(path === OPENID ? adjust(body, locales) : body);
      ready.set(path, { text, etag: `"${sha256Hex(text).slice(0, 32)}"` });
    }
    serve(ctx, ready.get(path) as Ready, path === routes.jwks ? keysSeconds : METADATA_SECONDS);
  };
}
