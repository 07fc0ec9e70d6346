// The person of the modules: walks the pages of an authorization until the browser is back at the app, or ends on a page.
import type { FormRobot, Page } from '../support/form-robot.ts';
import { createVisits, stageOf } from '../support/visits.ts';
import type { World } from '../support/world.ts';

export type Mode = 'query' | 'form_post';

/** How an answer reaches the app: where, with what, and by which response mode. */
export type Landing = { readonly address: string; readonly by: Mode; readonly parameters: URLSearchParams };

export type Walk = {
  /** The pages that asked for something, in order. */
  readonly seen: readonly string[];
  readonly landing: Landing | undefined;
  /** The last page or redirect. */
  readonly page: Page;
};

const MOST_PAGES = 6;
const entities: Record<string, string> = { '#39': "'", amp: '&', quot: '"', lt: '<', gt: '>' };

function decode(text: string): string {
  return text.replace(/&(#39|amp|quot|lt|gt);/g, (_, name: string) => entities[name] ?? '');
}

/** What a browser would send to the app from here, if it would (OAuth 2.0 Form Post Response Mode section 2). */
function landingOf({ location, html }: Page, issuer: string): Landing | undefined {
  if (location !== undefined) {
    const { origin, pathname, searchParams } = new URL(location);
    return origin === issuer
      ? undefined
      : { address: origin + pathname, by: 'query', parameters: searchParams };
  }
  const action = /<form method="post" action="([^"]+)">/.exec(html)?.[1];
  if (action === undefined || !URL.canParse(decode(action))) return undefined;
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, decode(value)],
  );
  return { address: decode(action), by: 'form_post', parameters: new URLSearchParams(fields) };
}

export function createPerson(world: World) {
  const visits = createVisits(world);
  const { issuer } = world.app.config;

  return {
    /** Ada goes on from this page: signs in and allows where she is asked to. */
    async walk(robot: FormRobot, start: Page): Promise<Walk> {
      const seen: string[] = [];
      let page = await robot.follow(start);
      for (let count = 0; count < MOST_PAGES; count += 1) {
        const landing = landingOf(page, issuer);
        const stage = stageOf(page);
        if (landing !== undefined || (stage !== 'sign-in' && stage !== 'consent'))
          return { seen, landing, page };
        seen.push(stage);
        page =
          stage === 'sign-in' ? await visits.signIn(robot, page) : await visits.decide(robot, page, 'allow');
      }
      throw new Error(`too many pages: ${seen.join(', ')}`);
    },
  };
}
