// What is asked for a new key, or another scope for an old one, judged: refusals are invalid_request at the field at fault.
import type { Config } from '../../config/schema.ts';
import { cleanName } from '../accounts/person-name.ts';
import { LATEST_AT, nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { isKeyScope } from '../resources/management.ts';
import type { Resource } from '../resources/resources.ts';
import { EVERY_SCOPE } from '../teams/rights.ts';
import type { ApiKey, KeyTerms } from './api-key.ts';
import { readNetworks } from './key-networks.ts';
import type { Holder, KeyRights } from './key-rights.ts';

const MOST_SCOPES = 100;
const DAY_SECONDS = 86_400;

/** How many days before its end people are told, the first first. */
export const WARNING_DAYS: readonly number[] = [14, 7, 1];
const NEVER_WARNED = 1000;

/** A day: how long the old secret of a key may be good beside the new one. */
export const LONGEST_OVERLAP_SECONDS = 86_400;

export function checkOverlap(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= LONGEST_OVERLAP_SECONDS) return;
  throw new Refusal('invalid_request', {
    words: 'The old secret is good for 0 to {most} seconds more.',
    values: { most: LONGEST_OVERLAP_SECONDS },
    param: 'overlap_seconds',
  });
}

/** What somebody asks for: either scopes or a level, or what the configuration gives by default. */
export type WantedTerms = {
  readonly name: string;
  readonly scopes?: readonly string[] | undefined;
  readonly level?: string | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly expiresAt?: number | undefined;
  readonly resource?: string | undefined;
};

type Judges = { config: Config['api_keys']; rights: KeyRights; resources: readonly Resource[] };

function refuse(param: string, words: string, values: Readonly<Record<string, string | number>> = {}): never {
  throw new Refusal('invalid_request', { words, values, param });
}

/** Names that an API has, or all of them. */
function checkNames(scopes: readonly string[], wanted: WantedTerms, { config, resources }: Judges): void {
  const { resource } = wanted;
  const asked = resource === undefined ? resources : resources.filter((one) => one.identifier === resource);
  if (asked.length === 0 && resource !== undefined)
    refuse('resource', 'There is no API {resource}.', { resource });
  const known = new Set(asked.flatMap(({ registration }) => Object.keys(registration.scopes)));
  for (const scope of scopes) {
    // A key manages keys at most, and nothing else of this server.
    const isKnown = isKeyScope(scope) ? config.managed_by_keys || known.has(scope) : known.has(scope);
    if (scope !== EVERY_SCOPE && !isKnown)
      refuse('scope', 'There is no scope {scope} for keys.', { scope: scope.slice(0, 100) });
  }
}

function readScopes(wanted: WantedTerms, holder: Holder, judges: Judges): Pick<KeyTerms, 'scopes' | 'level'> {
  const { config, rights } = judges;
  const { level } = wanted;
  const given = [...new Set(wanted.scopes ?? [])];
  if (level !== undefined && given.length > 0) refuse('level', 'Give scopes or a level, not both.');
  if (level !== undefined && !rights.isLevel(level))
    refuse('level', 'There is no level {level}.', { level: level.slice(0, 100) });
  const scopes = level === undefined && given.length === 0 ? config.default_scopes : given;
  if (level === undefined && scopes.length === 0)
    refuse('scope', 'Say what the key may do: give its scopes.');
  if (scopes.length > MOST_SCOPES) refuse('scope', 'Give at most {most} scopes.', { most: MOST_SCOPES });
  checkNames(scopes, wanted, judges);
  // Named ones alone: what is behind `*` and a level is cut to what the owner may at each use.
  const beyond = given.find((scope) => scope !== EVERY_SCOPE && !rights.mayHold(holder, scope));
  if (beyond !== undefined) refuse('scope', 'You may not give the scope {scope}.', { scope: beyond });
  return { scopes, level };
}

function readEnd(expiresAt: number | undefined, { longest_seconds: longest }: Config['api_keys']) {
  const now = nowSeconds();
  if (expiresAt !== undefined && expiresAt <= now) refuse('expires_at', 'That moment has passed already.');
  if (expiresAt !== undefined && expiresAt > LATEST_AT) refuse('expires_at', 'That moment is too far away.');
  const last = longest === undefined ? undefined : now + longest;
  if (last === undefined) return expiresAt;
  if (expiresAt !== undefined && expiresAt > last)
    refuse('expires_at', 'A key lives at most {days} days here.', {
      days: Math.floor((longest ?? 0) / DAY_SECONDS),
    });
  return expiresAt ?? last;
}

/** Warnings of which the moment has passed when the key is made are never sent. */
function firstWarning(expiresAt: number | undefined): number {
  if (expiresAt === undefined) return NEVER_WARNED;
  const lifeSeconds = expiresAt - nowSeconds();
  return WARNING_DAYS.findLast((days) => days * DAY_SECONDS >= lifeSeconds) ?? NEVER_WARNED;
}

export function judgeTerms(wanted: WantedTerms, holder: Holder, judges: Judges) {
  const expiresAt = readEnd(wanted.expiresAt, judges.config);
  return {
    name: cleanName(wanted.name),
    ...readScopes(wanted, holder, judges),
    networks: readNetworks(wanted.networks ?? []),
    resource: wanted.resource,
    expiresAt,
    warnedDays: firstWarning(expiresAt),
  };
}

export type KeyChange = {
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly level?: string | undefined;
  readonly isDisabled?: boolean | undefined;
};

/** The terms after a change. A key only ever gets less: a level in place of scopes could grow with the configuration. */
export function judgeChange(key: ApiKey, change: KeyChange, rights: KeyRights) {
  const { scopes, level } = change;
  if (scopes !== undefined && level !== undefined) refuse('level', 'Give scopes or a level, not both.');
  if (scopes?.length === 0) refuse('scope', 'A key without scopes is of no use: disable or revoke it.');
  if (level !== undefined && key.level === undefined)
    refuse('level', 'A key with scopes cannot get a level.');
  const said =
    scopes === undefined && level === undefined
      ? { scopes: key.scopes, level: key.level }
      : { scopes: [...new Set(scopes ?? [])], level };
  if (level !== undefined && !rights.isLevel(level))
    refuse('level', 'There is no level {level}.', { level: level.slice(0, 100) });
  if (!rights.isWithin(said, key))
    refuse(level === undefined ? 'scope' : 'level', 'A key never gets more than it has. Make another one.');
  const isDisabled = change.isDisabled ?? key.disabledAt !== undefined;
  return {
    name: change.name === undefined ? key.name : cleanName(change.name),
    ...said,
    networks: key.networks,
    disabledAt: isDisabled ? (key.disabledAt ?? nowSeconds()) : undefined,
  };
}
