// The site of an app on an origin of its own, and the browser of a person who goes from there to our pages and back.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFormRobot, type Page } from '../support/form-robot.ts';
import type { World } from '../support/world.ts';

/** Its origin is known before there is anything to serve, since the registration at our server names it. */
export async function openSite() {
  let handler: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    serve(listener: RequestListener): void {
      handler = listener;
    },
    robot: () => createFormRobot({ origin, port }),
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Site = Awaited<ReturnType<typeof openSite>>;

function pathOf(address: string | undefined): string {
  if (address === undefined) throw new Error('no redirect');
  const { pathname, search } = new URL(address);
  return pathname + search;
}

/** Ada's browser: one that is at the app and one that is here, as if they were the same. */
export function createVisitor(world: World, site: Site) {
  const there = site.robot();
  const here = world.app.robot();

  /** Goes where the app sends her, signs in and allows what is asked, and comes back; answers the app's page. */
  async function signIn(page: Page): Promise<Page> {
    const back = await world.walk(here, await here.get(pathOf(page.location)));
    return there.visit(back.href);
  }

  /** The same for signing out at both. */
  async function signOut(page: Page): Promise<Page> {
    const question = await here.get(pathOf(page.location));
    const left = await here.submit(question, {}, { button: 'logout=yes' });
    if (left.location === undefined) throw new Error(`no way back: ${left.status} ${left.html}`);
    return there.visit(left.location);
  }

  return { there, here, signIn, signOut };
}

export function readJson(page: Page): unknown {
  if (page.status !== 200) throw new Error(`${page.status} ${page.url}: ${page.html.slice(0, 500)}`);
  return JSON.parse(page.html);
}
