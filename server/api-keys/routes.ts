// Where found keys are brought: POST /revoke with a key, whoever is named beside it (RFC 7009), and POST /secret-scanning for scanners.
import Router from '@koa/router';
import { Refusal } from '../errors.ts';
import { isForm, readBody } from '../web/body.ts';
import type { WebContext, WebState } from '../web/context.ts';
import { peekBody } from '../web/peek.ts';
import type { FoundKeys } from './found-keys.ts';
import type { SecretScanning } from './secret-scanning.ts';

const LONGEST_BODY_BYTES = 57_344;

/** What whoever holds it may end, whoever they are: the whole of it is the proof. */
export type Holdable = Pick<FoundKeys, 'isKey' | 'endByHolder'>;

type Parts = {
  holdables: readonly Holdable[];
  /** Undefined where nobody may report. */
  scanning: SecretScanning | undefined;
};

/** What somebody brings, or undefined. */
async function readToken(ctx: WebContext): Promise<string | undefined> {
  if (!isForm(ctx)) return undefined;
  const body = await peekBody(ctx, LONGEST_BODY_BYTES);
  const parameters = new URLSearchParams(body?.toString('latin1'));
  const [token, ...more] = parameters.getAll('token');
  return more.length === 0 ? token : undefined;
}

export function createFoundKeyRoutes({ holdables, scanning }: Parts) {
  const router = new Router<WebState, Record<never, never>>();

  router.post('/revoke', async (ctx, next) => {
    const token = (await readToken(ctx)) ?? '';
    const holdable = holdables.find(({ isKey }) => isKey(token));
    if (holdable === undefined) return next();
    await holdable.endByHolder(token, ctx.state.network);
    ctx.status = 200;
    ctx.body = '';
  });

  router.post('/secret-scanning', async (ctx) => {
    if (scanning === undefined) throw new Refusal('not_found');
    ctx.body = await scanning.receive({
      keyId: ctx.get('Github-Public-Key-Identifier'),
      signature: ctx.get('Github-Public-Key-Signature'),
      body: await readBody(ctx, LONGEST_BODY_BYTES),
    });
  });

  return router;
}
