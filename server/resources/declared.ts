// APIs that the configuration file declares, as registrations.
import type { Config } from '../../config/schema.ts';
import type { ResourceRegistration } from './resources.ts';

type DeclaredResource = Config['resources'][number];

export function toResourceRegistration(
  resource: Omit<DeclaredResource, 'introspection'>,
): ResourceRegistration {
  return {
    name: resource.name,
    scopes: resource.scopes,
    tokenFormat: resource.token_format,
    ...(resource.team_scoped ? { isTeamScoped: true } : {}),
    ...(resource.token_alg === undefined ? {} : { tokenAlg: resource.token_alg }),
    ...(resource.access_token_seconds === undefined
      ? {}
      : { accessTokenSeconds: resource.access_token_seconds }),
  };
}

export function declaredResources(config: Pick<Config, 'resources'>) {
  return config.resources.map((resource) => ({
    identifier: resource.identifier,
    isDefault: resource.default,
    registration: toResourceRegistration(resource),
  }));
}
