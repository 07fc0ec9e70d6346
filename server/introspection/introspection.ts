// Token introspection (RFC 7662): tell the kind from the shape, read once, authenticate the caller, judge, answer.
import type { Config } from '../../config/schema.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { KeyFormats } from '../api-keys/key-format.ts';
import type { Presented } from '../clients/authentication.ts';
import type { Registration } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { SelfSignedJwts } from '../service-accounts/self-signed.ts';
import { checkWhole, DamagedRow } from '../storage/damage.ts';
import type { Rights } from '../teams/rights.ts';
import { recogniseAccessToken } from './access-token.ts';
import { createApiKeyKind } from './api-key.ts';
import { type CallerParts, createCallers } from './callers.ts';
import {
  type ActiveAnswer,
  type Circumstances,
  type InactiveReason,
  type Kind,
  publicReasons,
  type Recognised,
  type Use,
  type UsedFrom,
} from './kinds.ts';
import { recogniseRefreshToken } from './refresh-token.ts';
import { createScanning } from './scanning.ts';
import { createServiceJwtKind, type ServiceJwtParts } from './service-jwt.ts';
import { getRow, noteUse, type Row, selectCaller } from './store.ts';
import { createUses } from './uses.ts';

export type InactiveAnswer = { active: false; inactive_reason?: string };

const INACTIVE: InactiveAnswer = { active: false };

/** Throws where a row was read that no version of ours wrote. */
function checkAnswer(answer: ActiveAnswer): ActiveAnswer {
  const { iat, exp, sub, client_id: clientId } = answer;
  checkWhole(iat, exp ?? null);
  for (const name of [sub, clientId]) if (name === '') throw new Error('nobody holds it');
  return answer;
}

const NOWHERE: UsedFrom = {};

export type IntrospectionParts = CallerParts & {
  config: Pick<Config, 'issuer' | 'tokens' | 'api_keys'>;
  rights: Rights;
  apiKeys: Pick<ApiKeys, 'rights' | 'noteUse'>;
  keyFormats: KeyFormats;
  selfSigned: SelfSignedJwts;
  serviceAccounts: ServiceJwtParts['serviceAccounts'];
  log: Log;
};

export function createIntrospection(parts: IntrospectionParts) {
  const { config, database, log, rights } = parts;
  const callers = createCallers(parts);
  const uses = createUses({ database, log });
  const scanning = createScanning({ log });
  const kinds: readonly Kind[] = [
    recogniseAccessToken,
    recogniseRefreshToken,
    createApiKeyKind({
      config: config.api_keys,
      formats: parts.keyFormats,
      apiKeys: parts.apiKeys,
    }),
    createServiceJwtKind(parts),
  ];

  function recognise(text: string, caller: string, now: number): Recognised | undefined {
    for (const kind of kinds) {
      const recognised = kind(text, caller, now);
      if (recognised !== undefined) return recognised;
    }
    return undefined;
  }

  /** Of the grant of the credential, unless its kind says otherwise. */
  function useOf({ useOf: ofKind }: Recognised, row: Row, { from }: Circumstances): Use | undefined {
    if (ofKind !== undefined) return ofKind(row, from);
    const { grant_id: grantId } = row;
    if (grantId === null) return undefined;
    return { of: `grant ${grantId}`, note: () => noteUse(database, grantId, nowSeconds()) };
  }

  /** What is told of a live credential, or what ended it. One whose row is damaged is dead (row F30). */
  function readOrEnd(
    recognised: Recognised,
    row: Row,
    circumstances: Circumstances,
  ): ActiveAnswer | InactiveReason {
    try {
      const ended = row.ended ?? recognised.judge?.(row, circumstances) ?? null;
      return ended ?? checkAnswer(recognised.describe(row, circumstances));
    } catch {
      database.noteDamage(new DamagedRow('credentials'));
      return 'damaged';
    }
  }

  function answerInactive(
    reason: InactiveReason | null,
    caller: Registration,
    clientId: string,
  ): InactiveAnswer {
    log.debug('introspection.inactive', { client_id: clientId, reason });
    const told = reason === null || caller.learnsWhy !== true ? undefined : publicReasons[reason];
    return told === undefined ? INACTIVE : { active: false, inactive_reason: told };
  }

  /**
   * Answers what the caller may know: all about a live credential for itself, otherwise {active: false} and nothing else
   * but, to those that may know, why one of their own ended. `from` counts only where the caller may say it.
   * Refuses with invalid_client where the caller is not who it says.
   */
  return async function introspect(
    text: string,
    presented: Presented,
    from: UsedFrom = NOWHERE,
  ): Promise<ActiveAnswer | InactiveAnswer> {
    const now = nowSeconds();
    const { clientId } = presented;
    const recognised = recognise(text, clientId, now);
    if (recognised === undefined) {
      if (!callers.isRemembered(presented)) {
        await callers.check((await getRow(database, selectCaller(clientId))).caller_registration, presented);
        callers.remember(presented);
      }
      scanning.noteUnknown(clientId, from, now);
      return INACTIVE;
    }
    const row = await getRow(database, recognised.statement);
    const caller = await callers.check(row.caller_registration, presented);
    const circumstances: Circumstances = {
      issuer: config.issuer,
      rights,
      from: caller.seesClients === true ? from : NOWHERE,
    };
    const judged = readOrEnd(recognised, row, circumstances);
    if (judged === 'unknown') scanning.noteUnknown(clientId, from, now);
    if (typeof judged === 'string') return answerInactive(judged, caller, clientId);
    const use = useOf(recognised, row, circumstances);
    if (use !== undefined) uses.noteLater(use, row.last_used_at, now);
    return judged;
  };
}

export type Introspect = ReturnType<typeof createIntrospection>;
