// /admin/clients and /admin/requests: who may ask for tokens, and who came asking. The acts are those of `latchkey clients`.
import { approveClient, declineClient, listAskingClients } from '../admin/app-review-commands.ts';
import {
  allowClient,
  blockClient,
  describeClient,
  listClientRequests,
  rotateClientSecret,
  type ShownClient,
  unverifyClient,
  verifyClient,
} from '../admin/client-commands.ts';
import { listGrants } from '../admin/grant-commands.ts';
import type { Client } from '../clients/clients.ts';
import { needsSecret } from '../clients/secrets.ts';
import { Refusal } from '../errors.ts';
import { isSameList } from '../team-apps/widening.ts';
import { paramOf } from '../web/parameters.ts';
import { type Asked, type ConsoleParts, type ConsoleRoute, cutPage } from './console-route.ts';
import { withScopes } from './people.ts';
import { type ClientFilter, createConsoleStore } from './store.ts';

const SECTION = 'clients';
const ONE = '/admin/clients/:client';
const PAGE = 25;
const MOST_GRANTS = 20;
const MOST_REQUESTS = 200;
const filters: readonly ClientFilter[] = ['all', 'asking', 'allowed', 'blocked'];
// They have pages of their own.
const elsewhere: readonly string[] = ['trusted_issuer', 'service_account'];

async function loadClients(parts: ConsoleParts, { query }: Asked) {
  const filter = filters.find((one) => one === query.show) ?? 'all';
  const store = createConsoleStore(parts.database);
  const ids = await store.listClients({ filter, after: query.after ?? '', limit: PAGE + 1 });
  const { rows, next } = cutPage(ids, PAGE, (id) => id);
  const found = await Promise.all(rows.map((id) => parts.clients.find(id)));
  const clients = found.filter((client) => client !== undefined).map(describeClient);
  return { clients, filter, next, is_later: query.after !== undefined };
}

async function getClient({ clients }: ConsoleParts, asked: Asked): Promise<Client> {
  const client = await clients.get(paramOf(asked, 'client'));
  if (!elsewhere.includes(client.registration.type)) return client;
  throw new Refusal('not_found', { words: 'There is no such client.' });
}

async function subjectOf(parts: ConsoleParts, asked: Asked): Promise<string> {
  return (await getClient(parts, asked)).registration.name;
}

async function loadClient(parts: ConsoleParts, asked: Asked) {
  const client = await getClient(parts, asked);
  const isOwn = client.source === 'database';
  const shown = describeClient(client);
  const registrar = await parts.accounts.find(shown.registered_by ?? '');
  const grants = await listGrants(parts, { account: undefined, client: client.id, limit: MOST_GRANTS });
  return {
    title: client.registration.name,
    client: { ...shown, registered_by: registrar?.email },
    changes: listChanges(shown),
    may_rotate: isOwn && needsSecret(client.registration.auth),
    may_verify: isOwn && client.registration.type !== 'resource_server',
    grants: grants.map(withScopes),
  };
}

/** Where what a team wants differs from what is in force. */
function listChanges(shown: ShownClient) {
  const { proposal } = shown;
  if (proposal === null) return [];
  return Object.entries(proposal).flatMap(([field, wanted]) => {
    const [before, after] = [shown[field as keyof typeof proposal], wanted].map((one) => [one ?? []].flat());
    return isSameList(before, after) ? [] : [{ field, before, after }];
  });
}

async function checkUnknown({ clients }: ConsoleParts, id: string): Promise<void> {
  // To allow a client that was blocked is another decision, made on its own page.
  if ((await clients.find(id)) === undefined) return;
  throw new Refusal('already_exists', { words: 'This client is registered already.' });
}

function from({ client = '' }: Asked['params']): string {
  return `/admin/clients/${encodeURIComponent(client)}`;
}

const act = { kind: 'act', section: SECTION, from } as const;

export const clients: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: SECTION, path: '/admin/clients', title: 'Clients' },
    ...{ view: 'console/clients', load: loadClients },
  },
  {
    ...{ kind: 'page', section: SECTION, path: ONE, title: 'Client' },
    ...{ view: 'console/client', load: loadClient },
  },
  {
    ...{ ...act, path: `${ONE}/block` },
    question: {
      title: 'Block this client?',
      words:
        'It gets no tokens any more, and everything issued to it is dead at once. When it is allowed again, people and devices must connect it anew.',
      button: 'Block the client',
      subject: subjectOf,
    },
    act: async (parts, asked) => blockClient(parts, (await getClient(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/allow` },
    act: async (parts, asked) => allowClient(parts, (await getClient(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/approval/:revision` },
    act: async (parts, asked) =>
      approveClient(parts, (await getClient(parts, asked)).id, { revision: paramOf(asked, 'revision') }),
  },
  {
    ...{ ...act, path: `${ONE}/refusal/:revision` },
    act: async (parts, asked) =>
      declineClient(parts, (await getClient(parts, asked)).id, {
        ...{ revision: paramOf(asked, 'revision'), reason: asked.form.reason },
      }),
  },
  {
    ...{ ...act, path: `${ONE}/verify` },
    act: async (parts, asked) => verifyClient(parts, (await getClient(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/unverify` },
    act: async (parts, asked) => unverifyClient(parts, (await getClient(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/rotate-secret` },
    question: {
      title: 'Make another secret?',
      words:
        'You see it once, on the next page. The secret of today stays good for a day, so that you can exchange it without a pause; older ones end now.',
      button: 'Make another secret',
      subject: subjectOf,
    },
    answer: { view: 'console/secret', title: 'Another secret' },
    act: async (parts, asked) => rotateClientSecret(parts, (await getClient(parts, asked)).id),
  },
];

export const requests: readonly ConsoleRoute[] = [
  {
    ...{
      kind: 'page',
      section: 'requests',
      path: '/admin/requests',
      title: 'Requests',
      view: 'console/requests',
    },
    load: async (parts) => ({
      requests: await listClientRequests(parts, { limit: MOST_REQUESTS }),
      asking: await listAskingClients(parts, { limit: MOST_REQUESTS }),
    }),
  },
  {
    ...{ kind: 'act', section: 'requests', path: '/admin/requests/:client/allow' },
    from: () => '/admin/requests',
    async act(parts, asked) {
      await checkUnknown(parts, paramOf(asked, 'client'));
      return allowClient(parts, paramOf(asked, 'client'));
    },
  },
];
