// What whom may be given, computed at each use from the roles and plans of the configuration (ASVS 10.4.11). Pure: it reads no database.
import type { Config } from '../../config/schema.ts';
import type { Standing, TeamStanding } from '../storage/standing.ts';

/** The role without which a team cannot be. */
export const OWNER = 'owner';

export const EVERY_SCOPE = '*';
const MANAGEMENT = 'latchkey:';

/** What a plan says beside its scopes. A number of 0 is none at all. */
export type Plan = {
  readonly name: string;
  readonly maxPersonalKeys: number;
  readonly maxTeamKeys: number;
  readonly maxServiceAccounts: number;
  readonly maxMembers: number;
  readonly maxApps: number;
};

type Scopes = { readonly isAll: boolean; readonly names: ReadonlySet<string> };
type Listed = Readonly<Record<string, { readonly scopes: readonly string[] }>>;

const NO_SCOPES: Scopes = { isAll: false, names: new Set() };
const NO_PLAN = {
  ...{ maxPersonalKeys: 0, maxTeamKeys: 0, maxServiceAccounts: 0, maxMembers: 0, maxApps: 0 },
};

/** Rights over the server itself: no `*`, no plan and no role in a team implies them, they are for administrators by name. */
export function isManagement(scope: string): boolean {
  return scope.startsWith(MANAGEMENT);
}

function readScopes(listed: Listed): ReadonlyMap<string, Scopes> {
  const entries = Object.entries(listed).map(([name, { scopes }]): [string, Scopes] => [
    name,
    { isAll: scopes.includes(EVERY_SCOPE), names: new Set(scopes) },
  ]);
  return new Map(entries);
}

function has({ isAll, names }: Scopes, scope: string): boolean {
  return (isAll || names.has(scope)) && !isManagement(scope);
}

function isWithin(part: Scopes, whole: Scopes): boolean {
  return whole.isAll || (!part.isAll && [...part.names].every((name) => whole.names.has(name)));
}

type Settings = Pick<Config, 'roles' | 'teams' | 'plans' | 'default_plans'> & {
  readonly api_keys: Pick<Config['api_keys'], 'explicit_scopes'>;
};

export function createRights(config: Settings) {
  const { default_plans: defaults } = config;
  const accountRoles = readScopes(config.roles);
  const teamRoles = readScopes(config.teams.roles);
  const planScopes = readScopes(config.plans);
  const explicit = new Set(config.api_keys.explicit_scopes);

  // A role or a plan that the configuration has no longer gives nothing.
  function ofRole(roles: ReadonlyMap<string, Scopes>, role: string): Scopes {
    return roles.get(role) ?? NO_SCOPES;
  }

  function ofPlan(plan: string | undefined, fallback: string): Scopes {
    return planScopes.get(plan ?? fallback) ?? NO_SCOPES;
  }

  const plans = new Map(
    Object.entries(config.plans).map(([name, plan]): [string, Plan] => [
      name,
      {
        name,
        maxPersonalKeys: plan.max_personal_keys,
        maxTeamKeys: plan.max_team_keys,
        maxServiceAccounts: plan.max_service_accounts,
        maxMembers: plan.max_members,
        maxApps: plan.max_apps,
      },
    ]),
  );

  function describePlan(name: string): Plan {
    return plans.get(name) ?? { name, ...NO_PLAN };
  }

  function manages(role: string): boolean {
    return Object.hasOwn(config.teams.roles, role) && config.teams.roles[role]?.manages === true;
  }

  return {
    /** May this person hold that scope outside of any team? */
    mayHoldAlone({ role, isAdmin, plan }: Standing, scope: string): boolean {
      if (isManagement(scope)) return isAdmin;
      return has(ofRole(accountRoles, role), scope) && has(ofPlan(plan, defaults.person), scope);
    },

    /** May a member hold that scope on behalf of the team? */
    mayHoldInTeam({ role, plan }: TeamStanding, scope: string): boolean {
      return has(ofRole(teamRoles, role), scope) && has(ofPlan(plan, defaults.team), scope);
    },

    /** Is it among what `*` of a credential stands for? Administration never is: of this server, and what the operator calls so. */
    isMeantByAll: (scope: string): boolean => !explicit.has(scope) && !isManagement(scope),

    /** The ceiling of a team: names of scopes, or `*`. */
    listHeldByTeam(plan: string | undefined): readonly string[] {
      const { isAll, names } = ofPlan(plan, defaults.team);
      return isAll ? [EVERY_SCOPE] : [...names].filter((name) => !isManagement(name));
    },

    /** May the team itself hold it, whoever made the credential? */
    mayTeamHold: (plan: string | undefined, scope: string): boolean =>
      has(ofPlan(plan, defaults.team), scope),

    /** The plan of a person or a team, also where nothing was chosen for it. */
    planOfPerson: (plan: string | undefined): Plan => describePlan(plan ?? defaults.person),
    planOfTeam: (plan: string | undefined): Plan => describePlan(plan ?? defaults.team),

    isPlan: (name: string): boolean => planScopes.has(name),
    planNames: (): readonly string[] => [...planScopes.keys()],
    isTeamRole: (name: string): boolean => teamRoles.has(name),
    teamRoleNames: (): readonly string[] => [...teamRoles.keys()],

    /** Do members in this role manage the team: its members, invitations, keys and apps? */
    manages,

    /**
     * May whoever manages in the role `own` give `role` to others, or take it from them? Never more than they have
     * themselves: an owner is made by an owner, and the scopes are among their own.
     */
    mayGive(own: string, role: string): boolean {
      if (!manages(own)) return false;
      if (own === OWNER) return true;
      return role !== OWNER && isWithin(ofRole(teamRoles, role), ofRole(teamRoles, own));
    },
  };
}

export type Rights = ReturnType<typeof createRights>;
