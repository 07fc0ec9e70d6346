// The page /mail of a developer's machine: what people would have been sent. It is there for a loopback issuer without a
// mail server, and for callers on this machine only: these links open accounts.
import Router from '@koa/router';
import { Refusal } from '../errors.ts';
import { isLoopback } from '../web/address.ts';
import type { WebContext, WebState } from '../web/context.ts';
import type { Pages } from '../web/page.ts';
import type { Mailbox } from './mailbox.ts';

export function createMailRoutes({ mailbox, pages }: { mailbox: Mailbox | undefined; pages: Pages }) {
  const router = new Router<WebState>();

  router.get('/mail', async (ctx: WebContext) => {
    if (mailbox === undefined || !isLoopback(ctx.state.address)) throw new Refusal('not_found');
    const mails = mailbox.list().map(({ to, subject, text, link, at }) => ({ to, subject, text, link, at }));
    await pages.render(ctx, 'mail/mailbox', 'Mail', { mails });
  });

  return router;
}
