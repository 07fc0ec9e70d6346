// Where a person was going who has forgotten the password: remembered in the browser that asked for the link, and nowhere
// else. In the link itself it would be a stranger's choice: anybody may ask for a link for anybody.
import type { WebContext } from '../web/context.ts';
import type { Cookies } from '../web/cookies.ts';
import { localPath } from '../web/return-to.ts';

/** As long as the link works. */
const LIFE_MILLISECONDS = 1_800_000;
const INTERACTION = '/interaction/';

/** An authorization has a sign-in page of its own; everything else asks by itself who is there. */
function entryTo(path: string): string {
  return path.startsWith(INTERACTION) ? path : `/sign-in?return_to=${encodeURIComponent(path)}`;
}

export function createWayBack({ names, options }: Cookies) {
  function decode(sent: string): string {
    return entryTo(localPath(Buffer.from(sent, 'base64url').toString('utf8')));
  }

  function keep(ctx: WebContext, path: string): void {
    const value = Buffer.from(path).toString('base64url');
    ctx.cookies.set(names.return, value, { ...options, signed: false, maxAge: LIFE_MILLISECONDS });
  }

  function forget(ctx: WebContext): void {
    if (ctx.cookies.get(names.return, { signed: false }) === undefined) return;
    ctx.cookies.set(names.return, null, { ...options, signed: false });
  }

  return {
    /** The sign-in page from which they came, by the query of this request. */
    of: (ctx: WebContext): string =>
      ctx.query.return_to === undefined ? '/sign-in' : entryTo(localPath(ctx.query.return_to)),

    /** Keeps what the query says, and forgets what was kept before where it says nothing. */
    remember(ctx: WebContext): void {
      const { return_to } = ctx.query;
      if (return_to === undefined) forget(ctx);
      else keep(ctx, localPath(return_to));
    },

    /** Where they go on, once; undefined in a browser that did not ask for the link. */
    take(ctx: WebContext): string | undefined {
      const sent = ctx.cookies.get(names.return, { signed: false });
      forget(ctx);
      return sent === undefined || sent === '' ? undefined : decode(sent);
    },
  };
}

export type WayBack = ReturnType<typeof createWayBack>;
