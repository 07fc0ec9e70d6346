// Approval of devices, wholly ours (RFC 8628 section 3.3, RFC 10027): who asks, from where, for what; decided once, by whoever looked.
import type { Config } from '../../config/schema.ts';
import type { ApprovedDevice } from '../accounts/account-mail.ts';
import type { Account } from '../accounts/accounts.ts';
import type { DeviceReport } from '../accounts/operator-mail.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { formatGrantId, type Grants } from '../grants/grants.ts';
import { hmacSha256, isSameSecret } from '../secrets.ts';
import type { StoredDeviceCode } from '../storage/device-codes.ts';
import { Conflict } from '../storage/faults.ts';
import { nextId } from '../storage/ids.ts';
import { CODE_WORDS, checkOpen, createDeviceEntry, type DeviceEntryParts } from './device-entry.ts';
import { type DeviceQuestion, describeDevice, grantOf } from './device-question.ts';
import type { Engine } from './engine.ts';
import { mayRefresh } from './refresh-policy.ts';
import type { TeamAnswer, TeamQuestion } from './team-question.ts';

/** Who stands before the page. */
export type Approver = {
  account: Account;
  sessionUid: string;
  authTime: number;
  methods: readonly string[];
  address: string;
};

export type DeviceParts = DeviceEntryParts & {
  config: Config;
  engine: Engine;
  grants: Grants;
  teamQuestion: TeamQuestion;
  /** Binds what was looked up to the session that did. */
  referenceKey: Buffer;
  /** Tells the person, in the open unit. */
  onApproved: (account: Account, device: ApprovedDevice) => void;
  /** Answers what tells the operators, to be called in the unit of the report. */
  prepareReport: (report: DeviceReport) => Promise<() => void>;
};

type Answer = 'allow' | 'deny' | 'report';
type Said = { answer: Answer; act: () => void };
type Choice = Parameters<typeof grantOf>[1] & TeamAnswer;
type Approval = {
  code: StoredDeviceCode;
  approver: Approver;
  question: DeviceQuestion;
  /** On behalf of which team, where one was asked for. */
  teamId: string | undefined;
  made: ReturnType<typeof grantOf>;
  isRefreshable: boolean;
};

const WORDS = {
  ...CODE_WORDS,
  blocked: 'You have reported this app before, so it cannot be paired with your account.',
  gone: 'The app is not allowed here any more.',
};

export function createDevices(parts: DeviceParts) {
  const { config, engine, database, deviceCodes, grants, teamQuestion, audit } = parts;
  const entry = createDeviceEntry(parts);

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
    const { access_token_seconds: seconds } = config.tokens;
    const asked = { catalog, client, code, mayHold: () => true, approver };
    const asking = { catalog, account: approver.account, clientId: code.clientId };
    const choosing = await teamQuestion.look(describeDevice(asked, seconds), asking);
    const question = describeDevice({ ...asked, mayHold: choosing.mayHold }, seconds);
    return { client, question: teamQuestion.addTeams(question, choosing, catalog) };
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
    return code;
  }

  /** Was this very answer given before, by this very person, and does it still hold? Then a second click is told the same. */
  async function isSaid(code: StoredDeviceCode, accountId: string, answer: Answer): Promise<boolean> {
    if (code.accountId !== accountId) return false;
    if (answer === 'deny') return code.state === 'denied';
    if (answer === 'report')
      return code.state === 'denied' && grants.isDeviceBlocked(accountId, code.clientId);
    const grant = code.grantId === undefined ? undefined : await grants.find(code.grantId);
    return code.state === 'approved' && grant?.isRevoked === false && grant.expiresAt > nowSeconds();
  }

  /** The first decision counts; who comes second is told so (rows D19, F13). */
  async function decideOnce(code: StoredDeviceCode, by: Approver, said: Said): Promise<void> {
    try {
      await database.transact(said.act);
    } catch (error) {
      if (!(error instanceof Conflict) || error.label !== 'device_code') throw error;
      const now = await deviceCodes.findByHash(code.idHash);
      if (now !== undefined && (await isSaid(now, by.account.id, said.answer))) return;
      throw new Refusal('conflict', { words: WORDS.over, cause: error });
    }
  }

  async function nameOf(clientId: string): Promise<string> {
    const client = await (await engine.current()).provider.Client.find(clientId);
    return client?.clientName ?? clientId;
  }

  /** In the open unit. */
  function writeApproval({ code, approver, question, teamId, made, isRefreshable }: Approval): void {
    const { account, methods, authTime } = approver;
    const { idHash, clientId, address, program } = code;
    const id = nextId();
    const accountId = account.id;
    const by = { sessionUid: undefined, amr: methods, acr: undefined, authTime };
    grants.register(id, { accountId, clientId, teamId, kind: 'device', ...by, ...made.record });
    const approval = { ...made.source, amr: [...methods], authTime };
    deviceCodes.decide(idHash, { state: 'approved', accountId, grantId: id, approval });
    const grantId = formatGrantId(id);
    audit.record('device_code.approved', {
      ...{ actor: `account:${accountId}`, accountId, clientId, grantId },
      details: { scope: made.source.scope, team_id: teamId },
    });
    const tokenUntil = nowSeconds() + question.accessTokenSeconds;
    parts.onApproved(account, {
      ...{ grantId, clientId, clientName: question.client.name, address, program },
      scopes: made.chosen.map(({ words, name }) => words || name),
      endsAt: isRefreshable ? made.record.endsAt : tokenUntil,
    });
  }

  return {
    /** A code as it was typed: answers what is asked, and the reference with which it is decided. */
    async lookUp(
      typed: string,
      approver: Approver,
    ): Promise<{ question: DeviceQuestion; reference: string }> {
      const code = await entry.enter(typed, approver);
      const { question } = await describe(code, approver);
      return { question, reference: `${code.idHash.toString('hex')}.${sign(code, approver)}` };
    },

    /** What is asked, once more: for an answer that has to be given again. */
    async review(reference: string, approver: Approver): Promise<DeviceQuestion> {
      const code = await getLookedUp(reference, approver);
      checkOpen(code);
      return (await describe(code, approver)).question;
    },

    /** Pairs the device: a grant of its own, for the scopes chosen and as long as chosen. Answers the client's name. */
    async approve(reference: string, approver: Approver, choice: Choice): Promise<{ name: string }> {
      const code = await getLookedUp(reference, approver);
      if (await isSaid(code, approver.account.id, 'allow')) return { name: await nameOf(code.clientId) };
      checkOpen(code);
      const { client, question } = await describe(code, approver);
      const { settled, teamId, isChosen } = teamQuestion.settle(question, choice);
      const rules = { tokens: config.tokens, codeExpiresAt: code.expiresAt };
      const made = grantOf(settled, { ...choice, isChosen }, rules);
      if (made.source.scope === '') {
        throw new Refusal('invalid_request', { words: 'Choose at least one thing, or deny.' });
      }
      const isRefreshable = mayRefresh(client, new Set(made.chosen.map((scope) => scope.name)));
      const act = () => writeApproval({ code, approver, question, teamId, made, isRefreshable });
      await decideOnce(code, approver, { answer: 'allow', act });
      return question.client;
    },

    /** Declines; a report also blocks further codes of this client for this person, and tells the operator. */
    async deny(reference: string, approver: Approver, answer: 'deny' | 'report'): Promise<{ name: string }> {
      const code = await getLookedUp(reference, approver);
      const { clientId, address, program } = code;
      const accountId = approver.account.id;
      const name = await nameOf(clientId);
      if (await isSaid(code, accountId, answer)) return { name };
      checkOpen(code);
      const report = { accountId, clientId, clientName: name, address, program };
      const tellOperators = answer === 'report' ? await parts.prepareReport(report) : undefined;
      const act = () => {
        deviceCodes.decide(code.idHash, { state: 'denied', accountId });
        if (answer === 'report') grants.blockDevice(accountId, clientId);
        const type = answer === 'report' ? 'device_code.reported' : 'device_code.denied';
        audit.record(type, { actor: `account:${accountId}`, accountId, clientId });
        tellOperators?.();
      };
      await decideOnce(code, approver, { answer, act });
      return { name };
    },
  };
}

export type Devices = ReturnType<typeof createDevices>;
