// Whoever brings an assertion and names no client (RFC 7521 section 4.1). The engine authenticates a client before it looks at the
// grant, so such a request is given one that is nobody: it can do nothing but have its assertion judged.
import type { IncomingMessage } from 'node:http';
import type { ClientMetadata, Provider } from 'oidc-provider';
import { resourceServer } from '../clients/ready-made.ts';
import { JWT_BEARER_GRANT } from '../clients/trust.ts';
import { findBareId } from './basic-credentials.ts';
import { REGISTRATION } from './client-metadata.ts';

/** A space is in no registered id. */
export const BEARER = 'bearer of an assertion';

/** What the engine is told of it. */
export function bearerMetadata(): ClientMetadata {
  return {
    client_id: BEARER,
    grant_types: [JWT_BEARER_GRANT],
    response_types: [],
    redirect_uris: [],
    scope: 'openid',
    token_endpoint_auth_method: 'none',
    [REGISTRATION]: { ...resourceServer(BEARER, 'none', undefined), secrets: [] },
  };
}

/** Stands in where no client is named: the engine looks for it, finds none and says invalid_client. */
export const NOBODY = 'nobody at all';

type Form = Record<string, unknown>;

/** RFC 6749 section 5.2: a request without a client is invalid_client; the engine by itself calls it invalid_request. */
function findStandIn(form: Form, { authorization, route }: { authorization: string; route: string }) {
  if ([form.client_id, form.client_assertion, authorization].some(Boolean)) return undefined;
  if (form.grant_type === JWT_BEARER_GRANT && !form.client_secret) return BEARER;
  return route === 'token' || route === 'device_authorization' ? NOBODY : undefined;
}

/**
 * Whoever is named, or has proved who it is, is left as it is. The engine hands itself the parsed form under `body`, and
 * offers no step between that and the authentication of the client.
 */
export function nameBearers(provider: Provider): void {
  const forms = new WeakMap<object, Form>();
  Object.defineProperty(provider.OIDCContext.prototype, 'body', {
    configurable: true,
    get(this: object): Form | undefined {
      return forms.get(this);
    },
    set(this: { ctx: { req: IncomingMessage; get(name: string): string }; route: string }, form: Form) {
      const bareId = form.client_id ? undefined : findBareId(this.ctx.req);
      const authorization = this.ctx.get('Authorization');
      const clientId = bareId ?? findStandIn(form, { authorization, route: this.route });
      forms.set(this, clientId === undefined ? form : { ...form, client_id: clientId });
    },
  });
}
