// Token introspection (RFC 7662): tell the kind from the shape, read once, authenticate the caller, judge, answer.
import type { Config } from '../../config/schema.ts';
import type { Roles } from '../accounts/roles.ts';
import { isRightSecret, type Presented, verifyAssertion } from '../clients/authentication.ts';
import type { Registration } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { recogniseAccessToken } from './access-token.ts';
import type { ActiveAnswer, Circumstances, Kind, Recognised } from './kinds.ts';
import { recogniseRefreshToken } from './refresh-token.ts';
import { getRow, NOTE_USE_EVERY_SECONDS, noteUse, type Row, selectCaller } from './store.ts';

const kinds: readonly Kind[] = [recogniseAccessToken, recogniseRefreshToken];
const KNOWN_REGISTRATIONS = 200;
const INACTIVE = { active: false } as const;

export type IntrospectionParts = {
  config: Pick<Config, 'issuer' | 'tokens'>;
  roles: Roles;
  database: Database;
  log: Log;
  /** Burns the jti of an assertion in the open unit; false where it was used before. Shared with the engine. */
  isFirstUse: (issuer: string, jti: string, expiresAt: number) => Promise<boolean>;
};

export function createIntrospection(parts: IntrospectionParts) {
  const { config, database, log } = parts;
  const circumstances: Circumstances = { issuer: config.issuer, mayHold: parts.roles.mayHold };
  const registrations = new Map<string, Registration>();

  // The same text is the same registration: parsed once, whoever changed it in between.
  function parseRegistration(text: string): Registration {
    const known = registrations.get(text);
    if (known !== undefined) return known;
    if (registrations.size >= KNOWN_REGISTRATIONS) registrations.clear();
    const registration = JSON.parse(text) as Registration;
    registrations.set(text, registration);
    return registration;
  }

  async function checkAssertion(
    caller: { id: string; registration: Registration },
    assertion: string,
  ): Promise<void> {
    const skewSeconds = config.tokens.clock_skew_seconds;
    const claims = await verifyAssertion(caller, assertion, {
      issuer: config.issuer,
      clockSkewSeconds: skewSeconds,
    });
    try {
      await database.transact(async () => {
        if (await parts.isFirstUse(caller.id, claims.jti, claims.exp + skewSeconds)) return;
        throw new Refusal('invalid_client', { reason: 'assertion replayed' });
      });
    } catch (error) {
      throw error instanceof Conflict
        ? new Refusal('invalid_client', { reason: 'assertion replayed', cause: error })
        : error;
    }
  }

  async function checkCaller(row: Row, presented: Presented): Promise<void> {
    if (row.caller_registration === null) throw new Refusal('invalid_client', { reason: 'unknown caller' });
    const registration = parseRegistration(row.caller_registration);
    const usesAssertion = registration.auth === 'private_key_jwt';
    if (usesAssertion !== (presented.kind === 'assertion')) {
      throw new Refusal('invalid_client', { reason: 'other method' });
    }
    if (presented.kind === 'assertion') {
      await checkAssertion({ id: presented.clientId, registration }, presented.assertion);
    } else if (!isRightSecret(registration, presented.secret)) {
      throw new Refusal('invalid_client', { reason: 'wrong secret' });
    }
  }

  // People see when an app was last at work. Nobody waits for it, and nothing fails with it.
  function noteUseLater({ grant_id: grantId, last_used_at: lastUsedAt }: Row, now: number): void {
    if (grantId === null || (lastUsedAt ?? 0) > now - NOTE_USE_EVERY_SECONDS) return;
    database
      .transact(() => noteUse(database, grantId, now))
      .catch((error: unknown) => log.warn('grant.use_not_noted', { error }));
  }

  function recognise(text: string, caller: string, now: number): Recognised | undefined {
    for (const kind of kinds) {
      const recognised = kind(text, caller, now);
      if (recognised !== undefined) return recognised;
    }
    return undefined;
  }

  /**
   * Answers what the caller may know: all about a live credential for itself, otherwise {active: false} and nothing else.
   * Refuses with invalid_client where the caller is not who it says.
   */
  return async function introspect(
    text: string,
    presented: Presented,
  ): Promise<ActiveAnswer | typeof INACTIVE> {
    const now = nowSeconds();
    const recognised = recognise(text, presented.clientId, now);
    const row = await getRow(database, recognised?.statement ?? selectCaller(presented.clientId));
    await checkCaller(row, presented);
    if (recognised === undefined || row.ended !== null) {
      log.debug('introspection.inactive', { client_id: presented.clientId, reason: row.ended });
      return INACTIVE;
    }
    noteUseLater(row, now);
    return recognised.describe(row, circumstances);
  };
}

export type Introspect = ReturnType<typeof createIntrospection>;
