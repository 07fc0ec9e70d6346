// A newcomer in front of a browser: goes where programs say, signs in, reads, and presses Allow.
import { createFormRobot, type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';

export type Person = { email: string; password: string };

const MOST_PAGES = 12;

export function createNewcomer(issuer: string, person: Person) {
  const browser = createBrowserAt(issuer);

  async function signIn(page: Page): Promise<Page> {
    const { pathname } = new URL(page.url);
    const action = pathname.startsWith('/interaction/')
      ? `/interaction/${pathname.split('/')[2]}/sign-in`
      : '/sign-in';
    return browser.submit(page, person, { action });
  }

  /** From the address that an app sends people to, over our pages, to the address at the app that they are sent back to. */
  async function answerApp(address: string): Promise<string> {
    let page = await browser.get(address);
    for (let count = 0; count < MOST_PAGES; count += 1) {
      if (page.location !== undefined) {
        if (new URL(page.location).origin !== issuer) return page.location;
        page = await browser.get(page.location);
      } else if (page.html.includes('name="password"')) page = await signIn(page);
      else if (page.html.includes('value="allow"'))
        page = await browser.submit(page, {}, { button: 'decision=allow' });
      else throw new Error(`no way on: ${page.status} ${page.url}: ${mainTextOf(page)}`);
    }
    throw new Error(`more than ${MOST_PAGES} pages`);
  }

  /** Opens the address that a device shows, goes on with its code, compares it, and allows it. */
  async function approveDevice(address: string, code: string): Promise<string> {
    let page = await browser.visit(address);
    if (page.html.includes('name="password"')) page = await browser.follow(await signIn(page));
    const question = await browser.send(page, {}, { action: '/device' });
    if (!mainTextOf(question).includes(code)) throw new Error(`another code: ${mainTextOf(question)}`);
    const done = await browser.send(question, {}, { button: 'decision=allow' });
    if (done.status !== 200) throw new Error(`${done.status}: ${mainTextOf(done)}`);
    return mainTextOf(done);
  }

  return { browser, answerApp, approveDevice };
}

/** A browser at one site: each keeps the cookies of its own. */
export function createBrowserAt(origin: string): FormRobot {
  return createFormRobot({ origin, port: Number(new URL(origin).port) });
}
