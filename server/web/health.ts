// Whether the process lives, and whether it wants work: what a load balancer asks, under any host.
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from './context.ts';

type HealthOptions = { isReady: () => boolean | Promise<boolean> };

/** GET /livez is always 200; GET /readyz is 503 while the program drains or `isReady` says no (or fails). */
export function createHealth({ isReady }: HealthOptions) {
  let isDraining = false;

  async function mayHaveWork(): Promise<boolean> {
    if (isDraining) return false;
    try {
      return await isReady();
    } catch {
      return false;
    }
  }

  const answer: Middleware = async (ctx, next) => {
    if (ctx.path !== '/livez' && ctx.path !== '/readyz') return next();
    checkMethod(ctx);
    const isWell = ctx.path === '/livez' || (await mayHaveWork());
    ctx.status = isWell ? 200 : 503;
    if (!isWell) ctx.set('Retry-After', '1');
    ctx.body = isWell ? { status: 'ok' } : { error: 'temporarily_unavailable' };
  };

  return {
    answer,
    /** From now on /readyz says no. */
    drain(): void {
      isDraining = true;
    },
  };
}

export type Health = ReturnType<typeof createHealth>;

function checkMethod(ctx: WebContext): void {
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return;
  ctx.set('Allow', 'GET, HEAD');
  throw new Refusal('method_not_allowed');
}
