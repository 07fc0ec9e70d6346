// What the pages of a team's service accounts show: all of them, one with its keys, and what a new one may be given.
import { Refusal } from '../errors.ts';
import type { GoogleCredentials } from '../service-accounts/credentials.ts';
import type { TrustedIssuer } from '../service-accounts/registration.ts';
import type { ServiceAccount } from '../service-accounts/service-account.ts';
import { showKey } from '../service-accounts/shown-key.ts';
import { EVERY_SCOPE } from '../teams/rights.ts';
import { type Parameters, paramOf } from '../web/parameters.ts';
import { offer } from './key-pages.ts';
import { REVEAL_SECONDS } from './reveals.ts';
import { describeSnippets } from './service-account-snippets.ts';
import type { Asked, Locals, WorkspaceParts } from './workspace-route.ts';

const PAGE = 50;
const ANY_FILE = 'service-account.json';

/** The page that lists them. */
export function pathOfAccounts({ team = '' }: Parameters): string {
  return `/teams/${encodeURIComponent(team)}/service-accounts`;
}

export function pathOfAccount(params: Parameters, id = params.machine ?? ''): string {
  return `${pathOfAccounts(params)}/${encodeURIComponent(id)}`;
}

/** Refuses with not_found what is not of the team in the path, or not to be seen by whoever asks (row G07). */
export async function getAccount(parts: WorkspaceParts, asked: Asked): Promise<ServiceAccount> {
  const account = await parts.serviceAccounts.getAs(asked.actor, paramOf(asked, 'machine'));
  if (account.teamId === paramOf(asked, 'team')) return account;
  throw new Refusal('not_found', { words: 'There is no such service account.' });
}

/** Its name in the address, and what stands around every page; refuses members who do not manage. */
async function loadFrame({ teams, rights }: WorkspaceParts, asked: Asked) {
  const { team } = await teams.get(asked.actor, paramOf(asked, 'team'));
  const most = rights.planOfTeam(team.plan).maxServiceAccounts;
  return { frame: { section: 'teams', team: { id: team.id, name: team.name }, most }, team };
}

function stateOf({ disabledAt, isActive }: ServiceAccount): 'disabled' | 'active' | 'not_in_plan' {
  if (disabledAt !== undefined) return 'disabled';
  return isActive ? 'active' : 'not_in_plan';
}

function describeAccount(account: ServiceAccount) {
  const { id, name, scopes, scopesNow, keys, disabledKeys } = account;
  const shown = keys.map((key) => showKey(key, disabledKeys));
  return {
    ...{ id, name, state: stateOf(account), scopes: scopesNow, keys: shown },
    lost: scopes.filter((scope) => scope !== EVERY_SCOPE && !scopesNow.includes(scope)),
    has_key: shown.some(({ state }) => state === 'in_force'),
    resource: account.registration.trust.resource,
    ...{ created_at: account.createdAt, last_used_at: account.lastUsedAt },
    ...{ last_used_address: account.lastUsedAddress, last_used_program: account.lastUsedProgram },
    // What was signed in this very second is dead too.
    not_before: account.endedAt === undefined ? undefined : account.endedAt + 1,
  };
}

/** The address of whoever made it. */
async function findResponsible(
  { accounts }: WorkspaceParts,
  { responsibleId }: ServiceAccount,
): Promise<string | undefined> {
  return responsibleId === undefined ? undefined : (await accounts.find(responsibleId))?.email;
}

export async function loadAccounts(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const { frame, team } = await loadFrame(parts, asked);
  const { after = '' } = asked.query;
  const page = { teamId: team.id, after, limit: PAGE + 1 };
  const found = await parts.serviceAccounts.list(asked.actor, page);
  const shown = found.slice(0, PAGE);
  return {
    ...frame,
    accounts: await Promise.all(
      shown.map(async (one) => ({
        ...describeAccount(one),
        responsible: await findResponsible(parts, one),
      })),
    ),
    next: found.length > PAGE ? shown.at(-1)?.id : undefined,
    is_later: after !== '',
    snippets: describeSnippets({ issuer: parts.config.issuer, file: ANY_FILE }),
  };
}

export async function loadNewAccount(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const { frame, team } = await loadFrame(parts, asked);
  // Only those who may list them make one.
  await parts.serviceAccounts.list(asked.actor, { teamId: team.id, after: '', limit: 1 });
  const mayHold = (scope: string) => parts.rights.mayTeamHold(team.plan, scope);
  return { ...frame, apis: offer(await parts.resources.list(), mayHold) };
}

/** What it could keep, were it to have less: of `*` what it stands for now. */
async function describeKeepable({ resources }: WorkspaceParts, { scopes, mayHave }: ServiceAccount) {
  if (!scopes.includes(EVERY_SCOPE)) return { keepable: scopes, has_every: false };
  const named = offer(await resources.list(), mayHave).flatMap((api) => api.scopes.map(({ scope }) => scope));
  return { keepable: [...new Set(named)], has_every: true };
}

/** What it has not yet, of what the team may give. */
export async function loadWidening(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const { id, name, mayHave, scopes, registration } = await getAccount(parts, asked);
  const { frame, team } = await loadFrame(parts, asked);
  const { resource } = registration.trust;
  const apis = (await parts.resources.list()).filter(
    ({ identifier }) => resource === undefined || identifier === resource,
  );
  const isNew = (scope: string) => parts.rights.mayTeamHold(team.plan, scope) && !mayHave(scope);
  const has_every = scopes.includes(EVERY_SCOPE);
  return { ...frame, account: { id, name, has_every }, apis: offer(apis, isNew) };
}

/** Who acts as it without a key of its own: for people to see, since an operator says so. */
function describeWorkloads(issuers: readonly TrustedIssuer[], id: string) {
  return issuers.flatMap(({ blockedAt, registration: { name, trust } }) =>
    (trust.mappings ?? [])
      .filter(({ serviceAccountId }) => serviceAccountId === id)
      .map(({ rules }) => ({
        ...{ issuer: trust.issuer, name, is_trusted: blockedAt === undefined },
        rules: rules.map(({ claim, values }) => ({ claim, values })),
      })),
  );
}

export async function loadAccount(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const account = await getAccount(parts, asked);
  const { frame } = await loadFrame(parts, asked);
  const issuers = await parts.trustedIssuers.listMappingTo(account.id);
  const kept = await describeKeepable(parts, account);
  return {
    ...frame,
    account: { ...describeAccount(account), ...kept, responsible: await findResponsible(parts, account) },
    workloads: describeWorkloads(issuers, account.id),
    snippets: describeSnippets({ issuer: parts.config.issuer, file: fileOf(account.id) }),
  };
}

function fileOf(id: string): string {
  return `${id}.json`;
}

/** How the file is written, on its way and in the hands of its owner. */
export function writeFile(credentials: GoogleCredentials): string {
  return `${JSON.stringify(credentials, null, 2)}\n`;
}

export async function loadFile(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const account = await getAccount(parts, asked);
  const { frame } = await loadFrame(parts, asked);
  const text = await parts.reveals.take(asked.account.id, account.id, {
    ticket: paramOf(asked, 'ticket'),
    gone: 'The file was offered already, or you came too late for it. Remove its key, and add another one.',
  });
  return {
    ...frame,
    account: { id: account.id, name: account.name },
    file: { name: fileOf(account.id), text, base64: Buffer.from(text).toString('base64') },
    life_seconds: REVEAL_SECONDS,
  };
}
