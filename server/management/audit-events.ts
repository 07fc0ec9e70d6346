// /v1/audit-events: what happened, and by whom.
import { z } from 'zod';
import { listAudit } from '../admin/audit-commands.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readCursor } from './pages.ts';

const LIST = 'audit-events';

const event = z
  .strictObject({
    at_milliseconds: z.int().describe('When, in milliseconds since 1970.'),
    type: z.string().describe('Of server/audit/events.ts; names change only by addition.'),
    actor: z.string().describe('account:…, client:…, operator (the command line), system or anonymous.'),
    account_id: z.string().nullable(),
    client_id: z.string().nullable(),
    grant_id: z.string().nullable(),
    outcome: z.enum(['success', 'failure']),
    reason: z.string().nullable(),
    request_id: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
    node: z.string().describe('The chain that it stands in.'),
    sequence: z.int().describe('Its place in that chain.'),
  })
  .meta({ id: 'AuditEvent' });

const place = z.tuple([z.int(), z.string().max(100), z.int()]);
const filter = (what: string) => z.string().max(255).optional().describe(what);

const example = {
  ...{
    at_milliseconds: 1_790_000_000_000,
    type: 'client.created',
    actor: 'client:console',
    account_id: null,
  },
  ...{ client_id: 'client_4Yq1mX0Qw2bT', grant_id: null, outcome: 'success', reason: null },
  ...{ request_id: 'Zk3v0r1Qb8yXw2Lt', details: { name: 'Shop' }, node: 'q1W2e3R4', sequence: 17 },
};

export const auditEvents: Noun = {
  name: 'Audit events',
  operations: [
    operation({
      ...{ id: 'listAuditEvents', method: 'get', path: '/v1/audit-events', status: 200 },
      scope: 'latchkey:audit:read',
      summary: 'Read the audit log, the newest first',
      query: pageQuery({
        account: filter('About this account, by id or e-mail.'),
        client: filter('About this client.'),
        type: filter('Of this type.'),
      }),
      answer: pageOf('AuditEventList', event),
      example: { answer: { data: [example], next: null } },
      async act(parts, { query: { limit, after, ...filters } }) {
        const [atMilliseconds, node, sequence] = after === undefined ? [] : readCursor(LIST, after, place);
        const last =
          atMilliseconds === undefined || node === undefined || sequence === undefined
            ? undefined
            : { atMilliseconds, node, sequence };
        const rows = await listAudit(parts, { ...filters, after: last, limit: limit + 1 });
        return answerPage(LIST, rows as z.input<typeof event>[], {
          limit,
          placeOf: (row) => [row.at_milliseconds, row.node, row.sequence],
        });
      },
    }),
  ],
};
