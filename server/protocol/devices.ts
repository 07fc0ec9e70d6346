// Approval of devices, wholly ours (RFC 8628 section 3.3, RFC 10027): who asks, from where, for what; decided once, by whoever looked.
import type { Config } from '../../config/schema.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Roles } from '../accounts/roles.ts';
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { formatGrantId, type Grants } from '../grants/grants.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { LimitName } from '../rate-limits/limits.ts';
import { isSameNetwork } from '../rate-limits/network.ts';
import { hmacSha256, isSameSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import type { DeviceCodes, StoredDeviceCode } from '../storage/device-codes.ts';
import { Conflict } from '../storage/faults.ts';
import { nextId } from '../storage/ids.ts';
import { networkOf } from '../web/address.ts';
import { type DeviceLifetime, type DeviceQuestion, describeDevice, grantOf } from './device-question.ts';
import type { Engine } from './engine.ts';
import type { AskedScope } from './question.ts';
import { mayRefresh } from './refresh-policy.ts';
import { normalizeUserCode } from './user-code.ts';

/** Who stands before the page. */
export type Approver = {
  account: Account;
  sessionUid: string;
  authTime: number;
  methods: readonly string[];
  address: string;
};

export type DeviceParts = {
  config: Config;
  engine: Engine;
  database: Database;
  deviceCodes: DeviceCodes;
  grants: Grants;
  roles: Roles;
  limiter: Limiter;
  audit: Audit;
  /** Binds what was looked up to the session that did. */
  referenceKey: Buffer;
  /** Tells the person, in the open unit. */
  onApproved: (account: Account, device: { clientName: string }) => void;
};

// One person and one who helps; with more the code is in the wrong hands (RFC 10027, row D29).
const MOST_PEOPLE = 2;
// The device was not there: its ID token tells when the approver signed in (row D33).
const CLAIMS = { id_token: { auth_time: { essential: true } } };
const EVERYBODY: readonly [LimitName, string] = ['device_code.deployment', 'all'];
const WORDS = {
  unknown: 'There is no such code. Check it on your device; codes end after a few minutes.',
  over: 'This code has expired or was used already. Ask your device for a new one.',
  killed: 'This code was withdrawn. Ask your device for a new one.',
  blocked: 'You have reported this app before, so it cannot be paired with your account.',
  gone: 'The app is not allowed here any more.',
};

export function createDevices(parts: DeviceParts) {
  const { config, engine, database, deviceCodes, grants, roles, limiter, audit } = parts;

  function isFromHere(code: StoredDeviceCode | undefined, { address }: Approver): boolean {
    return code?.address !== undefined && isSameNetwork(code.address, address);
  }

  /**
   * Row D08: a try is counted before it is made, so that parallel ones are counted too; a right one is given back.
   * Once everybody together has guessed too often, codes are found only from the network that asked for them:
   * whoever floods us from elsewhere keeps nobody from a device in their own home.
   */
  async function findCounted(typed: string, approver: Approver): Promise<StoredDeviceCode> {
    const own: readonly [LimitName, string][] = [
      ['device_code.person', approver.account.id],
      ['device_code.address', networkOf(approver.address)],
    ];
    for (const [name, key] of own) await limiter.check(name, key);
    const verdict = await limiter.take(...EVERYBODY);
    const code = await deviceCodes.findByUserCode(normalizeUserCode(typed));
    if (!verdict.isAllowed && !isFromHere(code, approver)) {
      const { retryAfterSeconds } = verdict;
      throw new Refusal('too_many_requests', { reason: `limit ${EVERYBODY[0]}`, retryAfterSeconds });
    }
    if (code === undefined) throw new Refusal('not_found', { words: WORDS.unknown, param: 'user_code' });
    checkOpen(code);
    for (const [name, key] of verdict.isAllowed ? [...own, EVERYBODY] : own) await limiter.refund(name, key);
    return code;
  }

  function checkOpen(code: StoredDeviceCode): void {
    if (code.state === 'pending' && code.expiresAt > nowSeconds()) return;
    throw new Refusal('expired', {
      words: code.state === 'killed' ? WORDS.killed : WORDS.over,
      param: 'user_code',
    });
  }

  /** Notes who entered the code; beyond the second person it is withdrawn for all. */
  async function noteTry(code: StoredDeviceCode, accountId: string): Promise<void> {
    if (code.triedBy.includes(accountId)) return;
    const after = [...code.triedBy, accountId];
    const isKilled = after.length > MOST_PEOPLE;
    await database.transact(() => {
      deviceCodes.noteTry(code.idHash, code.triedBy, after);
      if (!isKilled) return;
      deviceCodes.decide(code.idHash, { state: 'killed' });
      audit.record('device_code.killed', {
        actor: `account:${accountId}`,
        clientId: code.clientId,
        outcome: 'failure',
      });
    });
    if (isKilled) throw new Refusal('expired', { words: WORDS.killed, param: 'user_code' });
  }

  /** The same, where another tab or person entered it at the same moment: whoever lost looks again. */
  async function noteTryInTurn(code: StoredDeviceCode, accountId: string): Promise<void> {
    try {
      await noteTry(code, accountId);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const now = await deviceCodes.findByHash(code.idHash);
      if (now === undefined) throw new Refusal('expired', { words: WORDS.over, cause: error });
      checkOpen(now);
      await noteTry(now, accountId);
    }
  }

  function sign(code: StoredDeviceCode, { sessionUid }: Approver): string {
    return hmacSha256(parts.referenceKey, `device ${code.idHash.toString('hex')} ${sessionUid}`).toString(
      'base64url',
    );
  }

  async function describe(code: StoredDeviceCode, approver: Approver) {
    const { provider, catalog } = await engine.current();
    const client = await provider.Client.find(code.clientId);
    if (client === undefined) throw new Refusal('expired', { words: WORDS.gone });
    if (await grants.isDeviceBlocked(approver.account.id, code.clientId)) {
      throw new Refusal('access_denied', { words: WORDS.blocked });
    }
    const mayHold = (scope: string) => roles.mayHold(approver.account.role, scope);
    const asked = { catalog, client, code, mayHold, approver };
    return { client, question: describeDevice(asked, config.tokens.access_token_seconds) };
  }

  /** What was looked up before, by this very session (row D20). */
  async function getLookedUp(reference: string, approver: Approver): Promise<StoredDeviceCode> {
    const [hex = '', mac = ''] = reference.split('.');
    const code = /^[0-9a-f]{64}$/.test(hex)
      ? await deviceCodes.findByHash(Buffer.from(hex, 'hex'))
      : undefined;
    if (code === undefined || !isSameSecret(mac, sign(code, approver))) {
      throw new Refusal('access_denied', { words: WORDS.unknown, reason: 'not looked up in this session' });
    }
    checkOpen(code);
    return code;
  }

  /** The first decision counts; who comes second is told so (rows D19, F13). */
  async function decideOnce(act: () => void): Promise<void> {
    try {
      await database.transact(act);
    } catch (error) {
      const isLost = error instanceof Conflict && error.label === 'device_code';
      throw isLost ? new Refusal('conflict', { words: WORDS.over, cause: error }) : error;
    }
  }

  return {
    /** A code as it was typed: answers what is asked, and the reference with which it is decided. */
    async lookUp(
      typed: string,
      approver: Approver,
    ): Promise<{ question: DeviceQuestion; reference: string }> {
      const code = await findCounted(typed, approver);
      await noteTryInTurn(code, approver.account.id);
      const { question } = await describe(code, approver);
      return { question, reference: `${code.idHash.toString('hex')}.${sign(code, approver)}` };
    },

    /** What is asked, once more: for an answer that has to be given again. */
    async review(reference: string, approver: Approver): Promise<DeviceQuestion> {
      return (await describe(await getLookedUp(reference, approver), approver)).question;
    },

    /** Pairs the device: a grant of its own, for the scopes chosen and as long as chosen. */
    async approve(
      reference: string,
      approver: Approver,
      choice: { isChosen: (scope: AskedScope, index: number) => boolean; lifetime: DeviceLifetime },
    ): Promise<DeviceQuestion> {
      const code = await getLookedUp(reference, approver);
      const { client, question } = await describe(code, approver);
      const { account, methods, authTime } = approver;
      const id = nextId();
      const isRefreshable = (scopes: ReadonlySet<string>) => mayRefresh(client, scopes);
      const made = grantOf(question, choice, { config, isRefreshable });
      if (made.source.scope === '') {
        throw new Refusal('invalid_request', { words: 'Choose at least one thing, or deny.' });
      }
      await decideOnce(() => {
        grants.register(id, {
          accountId: account.id,
          clientId: code.clientId,
          kind: 'device',
          sessionUid: undefined,
          amr: methods,
          acr: undefined,
          authTime,
          ...made.record,
        });
        const approval = { ...made.source, amr: [...methods], authTime, claims: CLAIMS };
        deviceCodes.decide(code.idHash, { state: 'approved', accountId: account.id, grantId: id, approval });
        audit.record('device_code.approved', {
          actor: `account:${account.id}`,
          accountId: account.id,
          clientId: code.clientId,
          grantId: formatGrantId(id),
          details: { scope: made.source.scope },
        });
        parts.onApproved(account, { clientName: question.client.name });
      });
      return question;
    },

    /** Declines; a report also blocks further codes of this client for this person, and tells the operator. */
    async deny(reference: string, approver: Approver, how: 'deny' | 'report'): Promise<void> {
      const code = await getLookedUp(reference, approver);
      const accountId = approver.account.id;
      await decideOnce(() => {
        deviceCodes.decide(code.idHash, { state: 'denied', accountId });
        if (how === 'report') grants.blockDevice(accountId, code.clientId);
        audit.record(how === 'report' ? 'device_code.reported' : 'device_code.denied', {
          actor: `account:${accountId}`,
          accountId,
          clientId: code.clientId,
        });
      });
    },
  };
}

export type Devices = ReturnType<typeof createDevices>;
