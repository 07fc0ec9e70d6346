// What the pages of keys show: the keys of a person or a team, one of them, and what a new one may be given.
import { type ApiKey, type KeyOwner, parseKeyId, stateOf } from '../api-keys/api-key.ts';
import { WARNING_DAYS } from '../api-keys/key-terms.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Resource } from '../resources/resources.ts';
import { EVERY_SCOPE } from '../teams/rights.ts';
import type { TeamOfPerson } from '../teams/team.ts';
import { paramOf } from '../web/parameters.ts';
import type { Localized } from '../web/words.ts';
import { LIVES } from './key-form.ts';
import type { Asked, Locals, WorkspaceParts } from './workspace-route.ts';

export type KeyKind = KeyOwner['kind'];

const PAGE = 50;
const DAY_SECONDS = 86_400;
const UNUSED_SECONDS = 90 * DAY_SECONDS;
const MOST_OFFERED = 100;

/** Of the page that lists them. */
export function homeOf(kind: KeyKind, asked: Pick<Asked, 'params'>): string {
  return kind === 'personal' ? '/account/keys' : `/teams/${encodeURIComponent(paramOf(asked, 'team'))}/keys`;
}

/** Whose keys the path is about. */
export function ownerOf(kind: KeyKind, asked: Asked): KeyOwner {
  return kind === 'personal'
    ? { kind, accountId: asked.account.id }
    : { kind, teamId: paramOf(asked, 'team') };
}

/** Refuses with not_found what is not of this owner, or not to be seen by whoever asks (row G07). */
export async function getKey({ apiKeys }: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<ApiKey> {
  const id = paramOf(asked, 'key');
  const nowhere = () => new Refusal('not_found', { words: 'There is no such API key.' });
  if (parseKeyId(id) === undefined) throw nowhere();
  const key = await apiKeys.get(asked.actor, id);
  const owner = ownerOf(kind, asked);
  const isTheirs =
    key.owner.kind === 'personal'
      ? owner.kind === 'personal' && key.owner.accountId === owner.accountId
      : owner.kind === 'team' && key.owner.teamId === owner.teamId;
  if (!isTheirs) throw nowhere();
  return key;
}

function describeKey(key: ApiKey, teams: readonly TeamOfPerson[], levels: ReadonlyMap<string, Localized>) {
  const now = nowSeconds();
  const state = stateOf(key, now);
  const isLive = state === 'active';
  const { expiresAt, lastUse } = key;
  return {
    ...{ id: key.id, name: key.name, prefix: key.prefix, last_four: key.lastFour, state, scopes: key.scopes },
    has_every_scope: key.scopes.includes(EVERY_SCOPE),
    level: key.level === undefined ? undefined : (levels.get(key.level) ?? key.level),
    ...{ networks: key.networks, resource: key.resource, created_at: key.createdAt, expires_at: expiresAt },
    ...{ last_use: lastUse, ended_at: key.revokedAt ?? expiresAt },
    is_unused: isLive && now - (lastUse?.at ?? key.createdAt) >= UNUSED_SECONDS,
    is_ending: isLive && expiresAt !== undefined && expiresAt - now <= (WARNING_DAYS[0] ?? 0) * DAY_SECONDS,
    is_final: state === 'revoked' || state === 'expired',
    team_name: key.owner.kind === 'team' ? undefined : teams.find(({ id }) => id === key.teamId)?.name,
  };
}

function levelsOf({ config }: WorkspaceParts): ReadonlyMap<string, Localized> {
  return new Map(config.api_keys.levels.map(({ level, name }) => [level, name]));
}

/** The addresses of those who answer for keys of a team, by the ids of their accounts. */
async function findResponsible({ accounts }: WorkspaceParts, keys: readonly ApiKey[]) {
  const emails = new Map<string, string>();
  for (const id of new Set(keys.map(({ responsibleId }) => responsibleId))) {
    const account = id === undefined ? undefined : await accounts.find(id);
    if (account !== undefined) emails.set(account.id, account.email);
  }
  return emails;
}

/** What stands on each page of the kind, so that one set of templates serves both. */
export async function frameOf({ teams }: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<Locals> {
  if (kind === 'personal') return { section: 'keys' };
  const { team } = await teams.get(asked.actor, paramOf(asked, 'team'));
  return { section: 'teams', team: { id: team.id, name: team.name } };
}

async function mostKeys(parts: WorkspaceParts, owner: KeyOwner): Promise<number> {
  const holder = await parts.apiKeys.findHolder(owner, undefined);
  const isOffered = parts.config.api_keys[owner.kind].enabled;
  return holder === undefined || !isOffered ? 0 : parts.apiKeys.rights.mostKeys(holder);
}

export async function loadKeys(parts: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<Locals> {
  const frame = await frameOf(parts, kind, asked);
  const owner = ownerOf(kind, asked);
  const { after } = asked.query;
  const before = after === undefined || parseKeyId(after) === undefined ? undefined : after;
  const found = await parts.apiKeys.list(asked.actor, owner, { before, limit: PAGE + 1 });
  const shown = found.slice(0, PAGE);
  const theirs = await parts.teams.listOf(asked.account.id);
  const responsible = kind === 'team' ? await findResponsible(parts, shown) : new Map<string, string>();
  const levels = levelsOf(parts);
  return {
    ...frame,
    keys: shown.map((key) => ({
      ...describeKey(key, theirs, levels),
      responsible: responsible.get(key.responsibleId ?? ''),
    })),
    most: await mostKeys(parts, owner),
    next: found.length > PAGE ? shown.at(-1)?.id : undefined,
    is_later: before !== undefined,
  };
}

type Offered = { readonly scope: string; readonly words: Localized };
type OfferedApi = {
  readonly identifier: string;
  readonly name: Localized;
  readonly scopes: readonly Offered[];
};

/** Of every API, what `mayGive` says; APIs of which that is nothing are left out. */
export function offer(resources: readonly Resource[], mayGive: (scope: string) => boolean): OfferedApi[] {
  return resources
    .filter(({ source }) => source !== 'server')
    .map(({ identifier, registration }) => ({
      ...{ identifier, name: registration.name },
      scopes: Object.entries(registration.scopes)
        .filter(([scope]) => mayGive(scope))
        .map(([scope, words]) => ({ scope, words }))
        .slice(0, MOST_OFFERED),
    }))
    .filter(({ scopes }) => scopes.length > 0);
}

/** What this owner may hold now, alone or in any of their teams. Binding the key to one of them is judged when it is made. */
async function scopesFor(parts: WorkspaceParts, owner: KeyOwner, teams: readonly TeamOfPerson[]) {
  const holder = await parts.apiKeys.findHolder(owner, undefined);
  if (holder === undefined) throw new Refusal('not_found');
  const mayInTeam = (scope: string) => teams.some((team) => parts.rights.mayHoldInTeam(team, scope));
  return offer(
    await parts.resources.list(),
    (scope) => parts.apiKeys.rights.mayHold(holder, scope) || (owner.kind === 'personal' && mayInTeam(scope)),
  );
}

export async function loadNewKey(parts: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<Locals> {
  const frame = await frameOf(parts, kind, asked);
  const owner = ownerOf(kind, asked);
  // Only those who may list its keys make one.
  await parts.apiKeys.list(asked.actor, owner, { before: undefined, limit: 1 });
  const teams = await parts.teams.listOf(asked.account.id);
  const longest = parts.config.api_keys.longest_seconds;
  return {
    ...frame,
    apis: await scopesFor(parts, owner, teams),
    levels: parts.config.api_keys.levels.map(({ level, name }) => ({ level, name })),
    lives: LIVES.filter((days) => longest === undefined || days * DAY_SECONDS <= longest),
    longest_seconds: longest,
    teams: kind === 'team' ? [] : teams.map(({ id, name }) => ({ id, name })),
    most: await mostKeys(parts, owner),
  };
}

/** Scopes that this key may keep: its own, or of a key with every scope those that it stands for. */
async function keepable(parts: WorkspaceParts, key: ApiKey): Promise<readonly string[]> {
  const { rights } = parts.apiKeys;
  const own = rights.scopesOf(key);
  if (!own.includes(EVERY_SCOPE)) return own;
  const apis = offer(await parts.resources.list(), (scope) => rights.says(key, scope));
  return [...new Set(apis.flatMap(({ scopes }) => scopes.map(({ scope }) => scope)))];
}

export async function loadKey(parts: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<Locals> {
  const key = await getKey(parts, kind, asked);
  const frame = await frameOf(parts, kind, asked);
  const { rights } = parts.apiKeys;
  const lesser = rights.levels.filter(
    ({ level }) =>
      key.level !== undefined && level !== key.level && rights.isWithin({ level, scopes: [] }, key),
  );
  const theirs = await parts.teams.listOf(asked.account.id);
  const responsible = await findResponsible(parts, [key]);
  return {
    ...frame,
    key: {
      ...describeKey(key, theirs, levelsOf(parts)),
      responsible: kind === 'team' ? responsible.get(key.responsibleId ?? '') : undefined,
    },
    keepable: await keepable(parts, key),
    lesser_levels: lesser.map(({ level, name }) => ({ level, name })),
  };
}
