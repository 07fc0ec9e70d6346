// The client_credentials grant (RFC 6749 section 4.4): a client in its own name, never with a refresh token.
import { type Configuration, errors, Provider } from 'oidc-provider';
import { type Catalog, findDefaultResource } from './catalog.ts';

const CLIENT_CREDENTIALS_GRANT = 'client_credentials';

type Features = NonNullable<Configuration['features']>;
type ChooseResource = NonNullable<NonNullable<Features['resourceIndicators']>['defaultResource']>;

/**
 * Which API is meant where a token request names none. A client in its own name gets the default one as audience
 * (RFC 9068 section 3); elsewhere it is the authorization's own (RFC 8707 section 2.2).
 */
export function createResourceChoice(catalog: Catalog): ChooseResource {
  return async (ctx, _client, oneOf) => {
    if (ctx.oidc.params?.grant_type === CLIENT_CREDENTIALS_GRANT) {
      const resource = findDefaultResource(catalog);
      if (resource === undefined) throw new errors.InvalidTarget('resource must name an API');
      return resource.identifier;
    }
    return (oneOf?.length === 1 ? oneOf[0] : oneOf) ?? [];
  };
}

type ScopedModel = { prototype: { save(this: { scope?: string }, ttl?: number): Promise<string> } };

/** What is left of the scope once it was cut to the API and the registration: without any, the token would be for nothing. */
export function refuseEmptyScope(provider: Provider): void {
  const { prototype } = provider.ClientCredentials as unknown as ScopedModel;
  const original = prototype.save;
  prototype.save = async function save(...input) {
    if (!this.scope) {
      const asked = Provider.ctx?.oidc.params?.scope;
      throw new errors.InvalidScope('no scope of this API that the client may have', asked as string);
    }
    return original.apply(this, input);
  };
}
