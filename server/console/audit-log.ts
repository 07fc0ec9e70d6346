// /admin/audit: what happened, and by whom.
import { listAudit, type ShownEvent } from '../admin/audit-commands.ts';
import type { EventPlace } from '../audit/audit.ts';
import { type EventType, events } from '../audit/events.ts';
import { Refusal } from '../errors.ts';
import { type Asked, type ConsoleParts, type ConsoleRoute, cutPage } from './console-route.ts';

const PAGE = 50;
const ACCOUNT = 'account:';
const CLIENT = 'client:';
// They have no page of their own.
const unlinked: readonly string[] = ['trusted_issuer', 'service_account', 'removed'];

/** How a place stands in an address; a node's name is of letters, digits, - and _. */
function writePlace({ at_milliseconds: at, sequence, node }: ShownEvent): string {
  return `${at}.${sequence}.${node}`;
}

/** Undefined where it is none: the list begins at its beginning. */
function readPlace(text: string | undefined): EventPlace | undefined {
  const [, at, sequence, node] = /^(\d{1,15})\.(\d{1,15})\.([\w-]{1,100})$/.exec(text ?? '') ?? [];
  if (at === undefined || sequence === undefined || node === undefined) return undefined;
  return { atMilliseconds: Number(at), sequence: Number(sequence), node };
}

function actorOf({ actor }: ShownEvent, kind: string): string | undefined {
  return actor.startsWith(kind) ? actor.slice(kind.length) : undefined;
}

/** Each of them once, by id; who is no more is not among them. */
async function findAll<T>(
  ids: readonly (string | null | undefined)[],
  find: (id: string) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, T>> {
  const all = new Map<string, T>();
  for (const id of new Set(ids)) {
    const found = typeof id === 'string' ? await find(id) : undefined;
    if (typeof id === 'string' && found !== undefined) all.set(id, found);
  }
  return all;
}

type Names = Pick<ConsoleParts, 'accounts' | 'clients'>;

/** In words, with the addresses of the people and the names of the clients that they are about. */
export async function tellEvents({ accounts, clients }: Names, rows: readonly ShownEvent[]) {
  const accountIds = rows.flatMap((row) => [row.account_id, actorOf(row, ACCOUNT)]);
  const clientIds = rows.flatMap((row) => [row.client_id, actorOf(row, CLIENT)]);
  const foundAccounts = await findAll(accountIds, accounts.find);
  const foundClients = await findAll(clientIds, clients.find);

  function describePerson(id: string | null | undefined) {
    if (id === null || id === undefined) return undefined;
    return { id, email: foundAccounts.get(id)?.email, is_here: foundAccounts.has(id) };
  }

  function describeClient(id: string | null | undefined) {
    if (id === null || id === undefined) return undefined;
    const { name, type = 'removed' } = foundClients.get(id)?.registration ?? {};
    return { id, name, is_here: !unlinked.includes(type) };
  }

  return rows.map((row) => ({
    ...{ type: row.type, words: events[row.type as EventType] ?? row.type },
    ...{
      at: Math.floor(row.at_milliseconds / 1000),
      has_failed: row.outcome === 'failure',
      reason: row.reason,
    },
    ...{ person: describePerson(row.account_id), client: describeClient(row.client_id) },
    by: describePerson(actorOf(row, ACCOUNT)),
    by_client: describeClient(actorOf(row, CLIENT)),
    ...{ actor: row.actor, grant_id: row.grant_id, request_id: row.request_id },
    details: Object.entries(row.details).map(([name, value]) => ({ name, value: String(value) })),
  }));
}

/** Empty fields of the form are no filters. */
function readFilter({ query }: Asked) {
  const [type, account, client] = [query.type, query.account, query.client].map(
    (text) => text?.trim() || undefined,
  );
  return { type, account, client };
}

async function loadAudit(parts: ConsoleParts, asked: Asked) {
  const filter = readFilter(asked);
  const shown = { filter, types: Object.keys(events).sort(), is_later: asked.query.after !== undefined };
  try {
    const found = await listAudit(parts, { ...filter, after: readPlace(asked.query.after), limit: PAGE + 1 });
    const { rows, next } = cutPage(found, PAGE, writePlace);
    return { ...shown, events: await tellEvents(parts, rows), next };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const isUnknown = error.code === 'not_found';
    const words = isUnknown ? 'Nobody has this address.' : 'This is no filter of the audit log.';
    const param = filter.account?.includes('@') ? 'account' : 'type';
    return { ...shown, events: [], refusal: new Refusal(error.code, { words, param, cause: error }) };
  }
}

export const audit: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: 'audit', path: '/admin/audit', title: 'Audit log' },
    ...{ view: 'console/audit', load: loadAudit },
  },
];
