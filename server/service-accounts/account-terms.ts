// What a new service account may be given: of people never more than its team may have now (row G06). Pure.
import { Refusal } from '../errors.ts';
import type { Resource } from '../resources/resources.ts';
import { EVERY_SCOPE, type Rights } from '../teams/rights.ts';
import type { Team } from '../teams/team.ts';
import type { AccountRegistration } from './account-registration.ts';

/** Whose it is: of a team, or of the operator, who may put it on a plan. */
export type Owner = { readonly teamId?: string | undefined; readonly plan?: string | undefined };

type Judges = {
  readonly resources: readonly Resource[];
  readonly rights: Pick<Rights, 'mayTeamHold'>;
  /** Where a person gives it. An operator may give what comes later: it is cut at each use. */
  readonly team: Team | undefined;
};

/** Refuses with invalid_request. */
export function checkTerms(
  { trust, scopes }: AccountRegistration,
  { resources, rights, team }: Judges,
): void {
  const { resource } = trust;
  const good = resource === undefined ? resources : resources.filter((one) => one.identifier === resource);
  if (resource !== undefined && good.length === 0)
    throw new Refusal('invalid_request', {
      ...{ words: 'There is no API {resource}.', values: { resource: resource.slice(0, 200) } },
      param: 'resource',
    });
  if (team === undefined) return;
  const known = new Set(good.flatMap(({ registration }) => Object.keys(registration.scopes)));
  // What `*` stands for is cut at each use, as for API keys.
  for (const scope of scopes.filter((one) => one !== EVERY_SCOPE)) {
    const values = { scope: scope.slice(0, 100) };
    if (!rights.mayTeamHold(team.plan, scope))
      throw new Refusal('invalid_request', {
        ...{ words: 'The team may not have the scope {scope}.', values, param: 'scope' },
      });
    if (!known.has(scope))
      throw new Refusal('invalid_request', {
        ...{ words: 'No API of these has the scope {scope}.', values, param: 'scope' },
      });
  }
}

/** Refuses with invalid_request a plan that is none, and one for what is on the plan of its team. */
export function checkPlan({ teamId, plan }: Owner, rights: Pick<Rights, 'isPlan'>): void {
  if (plan === undefined || (teamId === undefined && rights.isPlan(plan))) return;
  if (teamId !== undefined)
    throw new Refusal('invalid_request', {
      words: 'A service account of a team is on its plan.',
      param: 'plan',
    });
  throw new Refusal('invalid_request', {
    ...{ words: 'There is no plan {plan}.', values: { plan: plan.slice(0, 100) }, param: 'plan' },
  });
}
