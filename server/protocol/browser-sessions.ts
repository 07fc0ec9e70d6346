// The engine's sessions for pages outside of an authorization: the same cookie, so that an authorization finds the person signed in.
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import type { Sessions } from '../storage/sessions.ts';
import type { WebContext } from '../web/context.ts';
import type { Cookies } from '../web/cookies.ts';
import type { BrowserSessions } from '../web/signed-in.ts';
import type { Engine } from './engine.ts';

export type BrowserSessionParts = {
  config: Config;
  engine: Engine;
  cookies: Cookies;
  sessions: Sessions;
  audit: Audit;
  isActive: (accountId: string) => Promise<boolean>;
};

/** Seconds that a session lives from now: the idle life, cut by what is left of the absolute one since the sign-in. */
export function sessionSeconds(sessions: Config['sessions'], signedInAt: number): number {
  return Math.max(1, Math.min(sessions.idle_seconds, signedInAt + sessions.absolute_seconds - nowSeconds()));
}

export function createBrowserSessions(parts: BrowserSessionParts): BrowserSessions {
  const { engine, cookies, sessions, audit, config } = parts;

  async function load(ctx: WebContext) {
    const { provider } = await engine.current();
    return { provider, session: await provider.Session.get(ctx as never) };
  }

  return {
    async read(ctx) {
      const { session } = await load(ctx);
      const { accountId, uid, loginTs, amr = [] } = session;
      if (accountId === undefined || loginTs === undefined || !(await parts.isActive(accountId)))
        return undefined;
      sessions.touch(uid);
      return { accountId, sessionUid: uid, authTime: loginTs, methods: amr };
    },

    async signIn(ctx, { accountId, methods }) {
      const { provider, session: found } = await load(ctx);
      const isOther = found.accountId !== undefined && found.accountId !== accountId;
      if (isOther) sessions.end(found.accountId, found.uid);
      const session = isOther ? new provider.Session() : found;
      if (!isOther && found.exp !== undefined) session.resetIdentifier();
      const signedInAt = nowSeconds();
      session.loginAccount({ accountId, loginTs: signedInAt, amr: [...methods] });
      await session.save(sessionSeconds(config.sessions, signedInAt));
      const expires = new Date((session.exp ?? signedInAt) * 1000);
      ctx.cookies.set(cookies.names.session, session.jti, { ...cookies.options, signed: true, expires });
      audit.record('sign_in.succeeded', {
        actor: `account:${accountId}`,
        accountId,
        details: { methods: methods.join(' ') },
      });
    },

    async signOut(ctx) {
      const { session } = await load(ctx);
      if (session.accountId !== undefined) {
        sessions.end(session.accountId, session.uid);
        const { accountId } = session;
        audit.record('sign_out.succeeded', { actor: `account:${accountId}`, accountId });
      }
      ctx.cookies.set(cookies.names.session, null, { ...cookies.options, signed: true });
    },
  };
}
