// What a device asks of a person, and the grant that their answer makes.
import type { Config } from '../../config/schema.ts';
import { EVERY_SCOPE } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import type { GrantRecord } from '../grants/grants.ts';
import { isSameNetwork } from '../rate-limits/network.ts';
import type { StoredDeviceCode } from '../storage/device-codes.ts';
import { type Catalog, defaultApiScopes } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';
import { type AskedScope, describeQuestion, type Question } from './question.ts';

/** How long a person may pair a device for, in seconds; undefined is until it is revoked. */
export const deviceLifetimes = { '8_hours': 28_800, '30_days': 2_592_000, until_revoked: undefined } as const;
export type DeviceLifetime = keyof typeof deviceLifetimes;

/** What is ticked at first: a device that nobody thinks of any more loses its access by itself (RFC 10027, row D27). */
export const defaultLifetime: DeviceLifetime = '30_days';

export type DeviceQuestion = Question & {
  readonly requester: {
    readonly address: string | undefined;
    readonly program: string | undefined;
    readonly askedAt: number;
    /** The approver's network is another one: common with phones, and worth a look. */
    readonly isElsewhere: boolean;
  };
};

// Rights over the server itself are never given to whoever can read a code out (RFC 10027, row D27).
const MANAGEMENT = 'latchkey:';

type Asked = {
  catalog: Catalog;
  client: { clientId: string };
  code: StoredDeviceCode;
  mayHold: (scope: string) => boolean;
  approver: { address: string };
};

/** The scopes asked for, or the client's default ones where it named none (RFC 6749 section 3.3). */
function scopeOf(
  catalogScopes: readonly string[],
  registration: ReturnType<typeof registrationOf>,
  sent: unknown,
): string {
  if (typeof sent === 'string' && sent !== '') return sent;
  const defaults = registration.defaultScopes;
  return (defaults.includes(EVERY_SCOPE) ? catalogScopes : defaults).join(' ');
}

export function describeDevice(asked: Asked, accessTokenSeconds: number): DeviceQuestion {
  const { catalog, client, code, approver } = asked;
  const params = (code.payload.params ?? {}) as Record<string, unknown>;
  const everyScope = ['openid', 'profile', 'email', ...defaultApiScopes(catalog)];
  const scope = scopeOf(everyScope, registrationOf(client), params.scope)
    .split(' ')
    .filter((one) => !one.startsWith(MANAGEMENT))
    .join(' ');
  const question = describeQuestion(
    catalog,
    { client, params: { ...params, scope }, permitted: undefined, mayHold: asked.mayHold },
    accessTokenSeconds,
  );
  return {
    ...question,
    // A person may say less than what is asked; who they are is the least.
    groups: question.groups.map((group) => ({
      ...group,
      scopes: group.scopes.map((one) => ({ ...one, isOptional: one.name !== 'openid' })),
    })),
    requester: {
      address: code.address,
      program: code.program,
      askedAt: code.createdAt,
      isElsewhere: code.address !== undefined && !isSameNetwork(code.address, approver.address),
    },
  };
}

type Choice = {
  isChosen: (scope: AskedScope, index: number) => boolean;
  lifetime: DeviceLifetime;
};

/** The grant's record, and what the engine's device code has to carry to become tokens. */
export function grantOf(
  question: Question,
  { isChosen, lifetime }: Choice,
  rules: {
    config: Pick<Config, 'tokens' | 'device'>;
    isRefreshable: (scopes: ReadonlySet<string>) => boolean;
  },
) {
  const { tokens, device } = rules.config;
  const asked = question.groups.flatMap((group) => group.scopes);
  const chosen = asked.filter((scope, index) => !scope.isOptional || isChosen(scope, index));
  const openid = chosen.filter((scope) => scope.identifier === undefined).map((scope) => scope.name);
  const resources: Record<string, string> = {};
  for (const { identifier, name } of chosen) {
    if (identifier !== undefined)
      resources[identifier] = [resources[identifier], name].filter(Boolean).join(' ');
  }
  const now = nowSeconds();
  const seconds = deviceLifetimes[lifetime];
  const idleSeconds = rules.isRefreshable(new Set(chosen.map((one) => one.name)))
    ? tokens.refresh_idle_seconds
    : device.code_seconds + question.accessTokenSeconds + tokens.refresh_retry_window_seconds;
  const named = Object.keys(resources);
  const [resource] = named;
  const record: Pick<GrantRecord, 'expiresAt' | 'endsAt' | 'payload'> = {
    expiresAt: now + Math.min(idleSeconds, seconds ?? idleSeconds),
    ...(seconds === undefined ? {} : { endsAt: now + seconds }),
    payload: {
      ...(openid.length > 0 ? { openid: { scope: openid.join(' ') } } : {}),
      ...(resource === undefined ? {} : { resources }),
    },
  };
  const scope = chosen.map((one) => one.name).join(' ');
  // With several APIs each token request names its own (RFC 8707 section 2.2).
  return {
    record,
    source: { scope, ...(resource === undefined ? {} : { resource: named.length > 1 ? named : resource }) },
  };
}
