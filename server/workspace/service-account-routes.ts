// /teams/:team/service-accounts: machines of a team, for those who manage it. The acts are those of server/service-accounts.
import { cleanName } from '../accounts/person-name.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type AccountChange, changeServiceAccount } from '../service-accounts/account-change.ts';
import { addAccountKey, createServiceAccount } from '../service-accounts/account-making.ts';
import type { GoogleCredentials } from '../service-accounts/credentials.ts';
import { checkKey, type ServiceAccount } from '../service-accounts/service-account.ts';
import { paramOf } from '../web/parameters.ts';
import { readNewAccount, readNewKey, readScopes } from './service-account-form.ts';
import {
  getAccount,
  loadAccount,
  loadAccounts,
  loadFile,
  loadNewAccount,
  loadWidening,
  pathOfAccount,
  pathOfAccounts,
  writeFile,
} from './service-account-pages.ts';
import type {
  ActRoute,
  Asked,
  PageRoute,
  QuestionRoute,
  WorkspaceParts,
  WorkspaceRoute,
} from './workspace-route.ts';

const LIST = '/teams/:team/service-accounts';
const ONE = `${LIST}/:machine`;
const KEY = `${ONE}/keys/:kid`;

const list: PageRoute = {
  ...{ kind: 'page', path: LIST, view: 'workspace/service-accounts', title: 'Service accounts' },
  load: loadAccounts,
};
const making: PageRoute = {
  ...{ kind: 'page', path: `${LIST}/new`, view: 'workspace/new-service-account', isFresh: true },
  ...{ title: 'New service account', load: loadNewAccount },
};
const one: PageRoute = {
  ...{ kind: 'page', path: ONE, view: 'workspace/service-account', title: 'Service account' },
  load: loadAccount,
};
const file: PageRoute = {
  ...{ kind: 'page', path: `${ONE}/file/:ticket`, view: 'workspace/service-account-file', isFresh: true },
  ...{ title: 'Save the file now', load: loadFile },
};

const widening: PageRoute = {
  ...{ kind: 'page', path: `${ONE}/widening`, view: 'workspace/widen-service-account', isFresh: true },
  ...{ title: 'Let it do more', load: loadWidening },
};

type Made = { id: string; credentials?: GoogleCredentials };

/** Keeps the file in the unit that made the key, and answers the page that offers it; without one that of the account. */
async function offerFile(
  { reveals }: WorkspaceParts,
  { account, params }: Asked,
  make: (keep: (made: Made) => void) => Promise<unknown>,
): Promise<string> {
  let path = '';
  await make(({ id, credentials }) => {
    path = pathOfAccount(params, id);
    if (credentials === undefined) return;
    path += `/file/${reveals.keep(account.id, id, writeFile(credentials))}`;
  });
  return path;
}

function createAccount(parts: WorkspaceParts, asked: Asked): Promise<string> {
  const wanted = { ...readNewAccount(asked.form), teamId: paramOf(asked, 'team') };
  return offerFile(parts, asked, (keep) =>
    createServiceAccount(parts, wanted, { actor: asked.actor, alsoInUnit: keep }),
  );
}

async function addKey(parts: WorkspaceParts, asked: Asked): Promise<string> {
  const account = await getAccount(parts, asked);
  const { id } = account;
  return offerFile(parts, asked, (keep) =>
    addAccountKey(
      parts,
      { account, ...readNewKey(asked.form) },
      { actor: asked.actor, alsoInUnit: (added) => keep({ id, ...added }) },
    ),
  );
}

function refuseWidening(): never {
  throw new Refusal('invalid_request', { words: 'It never gets more here.', param: 'scope' });
}

async function change(
  parts: WorkspaceParts,
  asked: Asked,
  read: (before: ServiceAccount) => AccountChange & { checkWidening?: () => void },
): Promise<string> {
  const account = await getAccount(parts, asked);
  const { checkWidening = refuseWidening, ...wanted } = read(account);
  await changeServiceAccount(parts, { account, change: wanted }, { actor: asked.actor, checkWidening });
  return pathOfAccount(asked.params);
}

/** Back to the page of the account, after an act on it. */
function onAccount(path: string, act: (parts: WorkspaceParts, asked: Asked) => Promise<unknown>): ActRoute {
  return {
    ...{ kind: 'act', path, shownOn: one },
    async act(parts, asked) {
      await act(parts, asked);
      return pathOfAccount(asked.params);
    },
  };
}

const nameOfAccount = async (parts: WorkspaceParts, asked: Asked) => (await getAccount(parts, asked)).name;

async function nameOfKey(parts: WorkspaceParts, asked: Asked): Promise<string> {
  const kid = paramOf(asked, 'kid');
  checkKey(await getAccount(parts, asked), kid);
  return kid;
}

const question = { kind: 'question', section: 'teams', back: pathOfAccount } as const;

const questions: readonly QuestionRoute[] = [
  {
    ...{ ...question, path: `${KEY}/removal`, subject: nameOfKey },
    title: 'Remove this key?',
    words: 'What it signed and got is dead at once. Whoever signs with it needs another one first.',
    button: 'Remove the key',
    async act(parts, asked) {
      const account = await getAccount(parts, asked);
      await parts.serviceAccounts.removeKey(account, paramOf(asked, 'kid'), asked.actor);
      return pathOfAccount(asked.params);
    },
  },
  {
    ...{ ...question, path: `${ONE}/not-before`, subject: nameOfAccount },
    title: 'End all its tokens?',
    words:
      'Everything that it signed and got until now is dead at once. With its keys it goes on and signs anew.',
    button: 'End all tokens',
    async act(parts, asked) {
      const account = await getAccount(parts, asked);
      await parts.serviceAccounts.endBefore(account, nowSeconds() + 1, asked.actor);
      return pathOfAccount(asked.params);
    },
  },
  {
    ...{ ...question, path: `${ONE}/disabling`, subject: nameOfAccount },
    title: 'Disable this service account?',
    words:
      'Everything that it signed or got is dead at once and for good. When it is enabled again, it signs anew.',
    button: 'Disable the service account',
    async act(parts, asked) {
      await parts.serviceAccounts.disable(await getAccount(parts, asked), asked.actor);
      return pathOfAccount(asked.params);
    },
  },
  {
    ...{ ...question, path: `${ONE}/deletion`, subject: nameOfAccount },
    title: 'Delete this service account?',
    words: 'It ends for good with its keys, and everything that it signed or got is dead at once.',
    button: 'Delete the service account',
    async act(parts, asked) {
      await parts.serviceAccounts.remove(await getAccount(parts, asked), asked.actor);
      return pathOfAccounts(asked.params);
    },
  },
];

export const serviceAccountRoutes: readonly WorkspaceRoute[] = [
  ...[list, making, one, file, widening],
  { ...{ kind: 'act', path: making.path, shownOn: making, isFresh: true }, act: createAccount },
  {
    ...{ kind: 'act', path: widening.path, shownOn: widening, isFresh: true },
    act: (parts, asked) =>
      change(parts, asked, ({ scopes }) => ({
        scopes: [...scopes, ...readScopes(asked.form)],
        checkWidening: () => undefined,
      })),
  },
  { ...{ kind: 'act', path: `${ONE}/keys`, shownOn: one, isFresh: true }, act: addKey },
  onAccount(`${ONE}/name`, (parts, asked) =>
    change(parts, asked, () => ({ name: cleanName(asked.form.name ?? '') })),
  ),
  onAccount(`${ONE}/scopes`, (parts, asked) =>
    change(parts, asked, () => ({ scopes: readScopes(asked.form) })),
  ),
  onAccount(`${KEY}/disabling`, async (parts, asked) =>
    parts.serviceAccounts.disableKey(await getAccount(parts, asked), paramOf(asked, 'kid'), asked.actor),
  ),
  onAccount(`${KEY}/enabling`, async (parts, asked) =>
    parts.serviceAccounts.enableKey(await getAccount(parts, asked), paramOf(asked, 'kid'), asked.actor),
  ),
  onAccount(`${ONE}/enabling`, async (parts, asked) =>
    parts.serviceAccounts.enable(await getAccount(parts, asked), asked.actor),
  ),
  ...questions,
];
