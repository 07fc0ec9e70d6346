// What is kept of a person, in one piece, for themselves (GDPR articles 15 and 20): without secrets, and without what is others'.
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import type { Sessions } from '../storage/sessions.ts';
import type { Account } from './accounts.ts';

/** What the folders above keep of a person. */
export type OwnAccess = {
  consents: readonly Readonly<Record<string, unknown>>[];
  grants: readonly Readonly<Record<string, unknown>>[];
  teams?: readonly Readonly<Record<string, unknown>>[];
  api_keys?: readonly Readonly<Record<string, unknown>>[];
};

export type OwnDataParts = {
  audit: Audit;
  sessions: Sessions;
  listAccess: (accountId: string) => Promise<OwnAccess>;
};

function isoTime(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString();
}

function describeProfile(account: Account) {
  const { emailVerifiedAt, createdAt, updatedAt } = account;
  return {
    id: account.id,
    email: account.email,
    email_verified_at: emailVerifiedAt === undefined ? null : isoTime(emailVerifiedAt),
    name: account.name,
    role: account.role,
    language: account.locale ?? null,
    administrator: account.isAdmin,
    created_at: isoTime(createdAt),
    updated_at: isoTime(updatedAt),
  };
}

export function createOwnData({ audit, sessions, listAccess }: OwnDataParts) {
  return {
    async collect(account: Account) {
      const [listed, access, events] = await Promise.all([
        sessions.listOf(account.id),
        listAccess(account.id),
        audit.listOwn(account.id),
      ]);
      return {
        exported_at: isoTime(nowSeconds()),
        profile: describeProfile(account),
        sessions: listed.map(({ address, program, createdAt, lastSeenAt }) => ({
          ...{ address, program },
          signed_in_at: isoTime(createdAt),
          last_seen_at: isoTime(lastSeenAt),
        })),
        ...access,
        events: events.map(({ at_milliseconds, ...event }) => ({
          at: new Date(at_milliseconds).toISOString(),
          ...event,
        })),
      };
    },
  };
}

export type OwnData = ReturnType<typeof createOwnData>;
