// What a key may do now: what it says, within what its owner may. Pure: the owner's standing is read by whoever asks.
import type { Config } from '../../config/schema.ts';
import { isOwnScope } from '../resources/management.ts';
import type { Standing, TeamStanding } from '../storage/standing.ts';
import { EVERY_SCOPE, type Rights } from '../teams/rights.ts';
import type { KeyTerms } from './api-key.ts';

/** Whom the key acts for, as they stand now. */
export type Holder =
  | { readonly kind: 'team'; readonly plan: string | undefined }
  | {
      readonly kind: 'personal';
      readonly person: Standing;
      /** Where the key is bound to one team. */
      readonly team: TeamStanding | undefined;
    };

type Said = Pick<KeyTerms, 'scopes' | 'level'>;

export function createKeyRights(config: Config['api_keys'], rights: Rights) {
  const levels = new Map(config.levels.map(({ level, scopes }) => [level, scopes]));

  /** The scopes that a level stands for; one that the configuration has no longer stands for none. */
  function scopesOf({ scopes, level }: Said): readonly string[] {
    return level === undefined ? scopes : (levels.get(level) ?? []);
  }

  /** Does the key itself say so? `*` never means administration, nor to manage keys. */
  function says(said: Said, scope: string): boolean {
    const names = scopesOf(said);
    if (names.includes(scope)) return true;
    return names.includes(EVERY_SCOPE) && rights.isMeantByAll(scope) && !isOwnScope(scope);
  }

  function mayHold(holder: Holder, scope: string): boolean {
    if (holder.kind === 'team') return rights.mayTeamHold(holder.plan, scope);
    if (holder.team !== undefined) return rights.mayHoldInTeam(holder.team, scope);
    return rights.mayHoldAlone(holder.person, scope);
  }

  /** Keys that whoever holds it may have at once on their plan; 0 is none at all. */
  function mostKeys(holder: Holder): number {
    return holder.kind === 'team'
      ? rights.planOfTeam(holder.plan).maxTeamKeys
      : rights.planOfPerson(holder.person.plan).maxPersonalKeys;
  }

  return {
    isLevel: (level: string): boolean => levels.has(level),
    levels: config.levels,
    scopesOf,
    says,
    mayHold,
    mostKeys,

    /** Is this no more than that? What `*` stands for changes with the APIs, so only `*` holds it. */
    isWithin(part: Said, whole: Said): boolean {
      return scopesOf(part).every((scope) =>
        scope === EVERY_SCOPE ? scopesOf(whole).includes(EVERY_SCOPE) : says(whole, scope),
      );
    },
  };
}

export type KeyRights = ReturnType<typeof createKeyRights>;
