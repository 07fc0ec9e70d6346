// Token introspection (RFC 7662): authenticate the caller, tell the kind from the shape, read once, judge, answer.
import type { Config } from '../../config/schema.ts';
import { isRightSecret, type Presented, verifyAssertion } from '../clients/authentication.ts';
import type { Registration } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { accessTokenKind } from './access-token.ts';
import type { ActiveAnswer, Circumstances, InactiveReason, Kind } from './kinds.ts';
import { refreshTokenKind } from './refresh-token.ts';
import { type CallerRow, findRow, noteUse, selectCaller } from './store.ts';

const kinds: readonly Kind[] = [accessTokenKind, refreshTokenKind];
const NOTE_USE_EVERY_SECONDS = 60;
const KNOWN_REGISTRATIONS = 200;
const INACTIVE = { active: false } as const;

export type IntrospectionParts = {
  config: Pick<Config, 'issuer' | 'roles' | 'tokens'>;
  database: Database;
  log: Log;
  /** Burns the jti of an assertion in the open unit; false where it was used before. Shared with the engine. */
  isFirstUse: (issuer: string, jti: string, expiresAt: number) => Promise<boolean>;
};

export function createIntrospection(parts: IntrospectionParts) {
  const { config, database, log } = parts;
  const registrations = new Map<string, Registration>();
  const roles = new Map(
    Object.entries(config.roles).map(([name, role]) => [
      name,
      role.scopes.includes('*') ? ('all' as const) : new Set(role.scopes),
    ]),
  );
  const nothing: ReadonlySet<string> = new Set();

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

  async function checkCaller(row: CallerRow | undefined, presented: Presented): Promise<void> {
    if (row === undefined || row.caller_blocked_at !== null)
      throw new Refusal('invalid_client', { reason: 'unknown caller' });
    const registration = parseRegistration(row.caller_registration);
    const usesAssertion = registration.auth === 'private_key_jwt';
    if (usesAssertion !== (presented.kind === 'assertion'))
      throw new Refusal('invalid_client', { reason: 'other method' });
    if (presented.kind === 'assertion') {
      await checkAssertion({ id: row.caller_id, registration }, presented.assertion);
    } else if (!isRightSecret(registration, presented.secret)) {
      throw new Refusal('invalid_client', { reason: 'wrong secret' });
    }
  }

  // People see when an app was last at work. Nobody waits for it, and nothing fails with it.
  function noteUseLater(grantId: number | undefined, lastUsedAt: number | undefined, now: number): void {
    if (grantId === undefined || (lastUsedAt ?? 0) > now - NOTE_USE_EVERY_SECONDS) return;
    database
      .transact(() => noteUse(database, grantId, now))
      .catch((error: unknown) => log.warn('grant.use_not_noted', { error }));
  }

  function inactive(reason: InactiveReason, callerId: string): typeof INACTIVE {
    log.debug('introspection.inactive', { client_id: callerId, reason });
    return INACTIVE;
  }

  /**
   * Answers what the caller may know: all about a live token for itself, otherwise {active: false} and nothing else.
   * Refuses with invalid_client where the caller is not who it says.
   */
  return async function introspect(
    text: string,
    presented: Presented,
  ): Promise<ActiveAnswer | typeof INACTIVE> {
    const selected = kinds
      .map((kind) => ({ kind, statement: kind.select(text, presented.clientId) }))
      .find(({ statement }) => statement !== undefined);
    const row = await findRow(database, selected?.statement ?? selectCaller(presented.clientId));
    await checkCaller(row, presented);
    if (row === undefined || selected === undefined) return inactive('unknown', presented.clientId);
    const now = nowSeconds();
    const circumstances: Circumstances = {
      issuer: config.issuer,
      now,
      holdableBy: (role) => roles.get(role) ?? nothing,
    };
    const verdict = selected.kind.judge(row, text, circumstances);
    if ('inactive' in verdict) return inactive(verdict.inactive, row.caller_id);
    noteUseLater(verdict.grantId, verdict.lastUsedAt, now);
    return verdict.answer;
  };
}

export type Introspect = ReturnType<typeof createIntrospection>;
