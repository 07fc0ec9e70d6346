// Shapes that teams, their members and their invitations share.
import { z } from 'zod';

export const READ = 'latchkey:teams:read';
export const WRITE = 'latchkey:teams:write';
export const ALL = '/v1/teams';
export const ONE = `${ALL}/{team_id}`;

export const teamParams = z.strictObject({ team_id: z.string().max(100).describe('The id of a team.') });

export const accountId = z
  .string()
  .regex(/^[^@]{1,255}$/, 'must be an id')
  .describe('The id of an account.');

export const teamRole = z.string().max(64).describe('A role of `teams.roles` in the configuration.');

export const exampleIds = {
  team: 'team_9dKs0Qm3Lw7eT1aaBcDeFg',
  ada: 'acct_Nn3IWkUuXqkpVpRDUkHhHg',
};
