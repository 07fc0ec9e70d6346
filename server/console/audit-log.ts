// /admin/audit: what happened, and by whom.
import { listAudit, type ShownEvent } from '../admin/audit-commands.ts';
import type { EventPlace } from '../audit/audit.ts';
import { events, type EventType } from '../audit/events.ts';
import { Refusal } from '../errors.ts';
import { type Asked, type ConsoleParts, type ConsoleRoute, cutPage } from './console-route.ts';

const PAGE = 50;
const ACCOUNT = 'account:';

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

function actingAccount({ actor }: ShownEvent): string | undefined {
  return actor.startsWith(ACCOUNT) ? actor.slice(ACCOUNT.length) : undefined;
}

/** In words, with the addresses of the people that they name; whoever is deleted has none. */
export async function tellEvents({ accounts }: Pick<ConsoleParts, 'accounts'>, rows: readonly ShownEvent[]) {
  const ids = new Set(rows.flatMap((row) => [row.account_id, actingAccount(row)]).filter((id) => id != null));
  const found = await Promise.all([...ids].map((id) => accounts.find(id)));
  const emails = new Map(found.filter((one) => one !== undefined).map(({ id, email }) => [id, email]));

  function describePerson(id: string | null | undefined) {
    return id == null ? undefined : { id, email: emails.get(id), is_here: emails.has(id) };
  }

  return rows.map((row) => ({
    ...{ type: row.type, words: events[row.type as EventType] ?? row.type },
    ...{ at: Math.floor(row.at_milliseconds / 1000), has_failed: row.outcome === 'failure', reason: row.reason },
    ...{ actor: row.actor, by: describePerson(actingAccount(row)), person: describePerson(row.account_id) },
    ...{ client_id: row.client_id, grant_id: row.grant_id, request_id: row.request_id },
    details: Object.entries(row.details).map(([name, value]) => ({ name, value: String(value) })),
  }));
}

/** Empty fields of the form are no filters. */
function readFilter({ query }: Asked) {
  const [type, account, client] = [query.type, query.account, query.client].map((text) => text?.trim() || undefined);
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
    return { ...shown, events: [], refusal: error };
  }
}

export const audit: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: 'audit', path: '/admin/audit', title: 'Audit log' },
    ...{ view: 'console/audit', load: loadAudit },
  },
];
