// The page of the one-time link that the server prints at its first start: it makes the first administrator (row S18).
import type { Config } from '../../config/schema.ts';
import { Refusal } from '../errors.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import type { Entrance } from './entrance.ts';
import type { FirstAdministrator } from './first-administrator.ts';

const VIEW = 'accounts/first-administrator';
const TITLE = 'Create the first administrator';

export type FirstAdministratorParts = {
  config: Config;
  firstAdministrator: FirstAdministrator;
  limiter: Limiter;
  entrance: Entrance;
  pages: Pages;
};

function isSpent(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'not_found';
}

export function createFirstAdministratorPages(parts: FirstAdministratorParts) {
  const { config, firstAdministrator, limiter, entrance, pages } = parts;

  function localsFor(ctx: WebContext, secret: string) {
    const { name = '', email = '' } = ctx.state.form ?? {};
    const action = `/first-administrator/${encodeURIComponent(secret)}`;
    return { action, name, email, password_min: config.people.password_min_length };
  }

  return {
    async show(ctx: WebContext, secret: string): Promise<void> {
      await firstAdministrator.check(secret);
      await pages.render(ctx, VIEW, TITLE, localsFor(ctx, secret));
    },

    async submit(ctx: WebContext, secret: string): Promise<void> {
      const { name = '', email = '', password = '' } = ctx.state.form ?? {};
      await limiter.check('first_administrator.address', ctx.state.network);
      try {
        const account = await firstAdministrator.register(secret, {
          ...{ name, email, password },
          locale: pages.localeOf(ctx),
        });
        await entrance.enter(ctx, account);
      } catch (error) {
        // No form for a link that cannot be used: the page of the error says so.
        if (isSpent(error)) throw error;
        return pages.fail(ctx, VIEW, TITLE, { locals: localsFor(ctx, secret), error });
      }
      seeOther(ctx, '/account');
    },
  };
}
