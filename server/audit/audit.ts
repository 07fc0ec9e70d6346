// Records what happened, in the unit of work of the act itself: where the event cannot be stored, the act is not either.
import { AsyncLocalStorage } from 'node:async_hooks';
import { nowMilliseconds } from '../clock.ts';
import { sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import type { Position } from '../storage/unit-of-work.ts';
import type { EventType } from './events.ts';
import {
  type AuditRow,
  erasePersonal,
  hasEvent,
  insertEvent,
  insertPersonal,
  listEvents,
  listNodes,
  listOwnEvents,
  readChain,
} from './store.ts';

/** Where a request came from: recorded with its events, apart from them, so that it can be erased. */
export type Origin = {
  requestId: string;
  address: string | undefined;
  program: string | undefined;
  /** Who acts, where the request itself proves it: signs all that happens in it. */
  actor?: string;
};

export type AuditEvent = {
  /** Who acted: `account:acct_…`, `client:…`, `operator` (the command line), `system`. */
  actor: string;
  accountId?: string | undefined;
  clientId?: string | undefined;
  grantId?: string | undefined;
  outcome?: 'success' | 'failure';
  reason?: string | undefined;
  details?: Record<string, string | number | boolean | undefined>;
};

/** The place of an event in a list that has the newest first. */
export type EventPlace = {
  readonly atMilliseconds: number;
  readonly node: string;
  readonly sequence: number;
};

export type EventFilter = {
  accountId?: string;
  clientId?: string;
  type?: string;
  /** Only what stands behind this one. */
  after?: EventPlace;
  limit: number;
};

/** The hash of a row: SHA-256 over the hash before it and the row's columns in a fixed order. */
function hashRow(previousHash: Buffer, row: Omit<AuditRow, 'hash' | 'previousHash'>): Buffer {
  const canonical = JSON.stringify([
    row.node,
    row.sequence,
    row.atMilliseconds,
    row.type,
    row.actor,
    row.accountId,
    row.clientId,
    row.grantId,
    row.outcome,
    row.reason,
    row.requestId,
    row.details,
  ]);
  return sha256(`${previousHash.toString('hex')}${canonical}`);
}

function toRow(
  position: Position,
  type: EventType,
  event: AuditEvent & { at: number; requestId: string | null },
) {
  const content = {
    node: position.node,
    sequence: position.sequence,
    atMilliseconds: event.at,
    type,
    actor: event.actor,
    accountId: event.accountId ?? null,
    clientId: event.clientId ?? null,
    grantId: event.grantId ?? null,
    outcome: event.outcome ?? 'success',
    reason: event.reason ?? null,
    requestId: event.requestId,
    details: JSON.stringify(event.details ?? {}),
  };
  const hash = hashRow(position.previousHash, content);
  return { ...content, previousHash: position.previousHash, hash };
}

export function createAudit(options: { database: Database }) {
  const { database } = options;
  const origins = new AsyncLocalStorage<Origin>();

  return {
    /** Runs `act` so that its events carry where the request came from. */
    within<T>(origin: Origin, act: () => Promise<T>): Promise<T> {
      return origins.run(origin, act);
    },

    origin: (): Origin | undefined => origins.getStore(),

    /** Adds the event to the open unit of work. */
    record(type: EventType, event: AuditEvent): void {
      const origin = origins.getStore();
      const at = nowMilliseconds();
      database.append((position) => {
        const requestId = origin?.requestId ?? null;
        const row = toRow(position, type, { ...event, actor: origin?.actor ?? event.actor, at, requestId });
        const statements = [insertEvent(row)];
        if (origin?.address !== undefined || origin?.program !== undefined) {
          statements.push(insertPersonal(position, { accountId: event.accountId, ...origin }));
        }
        return { statements, hash: row.hash };
      });
    },

    /** Newest first, at most 1,000. */
    list: (filter: EventFilter) => listEvents(database, filter),

    /** Has this happened to that person before? */
    hasHappened: (type: EventType, accountId: string): Promise<boolean> =>
      hasEvent(database, type, accountId),

    /** The events of one person with where they came from, newest first, at most 1,000. */
    listOwn: (accountId: string) => listOwnEvents(database, accountId),

    /** Forgets from where a person came, in the open unit; the events themselves stay, with an id that is nobody's name. */
    erasePersonal(accountId: string): void {
      database.write(erasePersonal(accountId));
    },

    /** Reads every chain and answers the first row of each that does not follow from the one before it. */
    async findBreaks(): Promise<{ node: string; sequence: number }[]> {
      const breaks: { node: string; sequence: number }[] = [];
      for (const node of await listNodes(database)) {
        let previous: Buffer | undefined;
        for await (const row of readChain(database, node)) {
          const isLinked = previous === undefined ? row.sequence === 1 : row.previousHash.equals(previous);
          if (!isLinked || !hashRow(row.previousHash, row).equals(row.hash)) {
            breaks.push({ node, sequence: row.sequence });
            break;
          }
          previous = row.hash;
        }
      }
      return breaks;
    },
  };
}

export type Audit = ReturnType<typeof createAudit>;
