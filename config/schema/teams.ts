// What people may hand on, alone and in teams: `roles`, `teams`, `plans`, `default_plans`.
import { z } from 'zod';
import { flag, reads, whole } from './elements.ts';
import { everyScope, grantTypes, ownName, scopeName } from './names.ts';

export const role = z.strictObject({
  scopes: z.array(scopeName).describe('Scopes that a person in this role may hand on; `*` is all.'),
});

const teamRole = z.strictObject({
  scopes: z
    .array(scopeName)
    .describe('Scopes that a member in this role may hand on for the team, within its plan; `*` is all.'),
  manages: flag(
    false,
    'Do they manage the team: members, invitations, keys and apps? Nobody gives a role beyond their own.',
  ),
});

const teamApps = z.strictObject({
  enabled: flag(
    true,
    'May those who manage a team register apps for it? Each waits until an operator has allowed it.',
  ),
  grants: z
    .array(z.enum(grantTypes).exclude(['urn:ietf:params:oauth:grant-type:jwt-bearer']))
    .default(['authorization_code', 'refresh_token'])
    .describe('The grants that such an app may ask for; one that was allowed keeps what it has.'),
  scopes: z
    .array(scopeName)
    .default(['openid', 'profile', 'email', 'offline_access'])
    .describe(
      'The scopes that it may ask for; `*` is every scope of every API, but never a right over this server.',
    ),
});

export const teams = z
  .strictObject({
    apps: teamApps.prefault({}),
    made_by_people: flag(true, 'May people make teams themselves? Otherwise an operator makes them.'),
    max_owned: whole(20, 'Teams that one person may make: each sends invitations to strangers.', {
      max: 10_000,
    }),
    roles: z
      .record(ownName, teamRole)
      .prefault({
        owner: { scopes: everyScope, manages: true },
        admin: { scopes: everyScope, manages: true },
        member: { scopes: everyScope, manages: false },
      })
      .describe('Roles within a team. `owner` must be there and manage: every team has one.'),
  })
  .refine(({ roles }) => roles.owner?.manages === true, {
    path: ['roles'],
    error: 'must have owner, with manages: true',
    when: reads('roles'),
  });

export const plan = z.strictObject({
  scopes: z
    .array(scopeName)
    .default(everyScope)
    .describe('No more than these, whatever the role; `*` is all.'),
  max_personal_keys: whole(100, 'Personal API keys of one person on this plan; 0 is none.', {
    min: 0,
    max: 10_000,
  }),
  max_team_keys: whole(100, 'API keys of one team on this plan; 0 is none.', { min: 0, max: 10_000 }),
  max_service_accounts: whole(100, 'Service accounts of one team on this plan; 0 is none.', {
    min: 0,
    max: 10_000,
  }),
  max_members: whole(500, 'Members of one team on this plan.', { max: 10_000 }),
  max_apps: whole(
    10,
    'Apps (OAuth clients) of one team on this plan, those that wait among them; 0 is none.',
    {
      min: 0,
      max: 10_000,
    },
  ),
});

export const defaultPlans = z.strictObject({
  person: ownName.default('standard').describe('The plan of a person for whom none was chosen.'),
  team: ownName.default('standard').describe('The same for a team.'),
});

export function refineDefaultPlans(
  { plans, default_plans: chosen }: { plans: object; default_plans: { person: string; team: string } },
  context: z.RefinementCtx,
): void {
  for (const holder of ['person', 'team'] as const) {
    if (Object.hasOwn(plans, chosen[holder])) continue;
    const message = 'must stand in plans';
    context.addIssue({ code: 'custom', path: ['default_plans', holder], message });
  }
}
