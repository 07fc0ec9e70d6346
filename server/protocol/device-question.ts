// What a device asks of a person, and the grant that their answer makes.
import type { Config } from '../../config/schema.ts';
import { nowSeconds } from '../clock.ts';
import type { GrantRecord } from '../grants/grants.ts';
import { isSameNetwork } from '../rate-limits/network.ts';
import type { StoredDeviceCode } from '../storage/device-codes.ts';
import { isManagement } from '../teams/rights.ts';
import type { MayHold } from './acting.ts';
import type { Catalog } from './catalog.ts';
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

type Asked = {
  catalog: Catalog;
  client: { clientId: string };
  code: StoredDeviceCode;
  mayHold: MayHold;
  approver: { address: string };
};

export function describeDevice(asked: Asked, accessTokenSeconds: number): DeviceQuestion {
  const { catalog, client, code, approver } = asked;
  const params = (code.payload.params ?? {}) as Record<string, unknown>;
  // Rights over the server itself are never given to whoever can read a code out (RFC 10027, row D27).
  const wanted = String(params.scope ?? '').split(' ');
  const scope = wanted.filter((one) => !isManagement(one)).join(' ');
  const question = describeQuestion(
    catalog,
    { client, params: { ...params, scope }, permitted: undefined, mayHold: asked.mayHold },
    accessTokenSeconds,
  );
  const proves = registrationOf(client).auth !== 'none';
  return {
    ...question,
    // Whoever knows the id of a public client can ask for a code in its name.
    client: { ...question.client, isVerified: question.client.isVerified && proves },
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

/**
 * The grant's record, what the engine's device code has to carry to become tokens, and what was chosen. A grant whose
 * device never comes for its tokens ends with the code; its first use gives it its life.
 */
export function grantOf(
  question: Question,
  { isChosen, lifetime }: Choice,
  rules: { tokens: Config['tokens']; codeExpiresAt: number },
) {
  const asked = question.groups.flatMap((group) => group.scopes);
  const chosen = asked.filter((scope, index) => !scope.isOptional || isChosen(scope, index));
  const openid = chosen.filter((scope) => scope.identifier === undefined).map((scope) => scope.name);
  const resources: Record<string, string> = {};
  for (const { identifier, name } of chosen) {
    if (identifier !== undefined)
      resources[identifier] = [resources[identifier], name].filter(Boolean).join(' ');
  }
  const seconds = deviceLifetimes[lifetime];
  const named = Object.keys(resources);
  const [resource] = named;
  const record: Pick<GrantRecord, 'expiresAt' | 'endsAt' | 'payload'> = {
    expiresAt: rules.codeExpiresAt + rules.tokens.refresh_retry_window_seconds,
    ...(seconds === undefined ? {} : { endsAt: nowSeconds() + seconds }),
    payload: {
      ...(openid.length > 0 ? { openid: { scope: openid.join(' ') } } : {}),
      ...(resource === undefined ? {} : { resources }),
    },
  };
  const scope = chosen.map((one) => one.name).join(' ');
  // With several APIs each token request names its own (RFC 8707 section 2.2).
  return {
    chosen,
    record,
    source: { scope, ...(resource === undefined ? {} : { resource: named.length > 1 ? named : resource }) },
  };
}
