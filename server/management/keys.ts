// /v1/keys: API keys. People manage their own and those of the teams that they manage; who has the scopes of the server, all.
import { z } from 'zod';
import {
  changeKey,
  createKey,
  listKeys,
  type OwnerOptions,
  revokeKey,
  rotateKey,
  showOneKey,
} from '../admin/api-key-commands.ts';
import type { AdminParts } from '../admin/parts.ts';
import type { ShownKey } from '../admin/shown-api-key.ts';
import { parseKeyId } from '../api-keys/api-key.ts';
import { LONGEST_OVERLAP_SECONDS } from '../api-keys/key-terms.ts';
import { LATEST_AT } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { boundCreation, checkOwnApp, checkSameOwner } from './key-bounds.ts';
import { actorOf, type Caller, type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readCursor } from './pages.ts';
import { checkOrdinary } from './reach.ts';
import { at, atOrNull, scopeName } from './schemas.ts';

const LIST = 'keys';
const ALL = '/v1/keys';
const ONE = '/v1/keys/{key_id}';
const READ = { scope: 'latchkey:keys:read', own: 'keys:read' } as const;
const WRITE = { scope: 'latchkey:keys:write', own: 'keys:write' } as const;

const shape = {
  id: z.string(),
  name: z.string(),
  kind: z.enum(['personal', 'team']),
  state: z.enum(['active', 'disabled', 'expired', 'revoked']),
  prefix: z.string(),
  last_four: z.string(),
  account_id: z.string().nullable().describe('Whose personal key it is.'),
  team_id: z
    .string()
    .nullable()
    .describe('The team of a team key, or the only one where a personal key is good.'),
  responsible_id: z.string().nullable().describe('Who made it; null: an operator did.'),
  scopes: z.array(z.string()).readonly(),
  level: z.string().nullable().describe('The level that it has instead of scopes.'),
  cidr: z.array(z.string()).readonly().describe('Where it may be used from; empty is everywhere.'),
  resource: z.string().nullable().describe('The only API where it is good.'),
  created_at: at('When it was made'),
  expires_at: atOrNull('When it ends'),
  disabled_at: atOrNull('Since when it is disabled'),
  revoked_at: atOrNull('Since when it is revoked'),
  last_used_at: atOrNull('When it was last used, to the minute'),
  last_used_address: z.string().nullable(),
  last_used_program: z.string().nullable(),
  last_used_resource: z.string().nullable(),
};
const secret = z.string().describe('The key itself, shown this once.');
const key = z.strictObject(shape).meta({ id: 'ApiKey' });
const newKey = z.strictObject({ ...shape, key: secret }).meta({ id: 'MadeApiKey' });
const rotatedKey = z
  .strictObject({ ...shape, key: secret, previous_expires_at: at('Until when the old secret is good') })
  .meta({ id: 'RotatedApiKey' });

const wanted = z
  .strictObject({
    name: z.string().max(200),
    kind: z
      .enum(['personal', 'team'])
      .optional()
      .describe('Default: personal, or team where there is no other.'),
    team_id: z
      .string()
      .max(100)
      .optional()
      .describe('The team of a team key, or the only one of a personal key.'),
    account_id: z.string().max(100).optional().describe('Whose; only where the caller is no person.'),
    scopes: z
      .array(scopeName)
      .max(100)
      .optional()
      .describe('Names, or `*`. Default: what the configuration says.'),
    level: z.string().max(64).optional().describe('A level of the configuration instead of scopes.'),
    cidr: z.array(z.string().max(60)).max(20).optional(),
    resource: z.string().max(1000).optional(),
    expires_at: z
      .int()
      .min(1)
      .max(LATEST_AT)
      .optional()
      .describe('When it ends, in whole seconds since 1970.'),
    expires_in_seconds: z.int().min(60).max(3_153_600_000).optional().describe('The same from now on.'),
  })
  .meta({ id: 'NewApiKey' });

const changed = z
  .strictObject({
    name: z.string().max(200).optional(),
    scopes: z.array(scopeName).min(1).max(100).optional().describe('Never more than before.'),
    level: z.string().max(64).optional().describe('A lesser level.'),
    disabled: z.boolean().optional(),
  })
  .meta({ id: 'ApiKeyChange' });

const rotation = z
  .strictObject({
    overlap_seconds: z.int().min(0).max(LONGEST_OVERLAP_SECONDS).default(LONGEST_OVERLAP_SECONDS),
  })
  .meta({ id: 'ApiKeyRotation' });

const keyId = z.string().max(100).describe('The id of a key, not the key itself.');
const params = z.strictObject({ key_id: keyId });
const place = z.tuple([z.string().refine((text) => parseKeyId(text) !== undefined)]);

const example = {
  ...{
    id: 'key_0ab12cd34ef',
    name: 'Zapier',
    kind: 'personal',
    state: 'active',
    prefix: 'lk_',
    last_four: 'x4Qz',
  },
  ...{
    account_id: 'acct_Nn3IWkUuXqkpVpRDUkHhHg',
    team_id: null,
    responsible_id: 'acct_Nn3IWkUuXqkpVpRDUkHhHg',
  },
  ...{ scopes: ['read:orders'], level: null, cidr: [], resource: null, created_at: 1_790_000_000 },
  ...{ expires_at: 1_797_776_000, disabled_at: null, revoked_at: null, last_used_at: null },
  ...{ last_used_address: null, last_used_program: null, last_used_resource: null },
} satisfies ShownKey;
const made = { ...example, key: 'lk_…' };

/** Nobody asks by this who is there: people have one account, and it is theirs. */
function checkAccount({ self }: Caller, accountId: string | undefined): void {
  if (accountId === undefined || self === undefined) return;
  throw new Refusal('invalid_request', { words: 'account_id: it is yours already', param: 'account_id' });
}

/** Whose key is meant: of people their own or a team's; a team key where nobody can have a personal one. */
function ownerOf(
  { config }: Pick<AdminParts, 'config'>,
  caller: Caller,
  asked: { kind?: string | undefined; team_id?: string | undefined; account_id?: string | undefined },
): OwnerOptions {
  const self = caller.self?.actor.account?.id;
  checkAccount(caller, asked.account_id);
  const kind = asked.kind ?? (config.api_keys.personal.enabled ? 'personal' : 'team');
  if (kind === 'team' && asked.team_id === undefined)
    throw new Refusal('invalid_request', { words: 'team_id: is missing', param: 'team_id' });
  if (kind === 'team') return { team: asked.team_id };
  return { account: self ?? asked.account_id, team: asked.team_id };
}

/** Whoever gets the secret of a key has what it may: it is nothing that they could not have otherwise. */
async function checkMayHold(parts: AdminParts, caller: Caller, shown: ShownKey): Promise<void> {
  checkOwnApp(caller);
  boundCreation.checkReach(parts.apiKeys, caller.self?.key, shown);
  await checkOrdinaryOwner(parts, caller, shown.account_id ?? undefined);
}

/** Who has the scopes of the server has not the rights of administrators by that. */
async function checkOrdinaryOwner(
  { accounts }: AdminParts,
  { self }: Caller,
  account: string | undefined,
): Promise<void> {
  if (self === undefined && account !== undefined) checkOrdinary(await accounts.get(account));
}

export const keys: Noun = {
  name: 'API keys',
  operations: [
    operation({
      ...{ id: 'listKeys', method: 'get', path: ALL, ...READ, status: 200 },
      summary: 'List keys, the newest first',
      description: 'Of people their own, or those of a team that they manage.',
      query: pageQuery({
        team_id: z.string().max(100).optional().describe('The keys of this team.'),
        account_id: z.string().max(100).optional().describe('The personal keys of this account.'),
      }),
      answer: pageOf('ApiKeyList', key),
      example: { answer: { data: [example], next: null } },
      async act(parts, { query: { limit, after, team_id: team, account_id: account }, caller }) {
        checkAccount(caller, account);
        const [before] = after === undefined ? [] : readCursor(LIST, after, place);
        const of =
          caller.self?.key === undefined ? { team, account } : boundCreation.ownerOf(caller.self.key);
        const rows = await listKeys(parts, actorOf(caller), { ...of, before, limit: limit + 1 });
        return answerPage(LIST, rows, { limit, placeOf: ({ id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'createKey', method: 'post', path: ALL, ...WRITE, status: 201 },
      summary: 'Make a key',
      description:
        'The key itself is in this answer and nowhere else. A signed-in person must have signed in just now.',
      body: wanted,
      answer: newKey,
      example: { body: { name: 'Zapier', scopes: ['read:orders'] }, answer: made },
      async act(parts, { body, caller, remember }) {
        checkOwnApp(caller);
        const { name, scopes = [], level, cidr = [], resource, expires_at: expiresAt } = body;
        const terms = { name, scopes, level, cidr, resource, expiresAt };
        const asked = { ...terms, expiresInSeconds: body.expires_in_seconds, alsoInUnit: remember };
        const by = caller.self?.key;
        if (by !== undefined) boundCreation.checkOwner(by, body);
        if (by !== undefined) checkAccount(caller, body.account_id);
        const options =
          by === undefined
            ? { ...asked, ...ownerOf(parts, caller, body) }
            : {
                ...boundCreation.judge(parts.apiKeys, by, { ...asked, team: body.team_id }),
                alsoInUnit: remember,
              };
        await checkOrdinaryOwner(parts, caller, options.account);
        return createKey(parts, actorOf(caller), options);
      },
    }),
    operation({
      ...{ id: 'revokeKeyById', method: 'delete', path: ALL, ...WRITE, status: 204 },
      summary: 'End the key that the query names',
      query: z.strictObject({ id: keyId }),
      async act(parts, { query: { id }, caller }) {
        checkSameOwner(caller.self?.key, await showOneKey(parts, actorOf(caller), id));
        await revokeKey(parts, actorOf(caller), id);
        return undefined;
      },
    }),
    operation({
      ...{ id: 'getKey', method: 'get', path: ONE, ...READ, status: 200 },
      summary: 'Show one key',
      params,
      answer: key,
      example: { answer: example },
      async act(parts, { params: { key_id: id }, caller }) {
        return checkSameOwner(caller.self?.key, await showOneKey(parts, actorOf(caller), id));
      },
    }),
    operation({
      ...{ id: 'changeKey', method: 'patch', path: ONE, ...WRITE, status: 200 },
      summary: 'Rename, disable, enable or shrink a key',
      params,
      body: changed,
      answer: key,
      example: { body: { disabled: true }, answer: { ...example, state: 'disabled' as const } },
      async act(parts, { params: { key_id: id }, body: { disabled: isDisabled, ...change }, caller }) {
        const shown = checkSameOwner(caller.self?.key, await showOneKey(parts, actorOf(caller), id));
        if (isDisabled === false) await checkMayHold(parts, caller, shown);
        return changeKey(parts, actorOf(caller), { id, isDisabled, ...change });
      },
    }),
    operation({
      ...{ id: 'revokeKey', method: 'delete', path: ONE, ...WRITE, status: 204 },
      summary: 'End a key for good',
      params,
      async act(parts, { params: { key_id: id }, caller }) {
        checkSameOwner(caller.self?.key, await showOneKey(parts, actorOf(caller), id));
        await revokeKey(parts, actorOf(caller), id);
        return undefined;
      },
    }),
    operation({
      ...{ id: 'rotateKey', method: 'post', path: `${ONE}/rotation`, ...WRITE, status: 201 },
      summary: 'Give a key another secret',
      description:
        'The old one is good for overlap_seconds more, at most a day. A key cannot rotate one with more rights.',
      params,
      body: rotation,
      answer: rotatedKey,
      example: { body: { overlap_seconds: 3600 }, answer: { ...made, previous_expires_at: 1_790_003_600 } },
      async act(parts, { params: { key_id: id }, body, caller, remember }) {
        const shown = checkSameOwner(caller.self?.key, await showOneKey(parts, actorOf(caller), id));
        await checkMayHold(parts, caller, shown);
        const { overlap_seconds: overlapSeconds } = body;
        return rotateKey(parts, actorOf(caller), { id, overlapSeconds, alsoInUnit: remember });
      },
    }),
  ],
};
