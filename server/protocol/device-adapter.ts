// Device codes for the engine (RFC 8628 section 3.5): pending, slow_down, decided; redeemed once, with a window for a lost answer.
import { type AdapterPayload, errors, Provider } from 'oidc-provider';
import { nowMilliseconds, nowSeconds } from '../clock.ts';
import { formatGrantId } from '../grants/grants.ts';
import type { DeviceCodes, StoredDeviceCode } from '../storage/device-codes.ts';
import { networkOf } from '../web/address.ts';
import type { AdapterParts } from './adapter.ts';
import { findPresentedKey } from './proofs.ts';
import { createUserCode, normalizeUserCode } from './user-code.ts';

const SLOWER_BY_SECONDS = 5;
const SLOWEST_SECONDS = 60;
// An honest client is up to a tenth early, and the network may hold the poll before up.
const EARLY_SHARE = 0.9;
const EARLY_MILLISECONDS = 100;
const MOST_USER_CODES = 4;

function isTooFast(stored: StoredDeviceCode, atMilliseconds: number): boolean {
  if (stored.polledAtMilliseconds === undefined) return false;
  const pace = stored.intervalSeconds * 1000 * EARLY_SHARE - EARLY_MILLISECONDS;
  return atMilliseconds - stored.polledAtMilliseconds < pace;
}

/** Counts a poll of the code's own client; throws SlowDown where it came too early, and keeps the slower pace. */
function countPoll(deviceCodes: DeviceCodes, deviceCode: string, stored: StoredDeviceCode): void {
  const oidc = Provider.ctx?.oidc;
  const isPoll = oidc?.route === 'token' && oidc.client?.clientId === stored.clientId;
  if (!isPoll || stored.state !== 'pending' || stored.expiresAt <= nowSeconds()) return;
  const now = nowMilliseconds();
  const isFast = isTooFast(stored, now);
  const interval = stored.intervalSeconds + (isFast ? SLOWER_BY_SECONDS : 0);
  deviceCodes.notePoll(
    deviceCode,
    now,
    Math.min(interval, Math.max(SLOWEST_SECONDS, stored.intervalSeconds)),
  );
  if (isFast) throw new errors.SlowDown();
}

function isRetry(stored: StoredDeviceCode, retryWindowSeconds: number): boolean {
  const { consumedAt, state, isSuccessorUsed } = stored;
  if (consumedAt === undefined || state !== 'approved' || isSuccessorUsed) return false;
  return consumedAt > nowSeconds() - retryWindowSeconds;
}

const BOUND_TO = 'DeviceKey';

function isPublicRedemption(): boolean {
  const oidc = Provider.ctx?.oidc;
  return oidc?.route === 'token' && oidc.client?.clientAuthMethod === 'none';
}

/** RFC 9449 section 5: the tokens of a client that cannot prove who it is are bound to the key it redeemed with, those of a repeat too. */
async function checkSameKey({ artifacts }: AdapterParts, deviceCode: string): Promise<void> {
  if (!isPublicRedemption()) return;
  const bound = await artifacts.find(BOUND_TO, deviceCode);
  if (bound !== undefined && bound.payload.jkt !== (await findPresentedKey()))
    throw new errors.InvalidGrant('the device code was redeemed with another key');
}

/** For as long as the redemption may be repeated. Of two keys at the same moment the second has Conflict('DeviceKey'). */
async function noteKey({ artifacts }: AdapterParts, deviceCode: string, expiresAt: number): Promise<void> {
  const jkt = isPublicRedemption() ? await findPresentedKey() : undefined;
  if (jkt === undefined || (await artifacts.find(BOUND_TO, deviceCode)) !== undefined) return;
  const record = { accountId: undefined, clientId: Provider.ctx?.oidc.client?.clientId, expiresAt };
  artifacts.register(BOUND_TO, deviceCode, { ...record, payload: { jkt } });
}

function toPayload(id: string, stored: StoredDeviceCode, retryWindowSeconds: number): AdapterPayload {
  const { state, consumedAt } = stored;
  const isSpent = consumedAt !== undefined && !isRetry(stored, retryWindowSeconds);
  return {
    ...stored.payload,
    ...stored.approval,
    jti: id,
    kind: 'DeviceCode',
    clientId: stored.clientId,
    exp: stored.expiresAt,
    ...(stored.accountId === undefined ? {} : { accountId: stored.accountId }),
    ...(stored.grantId === undefined ? {} : { grantId: formatGrantId(stored.grantId) }),
    ...(state === 'denied'
      ? { error: 'access_denied', errorDescription: 'the person did not allow it' }
      : {}),
    ...(state === 'killed' ? { error: 'expired_token', errorDescription: 'the code was withdrawn' } : {}),
    ...(isSpent ? { consumed: consumedAt } : {}),
  };
}

/** What a device is told that has to wait for a code (row D28). */
export const tooMany = {
  status: 429,
  error: 'slow_down',
  description: 'too many devices ask to be paired, please wait',
  retryAfterSeconds: 10,
} as const;

class TooMany extends errors.OIDCProviderError {
  constructor(retryAfterSeconds: number = tooMany.retryAfterSeconds) {
    super(tooMany.status, tooMany.error);
    this.error_description = tooMany.description;
    Provider.ctx?.set('Retry-After', String(Math.max(1, retryAfterSeconds)));
  }
}

/** Rows D09 and D28: codes of one client at one network are few a minute, and few wait at once. */
async function checkIssue(parts: AdapterParts, clientId: string, network: string): Promise<void> {
  const { limiter, deviceCodes, device } = parts;
  const verdict = await limiter.take('device_code.issue', `${clientId} ${network}`);
  if (!verdict.isAllowed) throw new TooMany(verdict.retryAfterSeconds);
  // Who comes at the same moment is counted again at the commit.
  const waiting = await deviceCodes.countPending(network);
  if (waiting.all >= device.max_pending || waiting.network >= device.max_pending_per_network)
    throw new TooMany();
}

/** Row D06: the engine's user code unless somebody has it, then another; the answer tells the one that is stored. */
async function chooseUserCode(deviceCodes: DeviceCodes, proposed: string): Promise<string> {
  let userCode = normalizeUserCode(proposed);
  for (let count = 1; await deviceCodes.findByUserCode(userCode); count += 1) {
    if (count === MOST_USER_CODES) throw new Error('no user code is free');
    userCode = createUserCode();
  }
  const code = Provider.ctx?.oidc.entities.DeviceCode;
  if (code !== undefined) Object.assign(code, { userCode });
  return userCode;
}

export function createDeviceCodeAdapter(parts: AdapterParts) {
  const { deviceCodes, retryWindowSeconds, device, origin } = parts;
  return {
    async find(id: string): Promise<AdapterPayload | undefined> {
      const stored = await deviceCodes.find(id);
      if (stored === undefined) return undefined;
      countPoll(deviceCodes, id, stored);
      if (isRetry(stored, retryWindowSeconds)) await checkSameKey(parts, id);
      return toPayload(id, stored, retryWindowSeconds);
    },

    /** Only ever the new code: approval and denial are ours and go past the engine. */
    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const { jti, userCode, clientId, exp, ...rest } = payload;
      const from = origin();
      const network = networkOf(from?.address ?? '');
      await checkIssue(parts, clientId ?? '', network);
      const record = {
        clientId: clientId ?? '',
        userCode: await chooseUserCode(deviceCodes, userCode ?? ''),
        payload: rest,
        address: from?.address,
        network,
        program: from?.program?.slice(0, 300),
        intervalSeconds: device.interval_seconds,
        expiresAt: exp ?? nowSeconds() + expiresIn,
      };
      deviceCodes.register(id, record, { all: device.max_pending, network: device.max_pending_per_network });
    },

    async consume(id: string): Promise<void> {
      const now = nowSeconds();
      await noteKey(parts, id, now + retryWindowSeconds);
      deviceCodes.consume(id, now, now - retryWindowSeconds);
    },

    destroy: async (): Promise<void> => undefined,
  };
}
