// /admin/people: who is here, and one person with what is theirs. The acts are those of `latchkey accounts` and `grants`.
import type { Account } from '../accounts/accounts.ts';
import {
  describeAccount,
  disableAccount,
  enableAccount,
  endAccountSessions,
  type ShownAccount,
} from '../admin/account-commands.ts';
import { listKeys, revokeKey } from '../admin/api-key-commands.ts';
import { listGrants, revokeGrant, type ShownGrant, showGrant } from '../admin/grant-commands.ts';
import { Refusal } from '../errors.ts';
import { Conflict } from '../storage/faults.ts';
import { asOperator } from '../teams/admission.ts';
import { paramOf } from '../web/parameters.ts';
import { type Asked, type ConsoleParts, type ConsoleRoute, cutPage } from './console-route.ts';
import { createConsoleStore, fold, MOST_NAMES, type PeopleFilter } from './store.ts';

const SECTION = 'people';
const ONE = '/admin/people/:account';
const PAGE = 25;
const MOST_FOUND = 50;
const MOST_SHOWN = 50;
const filters: readonly PeopleFilter[] = ['everybody', 'administrators', 'disabled'];

/** Those who are still there, in this order. */
export async function listAccountsById(
  { accounts }: Pick<ConsoleParts, 'accounts'>,
  ids: readonly string[],
): Promise<ShownAccount[]> {
  const found = await Promise.all(ids.map((id) => accounts.find(id)));
  return found.filter((account) => account !== undefined).map(describeAccount);
}

/** By the beginning of an address, a part of a name, or an id: each person once. */
async function findPeople(parts: ConsoleParts, wanted: string): Promise<string[]> {
  const store = createConsoleStore(parts.database);
  const found = [
    ...(await store.searchPeople(fold(wanted), MOST_FOUND + 1)),
    ...(await store.searchNames(fold(wanted), MOST_FOUND + 1)),
    wanted.trim(),
  ];
  return [...new Set(found)];
}

async function loadPeople(parts: ConsoleParts, { query }: Asked) {
  const store = createConsoleStore(parts.database);
  const wanted = query.search ?? '';
  const filter = filters.find((one) => one === query.show) ?? 'everybody';
  const counts = await store.countPeople();
  if (wanted.trim() !== '') {
    const people = await listAccountsById(parts, await findPeople(parts, wanted));
    const found = { people: people.slice(0, MOST_FOUND), has_more: people.length > MOST_FOUND };
    return { ...found, search: wanted, filter: 'everybody', counts, most_names: MOST_NAMES };
  }
  const ids = await store.listPeople({ filter, after: query.after ?? '', limit: PAGE + 1 });
  const { rows, next } = cutPage(ids, PAGE, (id) => id);
  return {
    people: await listAccountsById(parts, rows),
    ...{ filter, counts, most_names: MOST_NAMES },
    next,
    is_later: query.after !== undefined,
  };
}

/** One by one, as a page shows them. */
export function withScopes(grant: ShownGrant) {
  return { ...grant, scopes: grant.scope.split(' ').filter((name) => name !== '') };
}

/** By its id alone: an address in the path would stand in every log on the way. */
async function getPerson({ accounts }: ConsoleParts, asked: Asked): Promise<Account> {
  const account = await accounts.find(paramOf(asked, 'account'));
  if (account === undefined) throw new Refusal('not_found', { words: 'There is no such account.' });
  return account;
}

async function subjectOf(parts: ConsoleParts, asked: Asked): Promise<string> {
  return (await getPerson(parts, asked)).email;
}

async function listAccess(parts: ConsoleParts, id: string) {
  const grants = await listGrants(parts, { account: id, limit: MOST_SHOWN });
  return Promise.all(
    grants.map(async (grant) => {
      const client = await parts.clients.find(grant.client_id);
      const name = client?.registration.name ?? grant.client_id;
      return { ...withScopes(grant), client: { id: grant.client_id, name } };
    }),
  );
}

async function loadPerson(parts: ConsoleParts, asked: Asked) {
  const account = await getPerson(parts, asked);
  const { id } = account;
  const ofThem = { account: id, before: undefined, limit: MOST_SHOWN };
  const keys = await listKeys(parts, asOperator(asked.who.actor), ofThem);
  return {
    title: account.email,
    person: describeAccount(account),
    is_own: id === asked.who.accountId,
    sessions: await parts.sessions.listOf(id),
    grants: await listAccess(parts, id),
    keys: keys.filter(({ state }) => state === 'active' || state === 'disabled'),
    teams: await parts.teams.listOf(id),
  };
}

/** Whoever disables must still administer when it is done: so one is always left, however many press at once. */
async function disablePerson(parts: ConsoleParts, asked: Asked): Promise<void> {
  const { accountId } = asked.who;
  if (paramOf(asked, 'account') === accountId) {
    const words = 'You cannot disable your own account. Ask another administrator.';
    throw new Refusal('conflict', { words });
  }
  try {
    const { id } = await getPerson(parts, asked);
    await disableAccount(parts, id, () => parts.accounts.holdAdministrator(accountId));
  } catch (error) {
    if (!(error instanceof Conflict) || error.label !== 'administrator') throw error;
    throw new Refusal('conflict', { words: 'You are no administrator any more.', cause: error });
  }
}

/** The grant is of this person, or there is none. */
async function getGrant(parts: ConsoleParts, asked: Asked) {
  const grant = await showGrant(parts, paramOf(asked, 'grant'));
  if (grant.account_id === paramOf(asked, 'account')) return grant;
  throw new Refusal('not_found');
}

async function getKey(parts: ConsoleParts, asked: Asked) {
  const key = await parts.apiKeys.get(asOperator(asked.who.actor), paramOf(asked, 'key'));
  const { owner } = key;
  if (owner.kind === 'personal' && owner.accountId === paramOf(asked, 'account')) return key;
  throw new Refusal('not_found');
}

function from({ account = '' }: Asked['params']): string {
  return `/admin/people/${encodeURIComponent(account)}`;
}

const act = { kind: 'act', section: SECTION, from } as const;

export const people: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: SECTION, path: '/admin/people', title: 'People' },
    ...{ view: 'console/people', load: loadPeople },
  },
  {
    ...{ kind: 'page', section: SECTION, path: ONE, title: 'Person' },
    ...{ view: 'console/person', load: loadPerson },
  },
  {
    ...{ ...act, path: `${ONE}/disable` },
    question: {
      title: 'Disable this account?',
      words:
        'Nobody can sign in to it any more. Its sessions end, and apps and devices lose their access at once and for good. Its API keys rest until the account is enabled again.',
      button: 'Disable the account',
      subject: subjectOf,
    },
    act: disablePerson,
  },
  {
    ...{ ...act, path: `${ONE}/enable` },
    act: async (parts, asked) => enableAccount(parts, (await getPerson(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/end-sessions` },
    question: {
      title: 'Sign this person out everywhere?',
      words:
        'They must sign in again in every browser. Apps and devices that they allowed go on: revoke those one by one.',
      button: 'Sign out everywhere',
      subject: subjectOf,
    },
    act: async (parts, asked) => endAccountSessions(parts, (await getPerson(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/grants/:grant/revoke` },
    question: {
      title: 'Take this access away?',
      words: 'Its tokens are dead at once. The app or device must ask the person again.',
      button: 'Revoke the access',
      subject: async (parts, asked) => (await getGrant(parts, asked)).client_id,
    },
    act: async (parts, asked) => revokeGrant(parts, (await getGrant(parts, asked)).id),
  },
  {
    ...{ ...act, path: `${ONE}/keys/:key/revoke` },
    question: {
      title: 'Revoke this API key?',
      words: 'It is dead at once and for good. Whatever uses it stops working.',
      button: 'Revoke the key',
      subject: async (parts, asked) => (await getKey(parts, asked)).name,
    },
    act: async (parts, asked) =>
      revokeKey(parts, asOperator(asked.who.actor), (await getKey(parts, asked)).id),
  },
];
