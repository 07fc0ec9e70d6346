// npm run demo: a robot that reads what it prints, and clicks and types just that.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FormRobot } from '../support/form-robot.ts';
import { createBrowserAt, createNewcomer } from './newcomer.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const ROOT = join(import.meta.dirname, '../..');
// Variables of the person's own terminal mean another deployment, and must not reach this one.
const environment = { ISSUER: 'https://id.example.com', DATABASE_URL: 'postgres://nowhere/none', PORT: '80' };

let demo: Terminal;
let second: Terminal;
let guide: string;
let newcomer: ReturnType<typeof createNewcomer>;
let app: FormRobot;
const person = { email: '', password: '' };

function printed(pattern: RegExp): string {
  return pattern.exec(guide)?.[1] ?? expect.fail(`the guide has no ${pattern}`);
}

/** The commands of a section, with the status that the line below one promises. */
function commandsOf(section: number): { command: string; status: string | undefined }[] {
  const text = printed(new RegExp(`\\n${section} {2}(.*?)\\n\\n\\n`, 's'));
  const commands = /^ {5}((?:curl|TOKEN=|LATCHKEY_CONFIG=|\S*node) ?.*)(?:\n {7}-> (\d+))?/gm;
  return [...text.matchAll(commands)].map(([, command = '', status]) => ({ command, status }));
}

beforeAll(async () => {
  demo = createTerminal({ folder: ROOT, environment });
  second = createTerminal({ folder: ROOT });
  demo.type('exec npm run -s demo');
  guide = (await demo.read(/Ctrl-C ends it and removes everything\.\n/)).before;
  person.email = printed(/E-mail +(\S+)/);
  person.password = printed(/Password +(\S+)/);
  newcomer = createNewcomer(printed(/Server +(\S+)/), person);
  app = createBrowserAt(printed(/Open (\S+) and press "Sign in"/));
});
afterAll(async () => {
  await demo.close();
  await second.close();
});

test('1: the app sends the person to sign in, shows who they are and what the API answered, refreshes', async () => {
  const start = await app.submit(await app.get('/'), {}, { button: 'Sign in' });
  const back = await newcomer.answerApp(start.location ?? expect.fail());
  const home = await app.visit(back);
  expect(home.html).toContain(`Hello, <strong>Ada Lovelace</strong> (${person.email})`);
  expect(home.html).toContain('The API answers 200: <code>{&#34;tasks&#34;:[&#34;Water the plants&#34;]');
  const refreshed = await app.send(home, {}, { button: 'Refresh' });
  expect(refreshed.html).toContain('The API answers 200');
});

test('2: the command line tool pairs with the code that it prints', async () => {
  const [{ command } = expect.fail()] = commandsOf(2);
  second.type(command);
  const { match } = await second.read(/enter (\S+),\nor open (\S+)\n/);
  await newcomer.approveDevice(match[2] ?? '', match[1] ?? '');
  expect(await second.finish()).toBe(
    `Signed in as ${person.email} for: openid profile email offline_access\n`,
  );
});

test('3: the service gets a token by its own key', async () => {
  const [{ command } = expect.fail()] = commandsOf(3);
  expect(await second.run(command)).toMatch(/^lka_\S+\n$/);
});

test('4: the API answers each call as it is said', async () => {
  const commands = commandsOf(4);
  expect(commands.map(({ status }) => status)).toEqual(['401', undefined, '200', '403']);
  for (const { command, status } of commands) {
    const shown = await second.run(command.replace('curl ', 'curl -s '));
    if (status !== undefined) expect(shown).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
});

test('5: what is revoked on the page opens nothing any more, and the mails are there', async () => {
  const { browser } = newcomer;
  const page = await browser.visit(printed(/then open (\S+)/));
  const [, action = expect.fail()] =
    />Notes<.*?action="(\/account\/access\/[^"]+\/revoke)"/s.exec(page.html) ?? [];
  await browser.send(page, {}, { action });
  expect(await app.get('/')).toMatchObject({ status: 400 });
  expect((await app.get('/')).html).toContain('That did not work: userinfo answered 401');
  expect((await browser.visit(printed(/is at (\S+)\.\n/))).status).toBe(200);
});

test('6: the operator sees the deployment, what has access and what happened', async () => {
  const shown = [];
  for (const { command } of commandsOf(6)) shown.push(await second.run(command));
  expect(shown[1]).toContain('latchkey-cli');
  expect(shown[1]).not.toContain('notes');
  expect(shown[2]).toContain('grant.revoked');
});

test('Ctrl-C ends every program and removes every file', async () => {
  const directory = printed(/LATCHKEY_CONFIG=(\S+)\/latchkey\.json/);
  const addresses = [printed(/Server +(\S+)/), printed(/Open (\S+) and/), printed(/curl -i (\S+)/)];
  expect(existsSync(directory)).toBe(true);
  await demo.pressControlC();
  await demo.read(/Everything is removed\./);
  expect(existsSync(directory)).toBe(false);
  for (const address of addresses) await expect(fetch(address)).rejects.toThrow('fetch failed');
});
