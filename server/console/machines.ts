// /admin/apis, /admin/issuers and /admin/service-accounts: the APIs that trust us, and the machines that we trust.
import { disableIssuer, enableIssuer, listIssuers, showIssuer } from '../admin/issuer-commands.ts';
import { listResources } from '../admin/resource-commands.ts';
import {
  disableAccount,
  enableAccount,
  listServiceAccounts,
  showServiceAccount,
} from '../admin/service-account-commands.ts';
import { asOperator } from '../teams/admission.ts';
import { paramOf } from '../web/parameters.ts';
import { type Asked, type ConsoleParts, type ConsoleRoute, cutPage } from './console-route.ts';

const PAGE = 25;

function afterOf({ query }: Asked): { after: string; limit: number } {
  return { after: query.after ?? '', limit: PAGE + 1 };
}

/** The acts answer English; a page has the operator's words in the reader's language. */
async function loadResources(parts: ConsoleParts) {
  const shown = await listResources(parts);
  const registered = await parts.resources.list();
  const registrations = new Map(registered.map((one) => [one.identifier, one.registration]));
  return {
    resources: shown.map((one) => {
      const { name, scopes } = registrations.get(one.identifier) ?? one;
      return { ...one, name, scopes };
    }),
  };
}

export const resources: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: 'apis', path: '/admin/apis', title: 'APIs', view: 'console/resources' },
    load: loadResources,
  },
];

const issuer = { kind: 'act', section: 'issuers', from: () => '/admin/issuers' } as const;

export const issuers: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: 'issuers', path: '/admin/issuers', title: 'Trusted issuers' },
    view: 'console/issuers',
    async load(parts, asked) {
      const { rows, next } = cutPage(await listIssuers(parts, afterOf(asked)), PAGE, (one) => one.client_id);
      return { issuers: rows, next, is_later: asked.query.after !== undefined };
    },
  },
  {
    ...{ ...issuer, path: '/admin/issuers/:issuer/disable' },
    question: {
      title: 'Disable this issuer?',
      words:
        'Its assertions are refused, and everything issued on its word is dead at once. When it is enabled again, its machines ask for new tokens.',
      button: 'Disable the issuer',
      subject: async (parts, asked) => (await showIssuer(parts, paramOf(asked, 'issuer'))).issuer,
    },
    act: (parts, asked) => disableIssuer(parts, paramOf(asked, 'issuer')),
  },
  {
    ...{ ...issuer, path: '/admin/issuers/:issuer/enable' },
    act: (parts, asked) => enableIssuer(parts, paramOf(asked, 'issuer')),
  },
];

const machine = { kind: 'act', section: 'service_accounts', from: () => '/admin/service-accounts' } as const;

export const serviceAccounts: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: 'service_accounts', path: '/admin/service-accounts' },
    ...{ title: 'Service accounts', view: 'console/service-accounts' },
    async load(parts, asked) {
      const { rows, next } = cutPage(
        await listServiceAccounts(parts, asOperator(asked.who.actor), afterOf(asked)),
        PAGE,
        (one) => one.id,
      );
      return { accounts: rows, next, is_later: asked.query.after !== undefined };
    },
  },
  {
    ...{ ...machine, path: '/admin/service-accounts/:account/disable' },
    question: {
      title: 'Disable this service account?',
      words:
        'Everything that it signed or got is dead at once and for good. When it is enabled again, it signs anew.',
      button: 'Disable the service account',
      subject: async (parts, asked) =>
        (await showServiceAccount(parts, asOperator(asked.who.actor), paramOf(asked, 'account'))).name,
    },
    act: (parts, asked) => disableAccount(parts, asOperator(asked.who.actor), paramOf(asked, 'account')),
  },
  {
    ...{ ...machine, path: '/admin/service-accounts/:account/enable' },
    act: (parts, asked) => enableAccount(parts, asOperator(asked.who.actor), paramOf(asked, 'account')),
  },
];
