// What a key may do with keys, where the operator allows that at all: those of its own owner, and never one that may do more,
// lives longer or is good in more places than itself. Whoever finds it gains nothing that outlasts it; nor does an app.
import type { KeyOptions, OwnerOptions } from '../admin/api-key-commands.ts';
import type { ShownKey } from '../admin/shown-api-key.ts';
import type { ApiKey } from '../api-keys/api-key.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { isPartOf, readNetworks } from '../api-keys/key-networks.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Caller } from './operations.ts';

function refuse(words: string, param: string): never {
  throw new Refusal('access_denied', { words, param, reason: 'beyond the key' });
}

/** Refuses with not_found the keys of others; who calls without a key is judged elsewhere. */
export function checkSameOwner(by: ApiKey | undefined, shown: ShownKey): ShownKey {
  if (by === undefined) return shown;
  const isSame =
    shown.kind === by.owner.kind &&
    (by.owner.kind === 'team' ? shown.team_id === by.owner.teamId : shown.account_id === by.owner.accountId);
  if (!isSame) throw new Refusal('not_found', { reason: "another owner's key" });
  return shown;
}

function ownerOf({ owner }: ApiKey): OwnerOptions {
  return owner.kind === 'team' ? { team: owner.teamId } : { account: owner.accountId };
}

/** Refuses with invalid_request what is said of the owner and is not so: the key would be another than was asked for. */
function checkOwner(
  { owner, teamId }: ApiKey,
  asked: { kind?: string | undefined; team_id?: string | undefined },
): void {
  const isOtherTeam = teamId !== undefined && asked.team_id !== undefined && asked.team_id !== teamId;
  const param = isOtherTeam ? 'team_id' : 'kind';
  if (!isOtherTeam && (asked.kind ?? owner.kind) === owner.kind) return;
  throw new Refusal('invalid_request', { words: `${param}: a key makes keys of its own owner`, param });
}

type Terms = Omit<KeyOptions, 'account'>;

/** What a key asks for, cut to itself. Refuses with access_denied what it has not. */
function judge({ rights }: Pick<ApiKeys, 'rights'>, by: ApiKey, asked: Terms): KeyOptions {
  const { name, scopes, level } = asked;
  if (level === undefined && scopes.length === 0) refuse('scopes: a key must say them', 'scopes');
  if (!rights.isWithin({ scopes, level }, by)) refuse('scopes: more than this key has itself', 'scopes');
  const endsAt =
    asked.expiresInSeconds === undefined ? asked.expiresAt : nowSeconds() + asked.expiresInSeconds;
  if (by.expiresAt !== undefined && (endsAt ?? Infinity) > by.expiresAt)
    refuse('expires_at: later than the end of this key', 'expires_at');
  const { cidr } = asked;
  // Where it is good is where its maker is, or a part of that.
  const networks = cidr.length === 0 ? by.networks : readNetworks(cidr);
  if (!isPartOf(networks, by.networks)) refuse('cidr: more than where this key is good', 'cidr');
  return {
    ...{ name, scopes, level, cidr: networks, expiresAt: endsAt },
    resource: by.resource ?? asked.resource,
    ...{ team: by.teamId ?? asked.team, ...ownerOf(by) },
  };
}

/** Rotating gives the secret of the other key to whoever holds this one, and enabling gives it its use back. */
function checkReach({ rights }: Pick<ApiKeys, 'rights'>, by: ApiKey | undefined, shown: ShownKey): void {
  if (by === undefined) return;
  if (!rights.isWithin({ scopes: shown.scopes, level: shown.level ?? undefined }, by))
    refuse('key_id: that key may do more than this one', 'key_id');
  if ((shown.expires_at ?? Infinity) > (by.expiresAt ?? Infinity))
    refuse('key_id: that key lives longer than this one', 'key_id');
  const isElsewhere =
    (by.resource !== undefined && shown.resource !== by.resource) ||
    (by.teamId !== undefined && shown.team_id !== by.teamId);
  if (isElsewhere || !isPartOf(shown.cidr, by.networks))
    refuse('key_id: that key is good in more places than this one', 'key_id');
}

/** An app ends with the consent, and a key does not: only the operator's own apps get hold of one. */
export function checkOwnApp({ self }: Caller): void {
  if (self?.isForeignApp !== true) return;
  throw new Refusal('access_denied', {
    words: 'An app makes, rotates and enables keys only where it is run by whoever runs this server.',
    reason: 'a key would outlive the consent',
  });
}

export const boundCreation = { ownerOf, checkOwner, judge, checkReach };
