// /v1/…: one way for every operation of the table. Who calls, whether they may, what they send; then the act, and its answer.
import Router from '@koa/router';
import type { AdminParts } from '../admin/parts.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import { deriveKey } from '../secrets.ts';
import { refuseConflict } from '../storage/faults.ts';
import type { Replays } from '../storage/replays.ts';
import { jsonBody } from '../web/body.ts';
import type { WebContext, WebState } from '../web/context.ts';
import type { Pages } from '../web/page.ts';
import { inEnglish } from '../web/words.ts';
import { createCallers } from './caller.ts';
import { createIdempotency } from './idempotency.ts';
import { parseInput, readQuery } from './input.ts';
import { nouns, operations } from './nouns.ts';
import { describeApi } from './openapi.ts';
import type { Caller, Operation } from './operations.ts';
import type { OwnCallerParts } from './own-callers.ts';
import { describeReference } from './reference.ts';
import { rethrowAsSent } from './sent-members.ts';

const LONGEST_BODY_BYTES = 65_536;
const IDEMPOTENCY_KEY = 'Idempotency-Key';

type Parts = AdminParts &
  Pick<OwnCallerParts, 'csrf' | 'readSession'> & {
    replays: Replays;
    limiter: Pick<Limiter, 'check'>;
    keys: { artifact: readonly [Buffer, ...Buffer[]] };
    pages: Pages;
  };

/** Programs alone ask these: their refusals are JSON. */
export function isManagementPath(path: string): boolean {
  return path === '/v1' || path.startsWith('/v1/') || path === '/openapi.json';
}

const readJson = jsonBody(LONGEST_BODY_BYTES);

async function readInput(ctx: WebContext & { params: Record<string, string> }, operation: Operation) {
  const params = parseInput(operation.params, ctx.params);
  const query = parseInput(operation.query, readQuery(ctx.querystring));
  if (operation.body === undefined) return { params, query, body: {}, sent: '' };
  await readJson(ctx, async () => undefined);
  const sent = ctx.state.json;
  return { params, query, body: parseInput(operation.body, sent), sent: JSON.stringify(sent) };
}

export function createManagement(parts: Parts) {
  const { config, audit, limiter } = parts;
  const callers = createCallers(parts);
  const sealingKey = deriveKey(parts.keys.artifact[0], 'idempotent answers');
  const idempotency = createIdempotency({ database: parts.database, sealingKey });
  const router = new Router<WebState, Record<never, never>>({ sensitive: true, strict: true });

  async function run(
    ctx: WebContext & { params: Record<string, string> },
    operation: Operation,
    caller: Caller,
  ) {
    const { sent, ...input } = await readInput(ctx, operation);
    const act = async (remember: (answer: unknown) => void) => {
      try {
        return await operation.act(parts, { ...input, caller, remember } as never);
      } catch (error) {
        return rethrowAsSent(error, operation, { ...input.query, ...input.body });
      }
    };
    const key = ctx.get(IDEMPOTENCY_KEY);
    if (operation.method !== 'post' || key === '') return act(() => undefined);
    const request = `${ctx.method} ${ctx.path} ${sent}`;
    const repeatable = { caller: `${caller.actor} ${caller.clientId}`, key, request };
    const { answer, isRepeated } = await idempotency.once(repeatable, act);
    if (isRepeated) ctx.set('Idempotent-Replayed', 'true');
    return answer;
  }

  for (const operation of operations) {
    router[operation.method](operation.path.replace(/\{(\w+)\}/g, ':$1'), async (ctx) => {
      const caller = await callers.get(ctx, operation);
      await limiter.check('management.caller', `${caller.actor} ${caller.clientId}`);
      callers.checkScope(ctx, caller, operation);
      const { requestId, address } = ctx.state;
      const origin = { requestId, address, program: ctx.get('User-Agent') || undefined, actor: caller.actor };
      const answer = await audit.within(origin, () => run(ctx, operation, caller)).catch(refuseConflict);
      ctx.status = operation.status;
      ctx.body = operation.status === 204 ? null : answer;
    });
  }

  const document = JSON.stringify(
    describeApi({ issuer: config.issuer, name: inEnglish(config.branding.name), nouns }),
  );
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json';
    ctx.body = document;
  });
  router.get('/docs/api', (ctx) =>
    parts.pages.render(ctx, 'management/reference', 'Management API', {
      ...describeReference(nouns, config.issuer),
    }),
  );
  return { router, sweep: idempotency.sweep };
}
