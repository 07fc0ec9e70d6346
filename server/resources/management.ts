// The API of this server itself, under /v1: it is there without registration, and nobody can register it away.
import type { Resource } from './resources.ts';

/** Rights over the server, with words for people. Clients have them by name only, people only as administrators. */
export const managementScopes = {
  'latchkey:accounts:read': 'See every account',
  'latchkey:accounts:write': 'Make, change and delete accounts',
  'latchkey:clients:read': 'See every client',
  'latchkey:clients:write': 'Register, change and block clients',
  'latchkey:resources:read': 'See every API',
  'latchkey:resources:write': 'Register and change APIs',
  'latchkey:grants:read': 'See what has access to accounts',
  'latchkey:grants:write': 'End what has access to accounts',
  'latchkey:issuers:read': 'See every trusted issuer',
  'latchkey:issuers:write': 'Trust issuers, change and remove them',
  'latchkey:service-accounts:read': 'See every service account',
  'latchkey:service-accounts:write': 'Make, change and end service accounts',
  'latchkey:plans:read': 'See every plan',
  'latchkey:teams:read': 'See every team and who is in it',
  'latchkey:teams:write': 'Make, change and delete teams, and say who is in them',
  'latchkey:audit:read': 'Read the audit log',
  'latchkey:keys:read': 'See every API key',
  'latchkey:keys:write': 'Make, change and end API keys',
} as const satisfies Record<string, string>;

export type ManagementScope = keyof typeof managementScopes;

/** What everybody may hand on to an app of theirs: over what is their own, and their teams'. */
export const ownScopes = {
  'keys:read': 'See your API keys, and those of teams that you manage',
  'keys:write': 'Make, change and end these API keys',
  'service-accounts:read': 'See the service accounts of teams that you manage',
  'service-accounts:write': 'Make, change and end these service accounts',
  'team-apps:read': 'See the apps of teams that you manage',
  'team-apps:write': 'Register, change and delete these apps',
} as const satisfies Record<string, string>;

export type OwnScope = keyof typeof ownScopes;

/** Is it about what is their own? `*` of a key never means that. */
export function isOwnScope(scope: string): scope is OwnScope {
  return Object.hasOwn(ownScopes, scope);
}

/** Is it about keys? A key manages keys at most, and only where the operator allows it. */
export function isKeyScope(scope: string | undefined): scope is OwnScope {
  return scope === 'keys:read' || scope === 'keys:write';
}

/** Its identifier: the audience of its tokens (RFC 8707). */
export function managementIdentifier(issuer: string): string {
  return `${issuer}/v1`;
}

export function managementResource(issuer: string, name: string): Resource {
  return {
    identifier: managementIdentifier(issuer),
    source: 'server',
    registration: {
      name: `${name} management`,
      scopes: { ...managementScopes, ...ownScopes },
      tokenFormat: 'opaque',
    },
    isCovering: false,
    isDefault: false,
    createdAt: 0,
  };
}
