// /v1/client-requests: ids that nobody registered and that came asking. One that is approved may pair devices (RFC 8628).
import type { z } from 'zod';
import { allowClient, describeRequest } from '../admin/client-commands.ts';
import { Refusal } from '../errors.ts';
import { client, clientExample, clientParams, clientRequest } from './client-schemas.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';

const LIST = 'client-requests';
const waiting = { client_id: 'acme-cli', first_at: 1_790_000_000, last_at: 1_790_000_300, count: 4 };

export const clientRequests: Noun = {
  name: 'Requests of clients',
  operations: [
    operation({
      ...{ id: 'listClientRequests', method: 'get', path: '/v1/client-requests', status: 200 },
      scope: 'latchkey:clients:read',
      summary: 'List ids that came asking, by id',
      query: pageQuery({}),
      answer: pageOf('ClientRequestList', clientRequest),
      example: { answer: { data: [waiting], next: null } },
      async act({ clients }, { query: { limit, after } }) {
        const page = { after: readIdCursor(LIST, after), limit: limit + 1 };
        const rows = (await clients.listRequestsById(page)).map(describeRequest);
        return answerPage(LIST, rows, { limit, placeOf: ({ client_id: id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'approveClientRequest', method: 'put', status: 200 },
      path: '/v1/client-requests/{client_id}/approval',
      scope: 'latchkey:clients:write',
      summary: 'Let one pair devices',
      description:
        'It becomes a public device client for every scope of the default API. It need not have asked yet.',
      params: clientParams,
      answer: client,
      example: {
        answer: {
          ...{ ...clientExample, client_id: 'acme-cli', name: 'acme-cli', type: 'native', auth: 'none' },
          ...{ secrets: [], redirect_uris: [], scopes: ['*'], default_scopes: ['*'] },
          grants: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        },
      },
      async act(parts, { params: { client_id: id } }) {
        const found = await parts.clients.find(id);
        // Saying it twice is saying it once; a block is taken away by its own name.
        if (found?.registration.scopes.includes('*') !== true && found !== undefined) {
          throw new Refusal('already_exists', { words: `${id} is a client already.`, param: 'client_id' });
        }
        return (await allowClient(parts, id)) as z.input<typeof client>;
      },
    }),
  ],
};
