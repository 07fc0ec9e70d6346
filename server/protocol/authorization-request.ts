// What an authorization request goes through before the engine sees it: POST becomes GET, a missing scope the client's default.
import { type Clients, isAllowed } from '../clients/clients.ts';
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from '../web/context.ts';
import { routes } from './configuration.ts';
import { IMPLIED_CONSENT } from './interaction-policy.ts';

const LONGEST_BODY_BYTES = 57_344;

type Parts = {
  clients: Pick<Clients, 'find'>;
  readText: (ctx: WebContext, maxBytes: number) => Promise<string>;
};

function hasPrompt(query: URLSearchParams, name: string): boolean {
  return (query.get('prompt') ?? '').split(' ').includes(name);
}

/**
 * OpenID Connect Core section 11: offline_access needs prompt=consent or other conditions. Ours is the remembered
 * permission, so the prompt is added for the engine and marked, and the person is asked only where nothing is remembered.
 */
function allowOfflineAccess(query: URLSearchParams): boolean {
  query.delete(IMPLIED_CONSENT);
  const isOffline = (query.get('scope') ?? '').split(' ').includes('offline_access');
  if (!isOffline || hasPrompt(query, 'consent') || hasPrompt(query, 'none')) return false;
  query.set('prompt', [query.get('prompt') ?? '', 'consent'].join(' ').trim());
  query.set(IMPLIED_CONSENT, '1');
  return true;
}

export function createAuthorizationRequest({ clients, readText }: Parts): Middleware {
  /** RFC 6749 section 3.3: a request without scope gets a default, registered with the client. */
  async function addDefaultScope(query: URLSearchParams): Promise<boolean> {
    if (query.get('scope') || query.getAll('client_id').length !== 1) return false;
    const client = await clients.find(query.get('client_id') ?? '');
    if (client === undefined || !isAllowed(client)) return false;
    const scopes = client.registration.defaultScopes;
    if (scopes.length === 0) return false;
    query.set('scope', scopes.join(' '));
    return true;
  }

  return async (ctx, next) => {
    if (ctx.path !== routes.authorization) return next();
    if (ctx.method === 'POST') {
      if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type');
      // 303 (RFC 9700 section 4.12): the browser comes again with GET, and with its SameSite cookies.
      const body = await readText(ctx, LONGEST_BODY_BYTES);
      ctx.status = 303;
      ctx.redirect(`${routes.authorization}?${new URLSearchParams(body).toString()}`);
      return;
    }
    // A repeated parameter is for the engine to refuse, on the query as it was sent.
    const query = new URLSearchParams(ctx.querystring);
    const isRepeated = [...new Set(query.keys())].some(
      (name) => query.getAll(name).length > 1 && name !== 'resource',
    );
    const isChanged =
      !isRepeated &&
      [query.has(IMPLIED_CONSENT), await addDefaultScope(query), allowOfflineAccess(query)].some(Boolean);
    if (isChanged) ctx.querystring = query.toString();
    return next();
  };
}
