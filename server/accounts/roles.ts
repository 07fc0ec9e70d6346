// What people may hand on to clients, by their role: `roles` of the configuration (ASVS 10.4.11).
import type { Config } from '../../config/schema.ts';

const EVERY_SCOPE = '*';

export function createRoles(roles: Config['roles']) {
  const holdable = new Map(Object.entries(roles).map(([name, role]) => [name, new Set(role.scopes)]));

  return {
    /** May a person in this role hand on this scope of an API? A role that is not configured has none. */
    mayHold(role: string, scope: string): boolean {
      const scopes = holdable.get(role);
      return scopes !== undefined && (scopes.has(EVERY_SCOPE) || scopes.has(scope));
    },
  };
}

export type Roles = ReturnType<typeof createRoles>;
