// What may be done with API keys, by an operator or a person: whoever acts is the first argument, and the keys of others are
// not there for them. The JSON API and the pages call the same functions.
import type { KeyOwner } from '../api-keys/api-key.ts';
import type { KeyChange } from '../api-keys/key-terms.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Actor } from '../teams/admission.ts';
import type { AdminParts } from './parts.ts';
import {
  type ShownKey,
  type ShownNewKey,
  type ShownRotatedKey,
  showKey,
  showNewKey,
  showRotatedKey,
} from './shown-api-key.ts';

type Parts = Pick<AdminParts, 'apiKeys' | 'accounts'>;

/** Whose: an account by e-mail or id, a team by id, or an account bound to one team. */
export type OwnerOptions = { readonly account?: string | undefined; readonly team?: string | undefined };

export type KeyOptions = OwnerOptions & {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly level?: string | undefined;
  readonly cidr: readonly string[];
  readonly resource?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly expiresInSeconds?: number | undefined;
};

/** An account that is named as well as a team has a personal key that is good in that team alone. */
async function readOwner({ accounts }: Parts, { account, team }: OwnerOptions): Promise<KeyOwner> {
  if (account !== undefined) return { kind: 'personal', accountId: (await accounts.get(account)).id };
  if (team !== undefined) return { kind: 'team', teamId: team };
  throw new Refusal('invalid_request', {
    words: 'Say whose key it is: an account or a team.',
    param: 'account',
  });
}

function readEnd({ expiresAt, expiresInSeconds }: KeyOptions): number | undefined {
  return expiresInSeconds === undefined ? expiresAt : nowSeconds() + expiresInSeconds;
}

/** Refuses as `apiKeys.create` does. `alsoInUnit` may add writes of its own. */
export async function createKey(
  parts: Parts,
  actor: Actor,
  { alsoInUnit, ...options }: KeyOptions & { alsoInUnit?: ((made: ShownNewKey) => void) | undefined },
): Promise<ShownNewKey> {
  const owner = await readOwner(parts, options);
  const { name, scopes, level, cidr: networks, resource } = options;
  const teamId = owner.kind === 'personal' ? options.team : undefined;
  const wanted = { owner, teamId, name, scopes, level, networks, resource, expiresAt: readEnd(options) };
  return showNewKey(await parts.apiKeys.create(actor, wanted, (made) => alsoInUnit?.(showNewKey(made))));
}

export type KeyPage = { readonly before: string | undefined; readonly limit: number };

/** The newest first; of everybody where nobody is named, which only an operator may ask. */
export async function listKeys(
  parts: Parts,
  actor: Actor,
  { before, limit, ...owner }: OwnerOptions & KeyPage,
): Promise<ShownKey[]> {
  const isNamed = owner.account !== undefined || owner.team !== undefined;
  if (!isNamed && actor.account === undefined)
    return (await parts.apiKeys.listAll({ before, limit })).map(showKey);
  const of: OwnerOptions = isNamed ? owner : { account: actor.account?.id };
  const keys = await parts.apiKeys.list(actor, await readOwner(parts, of), { before, limit });
  return keys.map(showKey);
}

export async function showOneKey({ apiKeys }: Parts, actor: Actor, id: string): Promise<ShownKey> {
  return showKey(await apiKeys.get(actor, id));
}

/** Another name, fewer scopes, disabled or enabled again. */
export async function changeKey(
  { apiKeys }: Parts,
  actor: Actor,
  { id, ...change }: KeyChange & { id: string },
): Promise<ShownKey> {
  return showKey(await apiKeys.change(actor, await apiKeys.get(actor, id), change));
}

/** A second secret; the one before is good for `overlapSeconds` more. */
export async function rotateKey(
  { apiKeys }: Parts,
  actor: Actor,
  { id, overlapSeconds, alsoInUnit }: RotationOptions,
): Promise<ShownRotatedKey> {
  const key = await apiKeys.get(actor, id);
  const made = await apiKeys.rotate(actor, key, {
    overlapSeconds,
    alsoInUnit: (one) => alsoInUnit?.(showRotatedKey(one)),
  });
  return showRotatedKey(made);
}

type RotationOptions = {
  readonly id: string;
  readonly overlapSeconds: number;
  readonly alsoInUnit?: ((made: ShownRotatedKey) => void) | undefined;
};

/** For good. What has ended already stays as it was. */
export async function revokeKey({ apiKeys }: Parts, actor: Actor, id: string): Promise<ShownKey> {
  await apiKeys.revoke(actor, await apiKeys.get(actor, id));
  return showKey(await apiKeys.get(actor, id));
}
