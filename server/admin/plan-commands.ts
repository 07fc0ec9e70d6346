// What an operator may see of plans: they stand in the configuration, and are changed there. The JSON API calls the same functions.
import type { AdminParts } from './parts.ts';

export type ShownPlan = {
  name: string;
  scopes: string[];
  max_personal_keys: number;
  max_team_keys: number;
  max_service_accounts: number;
  max_members: number;
  max_apps: number;
  /** Of whom it is the plan where none was chosen. */
  default_for: ('person' | 'team')[];
};

/** By name, at most `limit`, after the name `after`. */
export function listPlans(
  { config }: Pick<AdminParts, 'config'>,
  page: { after: string; limit: number },
): ShownPlan[] {
  const { plans, default_plans: defaults } = config;
  return Object.entries(plans)
    .filter(([name]) => name > page.after)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, page.limit)
    .map(([name, { scopes, ...numbers }]) => ({
      ...{ name, scopes: [...scopes], ...numbers },
      default_for: (['person', 'team'] as const).filter((holder) => defaults[holder] === name),
    }));
}
