// The language of a person: of their pages while they are signed in, and of what is written to them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { type FormRobot, mainTextOf } from '../support/form-robot.ts';
import { emailOf, PASSWORD, signIn, signUp } from './people.ts';

const german = { 'Accept-Language': 'de-CH,de;q=0.9' };
const english = { 'Accept-Language': 'en-GB' };

let app: MailingApp;
beforeAll(async () => {
  app = await startTestApp({ settings: { branding: { name: { en: 'The Works', de: 'Das Werk' } } } });
});
afterAll(() => app.close());

/** The newest first; what was read is gone. */
async function readMail() {
  await app.postOffice.deliverDue();
  return (app.postOffice.mailbox?.list() ?? []).map(({ sender, subject }) => `${sender}: ${subject}`);
}

async function choose(robot: FormRobot, language: string): Promise<string> {
  const page = await robot.send(await robot.visit('/account'), { language }, { action: '/account/language' });
  return mainTextOf(page);
}

test('mail speaks the language of the sign-up, and then that of the last sign-in', async () => {
  await signUp(app.robot(german), 'Ada');
  expect((await readMail())[0]).toBe('Das Werk: Bestätige deine E-Mail-Adresse');
  expect((await app.parts.accounts.get(emailOf('Ada'))).locale).toBe('de');

  const phone = app.robot(english);
  await signIn(app.robot(german), emailOf('Ada'));
  await signIn(phone, emailOf('Ada'));
  expect((await readMail())[0]).toBe('The Works: A new sign-in to your account');
  expect((await app.parts.accounts.get(emailOf('Ada'))).locale).toBe('en');
});

test('a password that is asked for in another language is answered in that of the person', async () => {
  await signUp(app.robot(german), 'Grace');
  const stranger = app.robot(english);
  await stranger.send(await stranger.visit('/forgot-password'), { email: emailOf('Grace') });
  expect((await readMail())[0]).toBe('Das Werk: Wähle ein neues Passwort');
});

test('the language that a person chooses wins over the browser, for pages and for mail, until they take it back', async () => {
  const robot = app.robot(german);
  await signUp(robot, 'Edith');
  expect(mainTextOf(await robot.visit('/account'))).toContain('Dein Konto');
  expect(await choose(robot, 'en')).toContain('Your account');
  expect(mainTextOf(await robot.visit('/account/access'))).toContain('What has access');
  const refused = await robot.send(await robot.visit('/account/password'), {
    password: 'not mine',
    new_password: PASSWORD,
  });
  expect(mainTextOf(refused)).toContain('The password of today is not right.');

  await signIn(app.robot(german), emailOf('Edith'));
  expect((await readMail())[0]).toBe('The Works: A new sign-in to your account');
  expect(await app.parts.accounts.get(emailOf('Edith'))).toMatchObject({ locale: 'en', chosenLocale: 'en' });

  expect(await choose(robot, '')).toContain('Dein Konto');
  expect(await app.parts.accounts.get(emailOf('Edith'))).toMatchObject({
    locale: 'de',
    chosenLocale: undefined,
  });
});

test('what is no language of ours is no choice', async () => {
  const robot = app.robot(german);
  await signUp(robot, 'Mary');
  expect(await choose(robot, 'tlh')).toContain('Dein Konto');
  expect((await app.parts.accounts.get(emailOf('Mary'))).chosenLocale).toBeUndefined();
});

test('a link may ask for a language, whatever the person has chosen', async () => {
  const robot = app.robot(german);
  await signUp(robot, 'Joan');
  expect(mainTextOf(await robot.visit('/account?ui_locales=en'))).toContain('Your account');
});

test('O02: the language goes with the account', async () => {
  const robot = app.robot(german);
  await signUp(robot, 'Sophie');
  await choose(robot, 'de');
  const { id } = await app.parts.accounts.get(emailOf('Sophie'));
  await robot.send(
    await robot.visit('/account/data'),
    { password: PASSWORD },
    { action: '/account/data/deletion' },
  );
  const row = await app.parts.database.find({
    sql: 'SELECT locale, chosen_locale, deleted_at FROM accounts WHERE id = ?',
    bindings: [id],
  });
  expect(row).toMatchObject({ locale: null, chosen_locale: null, deleted_at: expect.any(Number) });
});
