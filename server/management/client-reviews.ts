// /v1/clients/{client_id}/approval and /refusal: what a team asked for, decided by whoever has looked at it.
import { z } from 'zod';
import { approveClient, declineClient } from '../admin/app-review-commands.ts';
import { client, clientExample, clientParams } from './client-schemas.ts';
import { type Operation, operation } from './operations.ts';
import { checkReach } from './reach.ts';

const ONE = '/v1/clients/{client_id}';
const common = {
  scope: 'latchkey:clients:write',
  method: 'put',
  status: 200,
  params: clientParams,
  answer: client,
  example: { body: { revision: 'Zm9vYmFyYmF6cXV4' }, answer: clientExample },
} as const;

const revision = z
  .string()
  .max(64)
  .describe(
    '`revision` of the client as you looked at it: what its team changed since is not allowed unseen.',
  );
const approval = z.strictObject({ revision }).meta({ id: 'ClientApproval' });
const refusal = z
  .strictObject({ revision, reason: z.string().max(500).optional().describe('The team reads it.') })
  .meta({ id: 'ClientRefusal' });

export const clientReviews: readonly Operation[] = [
  operation({
    ...{ ...common, id: 'approveClient', path: `${ONE}/approval`, body: approval },
    summary: 'Let a team have what it asked for',
    description:
      'The app is allowed, or the change of it is in force. 409 where it is another revision by now.',
    async act(parts, { params: { client_id: id }, body, caller }) {
      checkReach(caller, (await parts.clients.get(id)).registration.scopes);
      return (await approveClient(parts, id, body)) as z.input<typeof client>;
    },
  }),
  operation({
    ...{ ...common, id: 'declineClient', path: `${ONE}/refusal`, body: refusal },
    summary: 'Decline what a team asked for',
    description: 'What is in force stays so; an app that was never allowed is blocked.',
    async act(parts, { params: { client_id: id }, body, caller }) {
      checkReach(caller, (await parts.clients.get(id)).registration.scopes);
      return (await declineClient(parts, id, body)) as z.input<typeof client>;
    },
  }),
];
