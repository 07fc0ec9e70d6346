// /v1/accounts: people.
import { z } from 'zod';
import {
  createAccount,
  deleteAccount,
  describeAccount,
  disableAccount,
  enableAccount,
  endAccountSessions,
  listAccounts,
  setAccountPassword,
  setAccountPlan,
  showAccount,
} from '../admin/account-commands.ts';
import type { AdminParts } from '../admin/parts.ts';
import { Refusal } from '../errors.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { checkOrdinary } from './reach.ts';
import { at, atOrNull } from './schemas.ts';

const LIST = 'accounts';
const READ = 'latchkey:accounts:read';
const WRITE = 'latchkey:accounts:write';

const account = z
  .strictObject({
    id: z.string().describe('Random, and never used again: `sub` of its tokens.'),
    email: z.string(),
    name: z.string(),
    role: z.string().describe('Names an entry of `roles` in the configuration.'),
    admin: z.boolean(),
    plan: z
      .string()
      .nullable()
      .describe('Names an entry of `plans` in the configuration; null is the default one.'),
    email_verified_at: atOrNull('When its owner confirmed the address'),
    created_at: at('When it was made'),
    disabled_at: atOrNull('Since when nobody can sign in to it'),
  })
  .meta({ id: 'Account' });

// The shape is judged here, the address and the password by the rules of sign-up. What only the server sets is no member.
const newAccount = z
  .strictObject({
    email: z.string().max(254),
    name: z.string().max(200),
    password: z.string().max(1000).describe('At least people.password_min_length characters.'),
  })
  .meta({ id: 'NewAccount' });

const madeAccount = z.strictObject({ id: z.string(), email: z.string() }).meta({ id: 'MadeAccount' });
const newPlan = z
  .strictObject({
    plan: z.string().max(64).nullable().describe('A plan of the configuration; null is the default one.'),
  })
  .meta({ id: 'NewPlan' });
const newPassword = z.strictObject({ password: z.string().max(1000) }).meta({ id: 'NewPassword' });

const params = z.strictObject({
  account_id: z
    .string()
    .regex(/^[^@]{1,255}$/, 'must be an id')
    .describe('The id of an account.'),
});

const ada = {
  ...{ id: 'acct_Nn3IWkUuXqkpVpRDUkHhHg', email: 'ada@example.com', name: 'Ada Lovelace', role: 'member' },
  ...{
    admin: false,
    plan: null,
    email_verified_at: 1_790_000_100,
    created_at: 1_790_000_000,
    disabled_at: null,
  },
};
const wanted = { email: 'ada@example.com', name: 'Ada Lovelace', password: 'a long walk over the hills' };

async function findByEmail({ accounts }: AdminParts, email: string) {
  try {
    return [describeAccount(await accounts.get(email))];
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return [];
    throw error;
  }
}

async function checkChangeable({ accounts }: AdminParts, id: string): Promise<void> {
  checkOrdinary(await accounts.get(id));
}

export const accounts: Noun = {
  name: 'Accounts',
  operations: [
    operation({
      ...{ id: 'listAccounts', method: 'get', path: '/v1/accounts', scope: READ, status: 200 },
      summary: 'List people, by id',
      query: pageQuery({ email: z.string().max(254).optional().describe('Only the one with this address.') }),
      answer: pageOf('AccountList', account),
      example: { answer: { data: [ada], next: null } },
      async act(parts, { query: { limit, after, email } }) {
        const page = { after: readIdCursor(LIST, after), limit: limit + 1 };
        const rows = email === undefined ? await listAccounts(parts, page) : await findByEmail(parts, email);
        return answerPage(LIST, rows, { limit, placeOf: ({ id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'createAccount', method: 'post', path: '/v1/accounts', scope: WRITE, status: 201 },
      summary: 'Make an account',
      description:
        'The address is not confirmed by this: its owner gets a message. Nobody becomes an administrator.',
      body: newAccount,
      answer: madeAccount,
      example: { body: wanted, answer: { id: ada.id, email: ada.email } },
      act: (parts, { body, remember }) => createAccount(parts, { ...body, isAdmin: false }, remember),
    }),
    operation({
      ...{ id: 'getAccount', method: 'get', path: '/v1/accounts/{account_id}', scope: READ, status: 200 },
      summary: 'Show one account',
      params,
      answer: account,
      example: { answer: ada },
      act: (parts, { params: { account_id: id } }) => showAccount(parts, id),
    }),
    operation({
      ...{
        id: 'deleteAccount',
        method: 'delete',
        path: '/v1/accounts/{account_id}',
        scope: WRITE,
        status: 204,
      },
      summary: 'End an account for ever',
      description:
        'Its sessions, grants and tokens end, what is personal is erased, and the address is free.',
      params,
      async act(parts, { params: { account_id: id } }) {
        await checkChangeable(parts, id);
        await deleteAccount(parts, id);
        return undefined;
      },
    }),
    operation({
      ...{ id: 'suspendAccount', method: 'put', path: '/v1/accounts/{account_id}/suspension', scope: WRITE },
      status: 200,
      summary: 'Disable an account',
      description: 'Its sessions, grants and tokens end; nobody can sign in to it.',
      params,
      answer: account,
      example: { answer: { ...ada, disabled_at: 1_790_000_200 } },
      async act(parts, { params: { account_id: id } }) {
        await checkChangeable(parts, id);
        return disableAccount(parts, id);
      },
    }),
    operation({
      ...{
        id: 'unsuspendAccount',
        method: 'delete',
        path: '/v1/accounts/{account_id}/suspension',
        scope: WRITE,
      },
      status: 200,
      summary: 'Let it sign in again',
      params,
      answer: account,
      example: { answer: ada },
      async act(parts, { params: { account_id: id } }) {
        await checkChangeable(parts, id);
        return enableAccount(parts, id);
      },
    }),
    operation({
      ...{ id: 'endSessions', method: 'delete', path: '/v1/accounts/{account_id}/sessions', scope: WRITE },
      status: 204,
      summary: 'Sign it out of every browser',
      description: 'Apps with a refresh token of their own go on: end their grants.',
      params,
      async act(parts, { params: { account_id: id } }) {
        await checkChangeable(parts, id);
        await endAccountSessions(parts, id);
        return undefined;
      },
    }),
    operation({
      ...{ id: 'setAccountPlan', method: 'put', path: '/v1/accounts/{account_id}/plan', scope: WRITE },
      status: 200,
      summary: 'Put it on another plan',
      description: 'Felt at the next use of whatever the person holds.',
      params,
      body: newPlan,
      answer: account,
      example: { body: { plan: 'standard' }, answer: { ...ada, plan: 'standard' } },
      async act(parts, { params: { account_id: id }, body: { plan } }) {
        await checkChangeable(parts, id);
        return setAccountPlan(parts, id, plan ?? undefined);
      },
    }),
    operation({
      ...{ id: 'setPassword', method: 'put', path: '/v1/accounts/{account_id}/password', scope: WRITE },
      status: 204,
      summary: 'Set another password',
      description: 'Its sessions and refresh tokens end, and its owner is told by mail.',
      params,
      body: newPassword,
      example: { body: { password: 'a longer walk over the hills' } },
      async act(parts, { params: { account_id: id }, body: { password } }) {
        await checkChangeable(parts, id);
        await setAccountPassword(parts, id, password);
        return undefined;
      },
    }),
  ],
};
