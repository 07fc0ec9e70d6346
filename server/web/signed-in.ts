// Pages for people who are signed in, and for those who have just proved who they are (ASVS 7.5; row S13).
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Middleware, Person, WebContext } from './context.ts';
import { seeOther } from './page.ts';
import { localPath } from './return-to.ts';

type SignedInOptions = {
  /** Reads the engine's session; undefined when nobody is signed in. */
  readSession: (ctx: WebContext) => Promise<Person | undefined>;
  /** How long ago the password may have been given when something dangerous is done. */
  stepUpSeconds: number;
};

export function createSignedIn({ readSession, stepUpSeconds }: SignedInOptions) {
  async function findPerson(ctx: WebContext): Promise<Person | undefined> {
    const person = ctx.state.person ?? (await readSession(ctx));
    if (person) ctx.state.person = person;
    return person;
  }

  /** Lets signed-in people through, as ctx.state.person; pages send others to sign in, the rest answers 401. */
  const signedIn: Middleware = async (ctx, next) => {
    if (await findPerson(ctx)) return next();
    if (!isPageRequest(ctx)) throw new Refusal('unauthorized');
    seeOther(ctx, signInUrl(ctx.url));
  };

  function isRecent({ state: { person } }: WebContext): boolean {
    return person !== undefined && nowSeconds() - person.authTime <= stepUpSeconds;
  }

  /** The same, but the sign-in must not be older: pages send to `/sign-in?…&prompt=login`, the rest answers 403. */
  const fresh: Middleware = (ctx, next) =>
    signedIn(ctx, async () => {
      if (isRecent(ctx)) return next();
      if (!isPageRequest(ctx)) {
        throw new Refusal('access_denied', {
          words: 'Please sign in again to do this.',
          reason: 'stale sign-in',
        });
      }
      askAgain(ctx, ctx.url);
    });

  /** For those who are signed in: forms are sent to sign in too, and come back to a page, to be sent anew by hand. */
  function freshFor<Context extends WebContext>(pageOf: (ctx: Context) => string) {
    return (ctx: Context, next: () => Promise<unknown>) => {
      if (isRecent(ctx)) return next();
      askAgain(ctx, pageOf(ctx));
    };
  }

  return { signedIn, fresh, freshFor };
}

export type SignedIn = ReturnType<typeof createSignedIn>;

function isPageRequest(ctx: WebContext): boolean {
  return (ctx.method === 'GET' || ctx.method === 'HEAD') && ctx.accepts('html', 'json') === 'html';
}

function signInUrl(returnTo: string): string {
  return `/sign-in?return_to=${encodeURIComponent(localPath(returnTo))}`;
}

function askAgain(ctx: WebContext, returnTo: string): void {
  seeOther(ctx, `${signInUrl(returnTo)}&prompt=login`);
}

/** The browser sessions of the engine, as pages outside of an authorization use them. */
export type BrowserSessions = {
  /** Who is signed in here, or undefined. */
  read(ctx: WebContext): Promise<Person | undefined>;
  /** Signs a person in: a new session id, the cookie set, another person's session ended. `methods` is amr (RFC 8176). */
  signIn(ctx: WebContext, who: { accountId: string; methods: readonly string[] }): Promise<void>;
  /** Ends the session with the grants that live as long as it does, and clears the cookie. */
  signOut(ctx: WebContext): Promise<void>;
};
