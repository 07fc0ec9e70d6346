// A service account as the program knows it: whose it is, its keys, and what it may do now.
import { Refusal } from '../errors.ts';
import { isOwnScope } from '../resources/management.ts';
import { EVERY_SCOPE, isManagement, type Rights } from '../teams/rights.ts';
import type { AccountRegistration } from './account-registration.ts';
import { type PublicKey, thumbprintOf } from './keys.ts';
import type { NamedKey } from './public-keys.ts';
import { readRegistration, type ServiceAccountRow } from './store.ts';

const MOST_KEYS = 20;

export type ServiceAccount = {
  readonly id: string;
  readonly name: string;
  readonly registration: AccountRegistration;
  /** undefined: it is the operator's. */
  readonly teamId: string | undefined;
  /** Of the operator's, if one was chosen. */
  readonly plan: string | undefined;
  readonly keys: readonly PublicKey[];
  /** By `kid`. */
  readonly disabledKeys: readonly string[];
  readonly scopes: readonly string[];
  /** As far as its team, or its plan, may hold them now; of `*` what the ceiling names, or `*` again where it names nothing. */
  readonly scopesNow: readonly string[];
  /** By its registration, and now. */
  readonly mayHave: (scope: string) => boolean;
  /** Has the plan of its team service accounts at all? */
  readonly isOnPlan: boolean;
  readonly isActive: boolean;
  /** Who made it; undefined: an operator did. */
  readonly responsibleId: string | undefined;
  readonly lastUsedAt: number | undefined;
  readonly lastUsedAddress: string | undefined;
  readonly lastUsedProgram: string | undefined;
  readonly createdAt: number;
  readonly disabledAt: number | undefined;
  /** What it signed up to this second is dead. */
  readonly endedAt: number | undefined;
};

/** Where a service account stands: on the plan of its team, or on its own, or under no ceiling at all. */
export type Standing = {
  readonly teamId: string | null;
  readonly teamPlan: string | null;
  readonly plan: string | null;
};

/** May it hold this scope now? Rights over the server itself are for whoever proves itself to us, never for a JWT. */
export function mayHold({ teamId, teamPlan, plan }: Standing, scope: string, rights: Rights): boolean {
  if (isManagement(scope)) return false;
  if (teamId !== null) return rights.mayTeamHold(teamPlan ?? undefined, scope);
  return plan === null || rights.mayTeamHold(plan, scope);
}

/** Does its registration say so? `*` never means administration, nor what is about credentials themselves, as of API keys. */
export function says(scopes: readonly string[], scope: string, rights: Rights): boolean {
  if (scope === EVERY_SCOPE) return false;
  if (scopes.includes(scope)) return true;
  return scopes.includes(EVERY_SCOPE) && rights.isMeantByAll(scope) && !isOwnScope(scope);
}

function ceilingOf({ teamId, teamPlan, plan }: Standing, rights: Rights): readonly string[] {
  if (teamId === null && plan === null) return [EVERY_SCOPE];
  return rights.listHeldByTeam((teamId === null ? plan : teamPlan) ?? undefined);
}

function listNow(scopes: readonly string[], standing: Standing, rights: Rights): string[] {
  const named = scopes.filter((scope) => scope !== EVERY_SCOPE && mayHold(standing, scope, rights));
  if (!scopes.includes(EVERY_SCOPE)) return named;
  const all = ceilingOf(standing, rights).filter(
    (scope) => scope === EVERY_SCOPE || says(scopes, scope, rights),
  );
  return [...new Set([...all, ...named])];
}

/** Has the plan of its team service accounts at all? One of the operator needs none. */
export function isOnPlan({ teamId, teamPlan }: Omit<Standing, 'plan'>, rights: Rights): boolean {
  return teamId === null || rights.planOfTeam(teamPlan ?? undefined).maxServiceAccounts > 0;
}

export function fromRow(row: ServiceAccountRow, rights: Rights): ServiceAccount {
  const registration = readRegistration(row) as AccountRegistration;
  const { name, scopes, trust } = registration;
  const standing = { teamId: row.team_id, teamPlan: row.team_plan, plan: row.plan };
  return {
    ...{ id: row.id, name, registration, scopes },
    teamId: row.team_id ?? undefined,
    plan: row.plan ?? undefined,
    keys: trust.jwks?.keys ?? [],
    disabledKeys: trust.disabledKeys,
    scopesNow: listNow(scopes, standing, rights),
    mayHave: (scope) => says(scopes, scope, rights) && mayHold(standing, scope, rights),
    isOnPlan: isOnPlan(standing, rights),
    isActive: row.blocked_at === null && row.has_owner === 1 && isOnPlan(standing, rights),
    responsibleId: row.responsible_id ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
    lastUsedProgram: row.last_used_program ?? undefined,
    createdAt: row.created_at,
    disabledAt: row.blocked_at ?? undefined,
    endedAt: row.revoked_at ?? undefined,
  };
}

/** In the words of one that is there for somebody else. */
export function notThere(id: string, cause?: unknown): Refusal {
  return new Refusal('not_found', {
    ...{ words: 'There is no service account {id}.', values: { id: id.slice(0, 100) } },
    ...{ param: 'service_account', cause },
  });
}

/** Refuses with not_found a key that it has not. */
export function checkKey({ keys }: ServiceAccount, kid: string): void {
  if (keys.some((key) => key.kid === kid)) return;
  throw new Refusal('not_found', {
    ...{ words: 'It has no key {kid}.', values: { kid: kid.slice(0, 255) }, param: 'key' },
  });
}

/** Refuses with already_exists one that it has, by its name or by another, and with invalid_request one too many. */
export function checkNewKey({ keys }: ServiceAccount, key: NamedKey): void {
  if (keys.some((one) => one.kid === key.kid))
    throw new Refusal('already_exists', {
      ...{ words: 'It has a key {kid} already.', values: { kid: key.kid }, param: 'key' },
    });
  const same = keys.find((one) => thumbprintOf(one) === thumbprintOf(key));
  if (same !== undefined)
    throw new Refusal('already_exists', {
      ...{ words: 'It has this key already, as {kid}.', values: { kid: String(same.kid) }, param: 'key' },
    });
  if (keys.length >= MOST_KEYS)
    throw new Refusal('invalid_request', {
      ...{ words: 'It has {most} keys: remove one first.', values: { most: MOST_KEYS }, param: 'key' },
    });
}
