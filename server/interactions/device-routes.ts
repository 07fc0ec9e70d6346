// Where a person enters the code of a device, sees who asks for what, and decides (RFC 8628 section 3.3, RFC 10027).
import Router from '@koa/router';
import type { Config } from '../../config/schema.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { Refusal } from '../errors.ts';
import type { Approver, Devices } from '../protocol/devices.ts';
import { formBody } from '../web/body.ts';
import type { WebContext, WebState } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import { type Pages, seeOther } from '../web/page.ts';
import type { BrowserSessions } from '../web/signed-in.ts';
import { decisionLocals, entryLocals, findLifetime, signInPath, tidyUserCode } from './device.ts';

const ENTRY = ['interactions/device-entry', 'Connect a device'] as const;
const DECISION = ['interactions/device-decision', 'Connect this device?'] as const;

type Parts = {
  config: Config;
  devices: Devices;
  accounts: Accounts;
  browserSessions: BrowserSessions;
  pages: Pages;
  csrf: Csrf;
};

type Fields = Readonly<Record<string, string>>;
type Answer = 'allow' | 'deny' | 'report';

function isAnswer(text: string): text is Answer {
  return text === 'allow' || text === 'deny' || text === 'report';
}

export function createDeviceRoutes(parts: Parts) {
  const { config, devices, accounts, browserSessions, pages, csrf } = parts;
  const router = new Router<WebState, Record<never, never>>({ prefix: '/device' });
  const form = formBody(config.server.body_bytes);

  async function findApprover(ctx: WebContext): Promise<Approver | undefined> {
    const person = await browserSessions.read(ctx);
    if (person === undefined) return undefined;
    ctx.state.person = person;
    const { sessionUid, authTime, methods } = person;
    const account = await accounts.get(person.accountId);
    return { account, sessionUid, authTime, methods, address: ctx.state.address };
  }

  async function lookUp(ctx: WebContext, approver: Approver, typed: string): Promise<void> {
    try {
      const found = await devices.lookUp(typed, approver);
      await pages.render(ctx, ...DECISION, decisionLocals({ ...found, approver, typed }, config.tokens));
    } catch (error) {
      await pages.fail(ctx, ...ENTRY, { locals: entryLocals(typed), error });
    }
  }

  /** Answers the client that was decided on. */
  async function decide(approver: Approver, answer: Answer, fields: Fields): Promise<{ name: string }> {
    const { reference = '' } = fields;
    if (answer !== 'allow') return devices.deny(reference, approver, answer);
    const lifetime = findLifetime(fields.lifetime);
    if (lifetime === undefined)
      throw new Refusal('invalid_request', { words: 'Please choose for how long.', reason: 'lifetime' });
    const isChosen = (_scope: unknown, index: number) => fields[`scope_${index}`] !== undefined;
    return devices.approve(reference, approver, { isChosen, lifetime, teamId: fields.team });
  }

  /** What cannot be answered so is asked again; what is over leads back to where a code is entered. */
  async function refuse(ctx: WebContext, approver: Approver, error: unknown): Promise<void> {
    const { reference = '', user_code } = ctx.state.form ?? {};
    const isWrong = error instanceof Refusal && error.code === 'invalid_request';
    if (!isWrong) return pages.fail(ctx, ...ENTRY, { locals: entryLocals(''), error });
    const question = await devices.review(reference, approver);
    const shown = { question, reference, approver, typed: tidyUserCode(user_code) };
    await pages.fail(ctx, ...DECISION, { locals: decisionLocals(shown, config.tokens), error });
  }

  async function answer(ctx: WebContext, approver: Approver, decision: string): Promise<void> {
    try {
      if (!isAnswer(decision))
        throw new Refusal('invalid_request', { words: 'Please choose Deny or Allow.' });
      const client = await decide(approver, decision, ctx.state.form ?? {});
      // Not by a redirect: then a link of anybody's could make the page say so.
      await pages.render(ctx, 'interactions/device-result', titles[decision], { client, decision });
    } catch (error) {
      await refuse(ctx, approver, error);
    }
  }

  // Row D17: whatever follows links, opens them beforehand or looks at them for safety changes nothing here.
  router.get('/', async (ctx) => {
    const typed = tidyUserCode(ctx.query.user_code);
    const approver = await findApprover(ctx);
    if (approver === undefined) return seeOther(ctx, signInPath(typed));
    await pages.render(ctx, ...ENTRY, entryLocals(typed));
  });

  router.post('/', form, csrf.guard, async (ctx) => {
    const { user_code, decision } = ctx.state.form ?? {};
    const typed = tidyUserCode(user_code);
    const approver = await findApprover(ctx);
    // The session may have ended while the page lay open; the code waits on.
    if (approver === undefined) return seeOther(ctx, signInPath(typed));
    await (decision === undefined ? lookUp(ctx, approver, typed) : answer(ctx, approver, decision));
  });

  // The engine has pages of its own below /device, which nobody is to reach (row D34).
  router.all('/:rest', (ctx, next) => {
    if (ctx.path !== '/device/code') throw new Refusal('not_found');
    return next();
  });

  return router;
}

const titles: Readonly<Record<Answer, string>> = {
  allow: 'Your device is connected',
  deny: 'Denied',
  report: 'Denied and reported',
};
