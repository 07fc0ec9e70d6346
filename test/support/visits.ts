// A person's way through an authorization, one page at a time: for tests that look at what stands on the pages.
import { type Fields, type FormRobot, mainTextOf, type Page } from './form-robot.ts';
import { findAll, parseHtml, textOf } from './html.ts';
import { type AppClient, createVerifier, PASSWORD, type World } from './world.ts';

export const ADA = { email: 'ada@example.com', password: PASSWORD };
export const GRACE = { email: 'grace@example.com', password: PASSWORD };

type Parameters = Readonly<Record<string, string | undefined>>;
type Decision = 'allow' | 'deny' | 'switch';

/** Which page of an authorization this is; `app` where it leads away from here. */
export function stageOf(page: Page): 'app' | 'error' | 'consent' | 'sign-up' | 'sign-in' | 'other' {
  if (page.location !== undefined) return 'app';
  if (page.status >= 400) return 'error';
  if (page.html.includes('value="allow"')) return 'consent';
  if (page.html.includes('name="name"')) return 'sign-up';
  return page.html.includes('name="password"') ? 'sign-in' : 'other';
}

/** What the app is told by a redirect. */
export function answerOf(page: Page): Record<string, string> {
  if (page.location === undefined) throw new Error(`no redirect: ${page.status} ${mainTextOf(page)}`);
  return Object.fromEntries(new URL(page.location).searchParams);
}

/** What a consent page lists, each entry in its words. */
export function listedOn(page: Page): string[] {
  return findAll(parseHtml(page.html), 'main')
    .flatMap((main) => findAll(main, 'li'))
    .map(textOf);
}

export function uidOf(page: Page): string {
  return new URL(page.url).pathname.split('/')[2] ?? '';
}

export function createVisits(world: World) {
  return {
    /** Begins an authorization and follows it to the first page, or back to the app. */
    async begin(client: AppClient, parameters: Parameters = {}, robot: FormRobot = world.app.robot()) {
      const { verifier, challenge } = createVerifier();
      const page = await robot.visit(world.authorizationPath(client, challenge, parameters));
      return { page, verifier, robot };
    },

    signIn(robot: FormRobot, page: Page, person: Fields = ADA): Promise<Page> {
      return robot.send(page, person, { action: `/interaction/${uidOf(page)}/sign-in` });
    },

    decide(robot: FormRobot, page: Page, decision: Decision, fields: Fields = {}): Promise<Page> {
      return robot.send(page, fields, { button: `decision=${decision}` });
    },
  };
}

export type Visits = ReturnType<typeof createVisits>;
