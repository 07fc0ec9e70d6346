// /v1/service-accounts: machines of a team, or of the operator, that sign for themselves.
import { z } from 'zod';
import {
  addKeyToAccount,
  changeAccount,
  changeAccountKey,
  disableAccount,
  enableAccount,
  endAccountBefore,
  listServiceAccounts,
  removeServiceAccount,
  type ShownServiceAccount,
  showServiceAccount,
} from '../admin/service-account-commands.ts';
import { createServiceAccount } from '../service-accounts/account-making.ts';
import { checkOwnApp } from './key-bounds.ts';
import { machineParams, machineProfile, shownKey } from './machine-schemas.ts';
import { actorOf, type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { checkFresh, checkReach } from './reach.ts';
import { at, atOrNull, keySet, scopeName } from './schemas.ts';

const LIST = 'service-accounts';
const READ = { scope: 'latchkey:service-accounts:read', own: 'service-accounts:read' } as const;
const WRITE = { scope: 'latchkey:service-accounts:write', own: 'service-accounts:write' } as const;
const ALL = '/v1/service-accounts';
const ONE = `${ALL}/{client_id}`;
const KEY = `${ONE}/keys/{kid}`;

const account = z
  .strictObject({
    id: z.string().describe('Also the iss of what it signs.'),
    name: z.string(),
    state: z.enum(['active', 'disabled', 'team_gone', 'not_in_plan']),
    team_id: z.string().nullable().describe("null: it is the operator's."),
    responsible_id: z.string().nullable().describe('Who made it; null: an operator did.'),
    plan: z.string().nullable().describe("Of the operator's own; one of a team is on the plan of its team."),
    profile: machineProfile,
    scopes: z.array(z.string()).readonly(),
    scopes_now: z.array(z.string()).readonly().describe('Those that its team, or its plan, leaves it now.'),
    resource: z.string().nullable().describe('The only API where it is good.'),
    keys: z.array(shownKey),
    created_at: at('When it was made'),
    last_used_at: atOrNull('When it last signed what was good, to the minute'),
    last_used_address: z.string().nullable(),
    last_used_program: z.string().nullable(),
    disabled_at: atOrNull('Since when it is refused'),
    not_before: atOrNull('What was signed or issued before is dead'),
  })
  .meta({ id: 'ServiceAccount' });

const newAccount = z
  .strictObject({
    name: z.string().min(1).max(200),
    team_id: z.string().max(255).optional().describe("Whose it is; without one the operator's."),
    plan: z.string().max(64).optional().describe("Of the operator's own: a ceiling."),
    scopes: z.array(scopeName).min(1).max(200),
    resource: z.string().max(1000).optional().describe('The only API where it is good.'),
    profile: z.enum(['strict', 'service-account']).default('service-account'),
    jwks: keySet.optional(),
    make_key: z
      .boolean()
      .default(false)
      .describe("Make an RSA pair; the private key is in this answer, as Google's libraries read it."),
  })
  .meta({ id: 'NewServiceAccount' });

const changed = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    scopes: z.array(scopeName).min(1).max(200).optional().describe('All that it may have from now on.'),
  })
  .meta({ id: 'ServiceAccountChange' });

const madeAccount = z
  .strictObject({
    id: z.string(),
    credentials: z.record(z.string(), z.string()).optional().describe('With make_key, this once.'),
  })
  .meta({ id: 'MadeServiceAccount' });

const newKey = z
  .strictObject({
    jwk: z.looseObject({ kty: z.string() }).describe('The public key (RFC 7517); a private one is refused.'),
    expires_at: z.int().min(0).optional().describe('When it ends, in whole seconds since 1970.'),
  })
  .meta({ id: 'NewServiceAccountKey' });

const end = z
  .strictObject({
    at: z.int().min(0).optional().describe('In whole seconds since 1970; now, unless given.'),
  })
  .meta({ id: 'ServiceAccountEnd' });

const params = machineParams('sa_', {
  fault: 'must be the id of a service account',
  words: 'The id of a service account.',
});
const keyParams = params.extend({ kid: z.string().min(1).max(255).describe('The id of the key.') });

const reports = {
  ...{ id: 'sa_5rL2pQ9sT0vW1xY3zA4b', name: 'Reports', state: 'active' as const, team_id: null },
  ...{ responsible_id: null, plan: null, profile: 'service-account' as const },
  ...{ scopes: ['read:orders'], scopes_now: ['read:orders'], resource: null },
  keys: [
    {
      ...{ kid: '2027-01', thumbprint: '0ovLKHXoxzjz2dAQj3yNXDYVqHOkFxzA6P0-NcvVlqE', algorithms: ['ES256'] },
      ...{ state: 'in_force' as const, added_at: 1_790_000_000, expires_at: null },
    },
  ],
  ...{ created_at: 1_790_000_000, last_used_at: null, disabled_at: null, not_before: null },
  ...{ last_used_address: null, last_used_program: null },
} satisfies ShownServiceAccount;
const jwk = {
  ...{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU' },
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

const keyActs = [
  {
    act: 'disableKey',
    method: 'put',
    path: `${KEY}/block`,
    summary: 'Believe a key no longer, nor what it signed',
  },
  {
    act: 'enableKey',
    method: 'delete',
    path: `${KEY}/block`,
    summary: 'Believe a key again, and what it signed',
  },
  { act: 'removeKey', method: 'delete', path: KEY, summary: 'Forget a key' },
] as const;

export const serviceAccounts: Noun = {
  name: 'Service accounts',
  operations: [
    operation({
      ...{ id: 'listServiceAccounts', method: 'get', path: ALL, ...READ, status: 200 },
      summary: 'List service accounts, by id',
      description: 'Of people those of one team that they manage.',
      query: pageQuery({ team_id: z.string().max(255).optional().describe('Of this team only.') }),
      answer: pageOf('ServiceAccountList', account),
      example: { answer: { data: [reports], next: null } },
      async act(parts, { query: { limit, after, team_id: teamId }, caller }) {
        const page = { teamId, after: readIdCursor(LIST, after), limit: limit + 1 };
        const rows = await listServiceAccounts(parts, actorOf(caller), page);
        return answerPage(LIST, rows, { limit, placeOf: ({ id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'createServiceAccount', method: 'post', path: ALL, ...WRITE, status: 201 },
      summary: 'Make a service account',
      description: 'People make those of teams that they manage, right after a sign-in.',
      body: newAccount,
      answer: madeAccount,
      example: {
        body: { name: 'Reports', scopes: ['read:orders'], jwks: { keys: [jwk] } },
        answer: { id: reports.id },
      },
      async act(parts, { body, caller, remember }) {
        const { team_id: teamId, make_key: isMadeHere, ...rest } = body;
        checkOwnApp(caller);
        checkReach(caller, rest.scopes);
        const by = { actor: actorOf(caller), alsoInUnit: remember };
        return createServiceAccount(parts, { ...rest, teamId, isMadeHere }, by);
      },
    }),
    operation({
      ...{ id: 'getServiceAccount', method: 'get', path: ONE, ...READ, status: 200 },
      summary: 'Show a service account and its keys',
      params,
      answer: account,
      example: { answer: reports },
      act: (parts, { params: { client_id: id }, caller }) => showServiceAccount(parts, actorOf(caller), id),
    }),
    operation({
      ...{ id: 'changeServiceAccount', method: 'patch', path: ONE, ...WRITE, status: 200 },
      summary: 'Rename it, or let it do less or more',
      description:
        'What it loses is gone at once, from what was issued before too. More is given as to a new one: by people right after a sign-in.',
      params,
      body: changed,
      answer: account,
      example: { body: { scopes: ['read:orders'] }, answer: reports },
      async act(parts, { params: { client_id: id }, body, caller }) {
        const checkWidening = (added: readonly string[]) => {
          checkFresh(caller);
          checkOwnApp(caller);
          checkReach(caller, added);
        };
        return changeAccount(parts, actorOf(caller), { id, ...body, checkWidening });
      },
    }),
    operation({
      ...{ id: 'putServiceAccountKey', method: 'put', path: KEY, ...WRITE, status: 200 },
      summary: 'Give it one more public key',
      description: 'A signed-in person must have signed in just now.',
      isFresh: true,
      params: keyParams,
      body: newKey,
      answer: account,
      example: { body: { jwk } },
      async act(
        parts,
        { params: { client_id: id, kid }, body: { jwk: one, expires_at: expiresAt }, caller },
      ) {
        checkOwnApp(caller);
        const added = { id, terms: { kid, expiresAt }, jwks: { keys: [one] } };
        const { kid: _kid, ...shown } = await addKeyToAccount(parts, actorOf(caller), added);
        return shown;
      },
    }),
    ...keyActs.map(({ act, ...common }) =>
      operation({
        ...{
          id: `${act}OfServiceAccount`,
          ...common,
          ...WRITE,
          status: 200,
          example: { answer: reports },
        },
        params: keyParams,
        answer: account,
        async act(parts, { params: { client_id: id, kid }, caller }) {
          if (act === 'enableKey') checkOwnApp(caller);
          return changeAccountKey(parts, actorOf(caller), { id, kid, act });
        },
      }),
    ),
    operation({
      ...{
        id: 'endServiceAccountBefore',
        method: 'put',
        path: `${ONE}/not-before`,
        ...WRITE,
        status: 200,
      },
      summary: 'End everything that it signed or got before a time',
      params,
      body: end,
      answer: account,
      example: { body: {} },
      act: (parts, { params: { client_id: id }, body, caller }) =>
        endAccountBefore(parts, actorOf(caller), { id, at: body.at }),
    }),
    operation({
      ...{ id: 'disableServiceAccount', method: 'put', path: `${ONE}/block`, ...WRITE, status: 200 },
      summary: 'Refuse it from now on',
      description: 'What it signed or got is dead at once, and stays dead when it is enabled again.',
      params,
      answer: account,
      act: (parts, { params: { client_id: id }, caller }) => disableAccount(parts, actorOf(caller), id),
    }),
    operation({
      ...{ id: 'enableServiceAccount', method: 'delete', path: `${ONE}/block`, ...WRITE, status: 200 },
      summary: 'Let it sign anew',
      params,
      answer: account,
      async act(parts, { params: { client_id: id }, caller }) {
        checkOwnApp(caller);
        return enableAccount(parts, actorOf(caller), id);
      },
    }),
    operation({
      ...{ id: 'deleteServiceAccount', method: 'delete', path: ONE, ...WRITE, status: 204 },
      summary: 'End it for good',
      params,
      async act(parts, { params: { client_id: id }, caller }) {
        await removeServiceAccount(parts, actorOf(caller), id);
        return undefined;
      },
    }),
  ],
};
