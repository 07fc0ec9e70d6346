// What the pages of a team's apps show: all of them, one with what waits for an operator, and the form of a new one.

import type { Client } from '../clients/clients.ts';
import { needsSecret } from '../clients/secrets.ts';
import { type Proposal, stateOf } from '../clients/team-owner.ts';
import { nowSeconds } from '../clock.ts';
import { openidScopes } from '../protocol/catalog.ts';
import { proposalOf, settingsOf } from '../team-apps/app-terms.ts';
import { isSameList } from '../team-apps/widening.ts';
import { paramOf } from '../web/parameters.ts';
import { pathOfTeam } from './team-pages.ts';
import type { Asked, Locals, WorkspaceParts } from './workspace-route.ts';

const PAGE = 50;

export function appsHome(params: Asked['params']): string {
  return `${pathOfTeam(params.team ?? '')}/apps`;
}

export function pathOfApp(params: Asked['params']): string {
  return `${appsHome(params)}/${encodeURIComponent(params.app ?? '')}`;
}

export function appPlace(asked: Asked): { teamId: string; id: string } {
  return { teamId: paramOf(asked, 'team'), id: paramOf(asked, 'app') };
}

async function frameOf({ teams }: WorkspaceParts, asked: Asked) {
  const { team } = await teams.get(asked.actor, paramOf(asked, 'team'));
  return { section: 'teams', team: { id: team.id, name: team.name, plan: team.plan } };
}

/** Where what is asked for differs from what is in force. */
function listChanges(now: Proposal, wanted: Proposal | undefined) {
  if (wanted === undefined) return [];
  const [before, after] = [
    { ...settingsOf(now), team_name: now.teamName },
    { ...settingsOf(wanted), team_name: wanted.teamName },
  ];
  return Object.keys(before).flatMap((field) => {
    const [was, will] = [before, after].map((one) => [one[field as keyof typeof one] ?? []].flat());
    return isSameList(was, will) ? [] : [{ field, before: was, after: will }];
  });
}

function describeApp(client: Client) {
  const { registration, owner } = client;
  const now = nowSeconds();
  return {
    ...{ id: client.id, type: registration.type, auth: registration.auth, state: stateOf(client) },
    ...settingsOf(registration),
    ...{ is_verified: registration.isVerified ?? false, team_name: registration.teamName },
    ...{ created_at: client.createdAt, asked_at: owner?.askedAt, note: owner?.note },
    has_secret: needsSecret(registration.auth),
    second_ends_at: registration.secrets.find(({ expiresAt = 0 }) => expiresAt > now)?.expiresAt,
    is_declared: client.source === 'file',
    changes: listChanges(proposalOf(registration), owner?.proposal),
  };
}

export async function loadApps(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const { team, ...frame } = await frameOf(parts, asked);
  const { after = '' } = asked.query;
  const found = await parts.teamApps.list(asked.actor, team.id, { after, limit: PAGE + 1 });
  return {
    ...{ ...frame, team },
    apps: found.slice(0, PAGE).map(describeApp),
    most: parts.teamApps.mostApps(team.plan),
    is_offered: parts.config.teams.apps.enabled,
    next: found.length > PAGE ? found[PAGE - 1]?.id : undefined,
    is_later: after !== '',
  };
}

export async function loadApp(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const frame = await frameOf(parts, asked);
  const client = await parts.teamApps.get(asked.actor, appPlace(asked));
  const by = await parts.accounts.find(client.owner?.registeredBy ?? '');
  return {
    ...frame,
    app: { ...describeApp(client), registered_by: by?.email },
    may_edit: parts.config.teams.apps.enabled && client.source === 'database',
  };
}

/** Scopes and grants that may be ticked: what is offered, and what the app has already. */
async function formOf(
  { teamApps: { terms } }: WorkspaceParts,
  has: { grants: readonly string[]; scopes: readonly string[] },
) {
  const { own, apis } = await terms.listScopes();
  const offered = [...own, ...apis.flatMap((api) => api.scopes.map(({ scope }) => scope))];
  const kept = has.scopes.filter((scope) => !offered.includes(scope));
  const groups = [
    { name: undefined, scopes: own.map((scope) => ({ scope, words: openidScopes[scope] ?? '' })) },
    ...apis.map(({ name, scopes }) => ({ name, scopes })),
    { name: undefined, scopes: kept.map((scope) => ({ scope, words: '' })) },
  ].filter(({ scopes }) => scopes.length > 0);
  return { types: terms.listTypes(), grants: [...new Set([...terms.grants, ...has.grants])], groups };
}

export async function loadNewApp(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const { team, ...frame } = await frameOf(parts, asked);
  // Only those who may list its apps register one.
  await parts.teamApps.list(asked.actor, team.id, { after: '', limit: 1 });
  const usual = { grants: ['authorization_code', 'refresh_token'], scopes: ['openid'] };
  return {
    ...{ ...frame, team, most: parts.teamApps.mostApps(team.plan), values: { ...usual, name: '' } },
    ...(await formOf(parts, { grants: [], scopes: [] })),
  };
}

export async function loadEdit(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const frame = await frameOf(parts, asked);
  const client = await parts.teamApps.get(asked.actor, appPlace(asked));
  const values = settingsOf(client.owner?.proposal ?? proposalOf(client.registration));
  return { ...frame, app: describeApp(client), values, ...(await formOf(parts, values)) };
}
