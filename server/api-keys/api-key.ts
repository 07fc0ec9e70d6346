// An API key as the program knows it: whose it is, what it may do, where and how long. Its secret is in none of this.
import { formatId, nextId, parseId } from '../storage/ids.ts';

const PREFIX = 'key_';

/** A personal key acts as its owner; a team key acts for its team, whoever made it. */
export type KeyOwner =
  | { readonly kind: 'personal'; readonly accountId: string }
  | { readonly kind: 'team'; readonly teamId: string };

/** What may be changed of a key. */
export type KeyTerms = {
  readonly name: string;
  /** Names, or `*`; none where it has a level. */
  readonly scopes: readonly string[];
  /** Names an entry of `api_keys.levels` in the configuration. */
  readonly level: string | undefined;
  /** Where it may be used from, as CIDR; none is everywhere. */
  readonly networks: readonly string[];
};

export type LastUse = {
  readonly at: number;
  readonly address: string | undefined;
  readonly program: string | undefined;
  /** The API that asked about it. */
  readonly resource: string | undefined;
};

export type ApiKey = KeyTerms & {
  readonly id: string;
  readonly owner: KeyOwner;
  /** The team of a team key, or the only one where a personal key is good. */
  readonly teamId: string | undefined;
  /** Whoever made it and answers for it; undefined where an operator did. */
  readonly responsibleId: string | undefined;
  readonly prefix: string;
  readonly lastFour: string;
  /** The only API where it is good. */
  readonly resource: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly disabledAt: number | undefined;
  readonly revokedAt: number | undefined;
  readonly lastUse: LastUse | undefined;
  /** Grows with each change of its terms. */
  readonly version: number;
  /** So many days before its end its owner was told. */
  readonly warnedDays: number;
};

export type KeyState = 'active' | 'disabled' | 'expired' | 'revoked';

/** As far as the key itself says; its owner may be disabled, or have a smaller plan. */
export function stateOf({ revokedAt, expiresAt, disabledAt }: ApiKey, now: number): KeyState {
  if (revokedAt !== undefined) return 'revoked';
  if (expiresAt !== undefined && expiresAt <= now) return 'expired';
  return disabledAt === undefined ? 'active' : 'disabled';
}

export function formatKeyId(id: number): string {
  return `${PREFIX}${formatId(id)}`;
}

export function parseKeyId(text: string): number | undefined {
  return text.startsWith(PREFIX) ? parseId(text.slice(PREFIX.length)) : undefined;
}

export function createKeyId(): string {
  return formatKeyId(nextId());
}
