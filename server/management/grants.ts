// /v1/grants: what has access to the accounts of people.
import { z } from 'zod';
import { listGrants, revokeGrant, showGrant } from '../admin/grant-commands.ts';
import { parseGrantId } from '../grants/grants.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readCursor } from './pages.ts';
import { at, atOrNull } from './schemas.ts';

const LIST = 'grants';
const READ = 'latchkey:grants:read';
const ONE = '/v1/grants/{grant_id}';

const grant = z
  .strictObject({
    id: z.string(),
    account_id: z.string(),
    email: z.string().nullable(),
    client_id: z.string(),
    kind: z.enum(['authorization', 'device']),
    scope: z.string(),
    created_at: at('When it was given'),
    last_used_at: atOrNull('When it was last used'),
    expires_at: at('When it ends by itself'),
  })
  .meta({ id: 'Grant' });

const params = z.strictObject({ grant_id: z.string().max(100).describe('The id of a grant.') });
const place = z.tuple([z.string().refine((text) => parseGrantId(text) !== undefined)]);

const example = {
  ...{ id: 'grant_0ab12cd34ef', account_id: 'acct_Nn3IWkUuXqkpVpRDUkHhHg', email: 'ada@example.com' },
  ...{ client_id: 'client_4Yq1mX0Qw2bT', kind: 'authorization', scope: 'openid read:orders' },
  ...{ created_at: 1_790_000_000, last_used_at: null, expires_at: 1_792_592_000 },
};

export const grants: Noun = {
  name: 'Grants',
  operations: [
    operation({
      ...{ id: 'listGrants', method: 'get', path: '/v1/grants', scope: READ, status: 200 },
      summary: 'List live grants, the newest first',
      query: pageQuery({
        account: z.string().max(255).optional().describe('Of this account, by id or e-mail.'),
        client: z.string().max(255).optional().describe('Of this client.'),
      }),
      answer: pageOf('GrantList', grant),
      example: { answer: { data: [example], next: null } },
      async act(parts, { query: { limit, after, account, client } }) {
        const [last] = after === undefined ? [] : readCursor(LIST, after, place);
        const rows = await listGrants(parts, { account, client, after: last, limit: limit + 1 });
        const shown = rows as z.input<typeof grant>[];
        return answerPage(LIST, shown, { limit, placeOf: ({ id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'getGrant', method: 'get', path: ONE, scope: READ, status: 200 },
      summary: 'Show one grant',
      params,
      answer: grant,
      example: { answer: example },
      act: async (parts, { params: { grant_id: id } }) =>
        (await showGrant(parts, id)) as z.input<typeof grant>,
    }),
    operation({
      ...{ id: 'revokeGrant', method: 'delete', path: ONE, scope: 'latchkey:grants:write', status: 204 },
      summary: 'End a grant with all its tokens',
      params,
      async act(parts, { params: { grant_id: id } }) {
        await revokeGrant(parts, id);
        return undefined;
      },
    }),
  ],
};
