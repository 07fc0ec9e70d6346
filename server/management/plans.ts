// /v1/plans: ceilings for people and teams. They stand in the configuration, and are changed there.
import { z } from 'zod';
import { listPlans } from '../admin/plan-commands.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';

const LIST = 'plans';

const plan = z
  .strictObject({
    name: z.string(),
    scopes: z.array(z.string()).describe('No more than these, whatever the role; `*` is all.'),
    max_personal_keys: z.int().min(0).describe('API keys of one person.'),
    max_team_keys: z.int().min(0).describe('API keys of one team.'),
    max_service_accounts: z.int().min(0).describe('Service accounts of one team.'),
    max_members: z.int().min(1).describe('Members of one team.'),
    max_apps: z.int().min(0).describe('Apps (OAuth clients) of one team.'),
    default_for: z.array(z.enum(['person', 'team'])).describe('For whom it counts where none was chosen.'),
  })
  .meta({ id: 'Plan' });

const standard = {
  ...{ name: 'standard', scopes: ['*'], max_personal_keys: 100, max_team_keys: 100 },
  ...{ max_service_accounts: 100, max_members: 500, max_apps: 10 },
  default_for: ['person' as const, 'team' as const],
};

export const plans: Noun = {
  name: 'Plans',
  operations: [
    operation({
      ...{ id: 'listPlans', method: 'get', path: '/v1/plans', scope: 'latchkey:plans:read', status: 200 },
      summary: 'List plans, by name',
      query: pageQuery({}),
      answer: pageOf('PlanList', plan),
      example: { answer: { data: [standard], next: null } },
      async act(parts, { query: { limit, after } }) {
        const rows = listPlans(parts, { after: readIdCursor(LIST, after), limit: limit + 1 });
        return answerPage(LIST, rows, { limit, placeOf: ({ name }) => [name] });
      },
    }),
  ],
};
