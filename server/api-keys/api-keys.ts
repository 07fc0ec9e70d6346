// API keys: made, renamed, disabled, shrunk, rotated and ended, each with its event in the unit of the change. A person
// manages their own keys, and those of the teams that they manage; to everybody else these keys are not there (row G07).
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import type { EventType } from '../audit/events.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Resources } from '../resources/resources.ts';
import { sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Actor, Admission } from '../teams/admission.ts';
import type { Rights } from '../teams/rights.ts';
import { type ApiKey, createKeyId, type KeyOwner, stateOf } from './api-key.ts';
import { createHolderStore } from './holder-store.ts';
import type { KeyFormats } from './key-format.ts';
import { createKeyRights, type Holder } from './key-rights.ts';
import { checkOverlap, judgeChange, judgeTerms, type KeyChange, type WantedTerms } from './key-terms.ts';
import { createApiKeyStore, NO_OWNER, NO_ROOM } from './store.ts';

const NOT_OFFERED = {
  personal: 'There are no personal API keys here.',
  team: 'There are no team API keys here.',
} as const;
const FINAL = {
  revoked: 'This key is revoked, and that is final.',
  expired: 'This key is expired, and that is final.',
} as const;

export type ApiKeyParts = {
  config: Config['api_keys'];
  database: Database;
  audit: Audit;
  formats: KeyFormats;
  rights: Rights;
  admission: Pick<Admission, 'admitManager' | 'change'>;
  resources: Pick<Resources, 'list'>;
};

export type NewKey = WantedTerms & {
  readonly owner: KeyOwner;
  /** Binds a personal key to one team; a team key is bound to its own. */
  readonly teamId?: string | undefined;
};

/** The secret is shown this once. */
export type MadeKey = { readonly key: ApiKey; readonly secret: string };
export type RotatedKey = MadeKey & { readonly previousEndsAt: number };

function notFound(id: string): Refusal {
  return new Refusal('not_found', {
    words: 'There is no API key {id}.',
    values: { id: id.slice(0, 40) },
    param: 'key_id',
  });
}

function planRefusal(): Refusal {
  return new Refusal('access_denied', { words: 'The plan has no API keys.', reason: 'plan without keys' });
}

export function createApiKeys(parts: ApiKeyParts) {
  const { config, database, audit, formats } = parts;
  const store = createApiKeyStore(database);
  const holders = createHolderStore(database);
  const rights = createKeyRights(config, parts.rights);

  function record(
    type: EventType,
    key: ApiKey,
    by: { name: string; reason?: string; details?: Record<string, string | number | undefined> },
  ): void {
    audit.record(type, {
      actor: by.name,
      accountId: key.owner.kind === 'personal' ? key.owner.accountId : undefined,
      reason: by.reason,
      details: { key_id: key.id, kind: key.owner.kind, team_id: key.teamId, ...by.details },
    });
  }

  /** What a person does in their own name, an operator in everybody's. Refuses not_found to strangers. */
  function checkOwner(owner: KeyOwner & { kind: 'personal' }, { account }: Actor): void {
    if (account === undefined || account.id === owner.accountId) return;
    throw new Refusal('not_found', { reason: "somebody else's keys" });
  }

  async function checkManager(owner: KeyOwner, actor: Actor): Promise<void> {
    if (owner.kind === 'personal') checkOwner(owner, actor);
    else await parts.admission.admitManager(actor, owner.teamId);
  }

  /** Runs `act` in a unit of its own, in which the actor still may manage the keys of this owner. */
  async function changeAs(actor: Actor, owner: KeyOwner, act: () => void): Promise<void> {
    if (owner.kind === 'team') {
      const admitted = await parts.admission.admitManager(actor, owner.teamId);
      return parts.admission.change(actor, admitted, act);
    }
    checkOwner(owner, actor);
    return database.transact(act);
  }

  async function reload(id: string): Promise<ApiKey> {
    const key = await store.find(id);
    if (key === undefined) throw notFound(id);
    return key;
  }

  async function getHolder({ owner, teamId }: NewKey): Promise<Holder> {
    const holder = await holders.findHolder(owner, teamId);
    if (holder !== undefined) return holder;
    const words =
      teamId === undefined ? 'There is no such person or team.' : 'There is no such team of this person.';
    throw new Refusal('not_found', { words, param: teamId === undefined ? 'owner' : 'team_id' });
  }

  /** What is written of a new key, judged; its secret is made with it. */
  async function prepare(wanted: NewKey, actor: Actor): Promise<MadeKey & { most: number }> {
    const { owner } = wanted;
    if (!config[owner.kind].enabled) throw new Refusal('access_denied', { words: NOT_OFFERED[owner.kind] });
    const holder = await getHolder(wanted);
    const most = rights.mostKeys(holder);
    if (most === 0) throw planRefusal();
    const resources = await parts.resources.list();
    const terms = judgeTerms(wanted, holder, { config, rights, resources });
    const { text: secret, prefix, lastFour } = formats.create(owner.kind);
    const key: ApiKey = {
      ...{ id: createKeyId(), owner, prefix, lastFour, ...terms },
      teamId: owner.kind === 'team' ? owner.teamId : wanted.teamId,
      responsibleId: actor.account?.id,
      ...{
        createdAt: nowSeconds(),
        disabledAt: undefined,
        revokedAt: undefined,
        lastUse: undefined,
        version: 1,
      },
    };
    return { key, secret, most };
  }

  function refuseLost(error: unknown, most: number): never {
    if (!(error instanceof Conflict)) throw error;
    if (error.label === NO_ROOM) {
      const words = 'There are {most} keys already, and the plan has no more. Revoke one first.';
      throw new Refusal('access_denied', {
        ...{ words, values: { most } },
        ...{ reason: 'no room for a key', cause: error },
      });
    }
    if (error.label === NO_OWNER)
      throw new Refusal('not_found', {
        words: 'There is no such person or team.',
        param: 'owner',
        cause: error,
      });
    throw error;
  }

  function checkLives(key: ApiKey): void {
    const state = stateOf(key, nowSeconds());
    if (state === 'revoked' || state === 'expired')
      throw new Refusal('conflict', { words: FINAL[state], param: 'key_id' });
  }

  /** Of several changes at once, what each of them is called. */
  function eventsOf(before: ApiKey, after: ReturnType<typeof judgeChange>): EventType[] {
    const isDisabled = after.disabledAt !== undefined;
    const wasDisabled = before.disabledAt !== undefined;
    const isShrunk = after.level !== before.level || after.scopes.join(' ') !== before.scopes.join(' ');
    return [
      ...(after.name === before.name ? [] : ['api_key.renamed' as const]),
      ...(isShrunk ? ['api_key.shrunk' as const] : []),
      ...(isDisabled && !wasDisabled ? ['api_key.disabled' as const] : []),
      ...(!isDisabled && wasDisabled ? ['api_key.enabled' as const] : []),
    ];
  }

  return {
    rights,
    findHolder: holders.findHolder,
    /** Of everybody, for operators. */
    listAll: store.listAll,

    /** Refuses with not_found whatever the actor does not manage. */
    async get(actor: Actor, id: string): Promise<ApiKey> {
      const key = await reload(id);
      try {
        await checkManager(key.owner, actor);
      } catch (error) {
        // In the words of one that is not there: ids follow each other.
        throw error instanceof Refusal && error.code === 'not_found' ? notFound(id) : error;
      }
      return key;
    },

    /** The newest first, before the key `before`. Refuses as `get` does. */
    async list(
      actor: Actor,
      owner: KeyOwner,
      page: { before: string | undefined; limit: number },
    ): Promise<ApiKey[]> {
      await checkManager(owner, actor);
      return store.list(owner, page);
    },

    /** The key of a text that has the shape of one; no read for every other text. */
    async findByText(text: string): Promise<ApiKey | undefined> {
      return formats.recognise(text) === undefined ? undefined : store.findBySecret(sha256(text));
    },

    /**
     * Refuses with invalid_request what cannot be, access_denied where the kind, the plan or the number of keys does not
     * allow it, not_found where the owner is none. `alsoInUnit` may add writes of its own.
     */
    async create(actor: Actor, wanted: NewKey, alsoInUnit?: (made: MadeKey) => void): Promise<MadeKey> {
      await checkManager(wanted.owner, actor);
      const { key, secret, most } = await prepare(wanted, actor);
      try {
        await changeAs(actor, wanted.owner, () => {
          store.register(key, sha256(secret), most);
          record('api_key.created', key, actor);
          alsoInUnit?.({ key, secret });
        });
      } catch (error) {
        refuseLost(error, most);
      }
      return { key, secret };
    },

    /** Never more than before. Refuses with conflict a key that ended; Conflict('api_key') where somebody else was faster. */
    async change(actor: Actor, key: ApiKey, change: KeyChange): Promise<ApiKey> {
      checkLives(key);
      const terms = judgeChange(key, change, rights);
      const events = eventsOf(key, terms);
      if (events.length === 0) return key;
      await changeAs(actor, key.owner, () => {
        store.change(key, terms);
        for (const type of events) record(type, key, actor);
      });
      return reload(key.id);
    },

    /** A second secret of the same key; the old one is good for `overlapSeconds` more, 0 to a day. */
    async rotate(
      actor: Actor,
      key: ApiKey,
      { overlapSeconds, alsoInUnit }: { overlapSeconds: number; alsoInUnit?: (made: RotatedKey) => void },
    ): Promise<RotatedKey> {
      checkLives(key);
      checkOverlap(overlapSeconds);
      const { text: secret, prefix, lastFour } = formats.create(key.owner.kind);
      const previousEndsAt = nowSeconds() + overlapSeconds;
      const made = { key: { ...key, prefix, lastFour, version: key.version + 1 }, secret, previousEndsAt };
      await changeAs(actor, key.owner, () => {
        store.rotate(key, { secretHash: sha256(secret), prefix, lastFour }, previousEndsAt);
        record('api_key.rotated', key, { ...actor, details: { overlap_seconds: overlapSeconds } });
        alsoInUnit?.(made);
      });
      return made;
    },

    /** For good; ending what has ended is no fault. `alsoInUnit` may add writes of its own. */
    async revoke(
      actor: Actor,
      key: ApiKey,
      { reason, alsoInUnit }: { reason?: string; alsoInUnit?: () => void } = {},
    ): Promise<void> {
      if (key.revokedAt !== undefined) return;
      await changeAs(actor, key.owner, () => {
        store.revoke(key.id);
        record('api_key.revoked', key, { ...actor, ...(reason === undefined ? {} : { reason }) });
        alsoInUnit?.();
      });
    },

    endOfTeam: store.endOfTeam,
    endOfMember: store.endOfMember,
    endOfResource: store.endOfResource,

    /** All keys of a person or a team, in the open unit: whoever ends these records that. */
    revokeAllOf: store.revokeAllOf,
    /** What is personal in the keys of an account that is erased, in the open unit. */
    forgetPerson: store.forgetPerson,
    record,

    /** Whom mails about a key go to. */
    listRecipients: ({ owner }: Pick<ApiKey, 'owner'>) => holders.listRecipients(owner, parts.rights),

    noteUse: store.noteUse,

    /** Removes what ended longer ago than it is kept. */
    sweep: (_beforeAt: number, limit: number): Promise<number> =>
      store.sweep(nowSeconds() - config.keep_seconds, limit),
  };
}

export type ApiKeys = ReturnType<typeof createApiKeys>;
