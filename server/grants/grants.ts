// Grants: one authorization or one approved device, the family of its tokens. Consents: what a person allows a client, remembered.
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { formatId, parseId } from '../storage/ids.ts';
import type { Standing, TeamStanding } from '../storage/standing.ts';
import { createGrantStore } from './store.ts';

const PREFIX = 'grant_';

/** What a person allows: scopes of the issuer itself, and of each API by its identifier. */
export type PermittedScopes = {
  readonly openid: readonly string[];
  readonly resources: Readonly<Record<string, readonly string[]>>;
  /** Asked for and refused: not asked again until the app asks for more. */
  readonly refused: readonly string[];
};

export type GrantRecord = {
  accountId: string;
  clientId: string;
  /** On behalf of which team the app acts, at APIs where that is asked. */
  teamId?: string | undefined;
  kind: 'authorization' | 'device';
  /** Set where the grant ends with the browser session (no refresh token). */
  sessionUid: string | undefined;
  amr: readonly string[] | undefined;
  acr: string | undefined;
  authTime: number | undefined;
  expiresAt: number;
  /** The end that the person chose, if they did: nothing prolongs it. */
  endsAt?: number;
  payload: Record<string, unknown>;
};

export type Grant = {
  readonly id: number;
  readonly accountId: string;
  readonly clientId: string;
  readonly teamId: string | undefined;
  /** Of its person, now. */
  readonly standing: Standing;
  /** The same in its team; undefined for whoever is not in it, or without a team. */
  readonly teamStanding: TeamStanding | undefined;
  readonly sessionUid: string | undefined;
  readonly payload: Record<string, unknown>;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly isRevoked: boolean;
};

export type ListedGrant = {
  readonly id: number;
  readonly clientId: string;
  readonly team: { readonly id: string; readonly name: string } | undefined;
  readonly kind: string;
  readonly payload: Record<string, unknown>;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  readonly expiresAt: number;
  /** The end that the person chose; undefined is until it is revoked. */
  readonly endsAt: number | undefined;
};

/** A client whose devices a person has reported: its codes are refused for them. */
export type BlockedDevice = { readonly clientId: string; readonly since: number };

/** Whose permission it is, for which client, and on behalf of which team, if of any. */
export type ConsentPlace = { accountId: string; clientId: string; teamId: string | undefined };

/** A grant's id as people and the engine see it. */
export function formatGrantId(id: number): string {
  return `${PREFIX}${formatId(id)}`;
}

export function parseGrantId(text: string): number | undefined {
  return text.startsWith(PREFIX) ? parseId(text.slice(PREFIX.length)) : undefined;
}

export function createGrants(options: { database: Database; audit: Audit }) {
  const { database, audit } = options;
  const store = createGrantStore(database);

  return {
    find: store.find,
    listOf: store.listOf,
    register: store.register,
    markUsed: store.markUsed,
    findConsent: store.findConsent,
    findConsentTeam: store.findConsentTeam,
    isDeviceBlocked: store.isDeviceBlocked,
    blockDevice: store.blockDevice,
    listBlockedOf: store.listBlockedOf,
    sweep: store.sweep,

    /** Remembers what the person allowed this client, in the open unit. */
    recordConsent(place: ConsentPlace, scopes: PermittedScopes): void {
      const { accountId, clientId, teamId } = place;
      store.recordConsent(place, scopes);
      audit.record('consent.granted', {
        actor: `account:${accountId}`,
        accountId,
        clientId,
        details: {
          scope: [...scopes.openid, ...Object.values(scopes.resources).flat()].join(' '),
          team_id: teamId,
        },
      });
    },

    /** Ends a grant with all its tokens, in the open unit. */
    revoke(
      id: number,
      by: { actor: string; reason: string; accountId?: string | undefined; clientId?: string | undefined },
    ): void {
      store.revoke(id, by.reason);
      audit.record('grant.revoked', {
        actor: by.actor,
        accountId: by.accountId,
        clientId: by.clientId,
        grantId: formatGrantId(id),
        reason: by.reason,
      });
    },

    /** What belongs to a team: its grants end with it, and those of a member with their membership. In the open unit. */
    endOfTeam: store.endOfTeam,
    endOfMember: store.endOfMember,

    /** Ends all grants of a person, in the open unit. */
    revokeAllOf: store.revokeAllOf,

    /** Removes a person's consents and reports, in the open unit. */
    forgetAllOf: store.forgetAllOf,

    /** What a person allowed, for themselves: times in whole seconds since 1970. */
    async exportOf(accountId: string) {
      const [consents, grants, blocked] = await Promise.all([
        store.listConsentsOf(accountId),
        store.listOf(accountId),
        store.listBlockedOf(accountId),
      ]);
      return {
        consents: consents.map((one) => ({ ...one, scopes: JSON.parse(one.scopes) as PermittedScopes })),
        grants: grants.map(({ id, clientId, team, kind, createdAt, lastUsedAt, expiresAt, payload }) => ({
          ...{ id: formatGrantId(id), client_id: clientId, team_id: team?.id ?? null, kind, scopes: payload },
          ...{ created_at: createdAt, last_used_at: lastUsedAt ?? null, expires_at: expiresAt },
        })),
        reported_devices: blocked.map(({ clientId, since }) => ({ client_id: clientId, created_at: since })),
      };
    },

    /**
     * Ends a grant. Once no other grant of that client is left, the remembered permission goes too: an app that was
     * shut out has to ask again.
     */
    async end(grant: Grant, by: { actor: string; reason: string }): Promise<void> {
      const { id, accountId, clientId, teamId } = grant;
      const others = (await store.listOf(accountId)).filter(
        (one) => one.clientId === clientId && one.team?.id === teamId && one.id !== id,
      );
      await database.transact(() => {
        this.revoke(id, { ...by, accountId, clientId });
        if (others.length > 0) return;
        store.forgetConsent({ accountId, clientId, teamId });
        audit.record('consent.forgotten', { actor: by.actor, accountId, clientId });
      });
    },

    /** Lifts a person's report: codes of that client may be entered again. Refuses with not_found where there is none. */
    async unblockDevice(accountId: string, clientId: string, { actor }: { actor: string }): Promise<void> {
      if (!(await store.isDeviceBlocked(accountId, clientId))) {
        throw new Refusal('not_found', { words: 'There is no such report, or it was lifted.' });
      }
      await database.transact(() => {
        store.unblockDevice(accountId, clientId);
        audit.record('device_code.report_lifted', { actor, accountId, clientId });
      });
    },

    /** A person ends a grant of their own. Refuses with not_found where it is not theirs. */
    async revokeOwn(accountId: string, text: string): Promise<void> {
      const id = parseGrantId(text);
      const grant = id === undefined ? undefined : await store.find(id);
      if (grant === undefined || grant.accountId !== accountId || grant.isRevoked)
        throw new Refusal('not_found');
      await this.end(grant, { actor: `account:${accountId}`, reason: 'revoked_by_owner' });
    },
  };
}

export type Grants = ReturnType<typeof createGrants>;
