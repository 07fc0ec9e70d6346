// Mail in the whole program: the page of a developer's machine, what people are sent, and requests that no mail server can fail.
import { afterEach, expect, test } from 'vitest';
import { emailOf, PASSWORD, signIn, signUp } from '../accounts/people.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { startSmtpServer } from './smtp-server.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(settings: Record<string, unknown> = {}): Promise<MailingApp> {
  const app = await startTestApp({ settings });
  closing.push(app.close);
  return app;
}

test('on a developer machine without a mail server the page /mail shows what people would have been sent', async () => {
  const app = await start();
  const robot = app.robot();
  expect(mainTextOf(await robot.get('/mail'))).toContain('No mail yet');
  await signUp(robot, 'Ada');
  await app.postOffice.deliverDue();
  const page = await robot.get('/mail');
  expect(page.headers.get('cache-control')).toContain('no-store');
  expect(mainTextOf(page)).toContain('Confirm your e-mail address To ada@example.com');
  expect(page.html).toContain(`href="${app.config.issuer}/verify-email/`);
});

test('it keeps the last 50', async () => {
  const app = await start();
  await signUp(app.robot(), 'Ada');
  const ada = await app.parts.accounts.get(emailOf('Ada'));
  await app.parts.database.transact(() => {
    for (let count = 0; count < 60; count += 1) app.parts.mail.passwordChanged(ada);
  });
  await app.postOffice.deliverDue();
  expect(app.postOffice.mailbox?.list()).toHaveLength(50);
});

test('nobody from elsewhere reads it, whatever they say', async () => {
  const app = await start({ trusted_proxies: ['127.0.0.0/8'] });
  for (const headers of [{ 'X-Forwarded-For': '192.0.2.7' }, { 'X-Forwarded-For': '10.0.0.7' }]) {
    expect((await app.robot(headers).get('/mail')).status).toBe(404);
  }
  expect((await app.robot({ 'X-Forwarded-For': '127.0.0.1' }).get('/mail')).status).toBe(200);
});

test('it is not there where the issuer is a public one, nor with a mail server', async () => {
  const open = await start({ issuer: 'https://id.example.com', trusted_proxies: [] });
  expect((await open.robot().get('/mail')).status).toBe(404);
  expect(mainTextOf(await open.robot().get('/forgot-password'))).toContain('cannot send mail');
  const served = await start({ mail: { smtp_url: 'smtp://127.0.0.1:9' } });
  expect((await served.robot().get('/mail')).status).toBe(404);
});

test('a mail server that is away fails no request; the mail is sent when it is back', async () => {
  let isAway = true;
  const server = await startSmtpServer({ refuse: () => (isAway ? '421 not now' : undefined) });
  closing.push(server.close);
  const app = await start({ mail: { from: 'id@example.com', smtp_url: server.url } });
  expect((await signUp(app.robot(), 'Ada')).status).toBe(200);
  await app.postOffice.deliverDue();
  expect(server.received).toEqual([]);
  isAway = false;
  await app.parts.database.transact(() =>
    app.parts.database.write({ sql: 'UPDATE outbox SET due_at = 0', bindings: [] }),
  );
  await app.postOffice.deliverDue();
  expect(server.received).toMatchObject([{ from: 'id@example.com', to: ['ada@example.com'] }]);
  expect(server.received[0]?.data).toContain('From: Latchkey <id@example.com>');
});

test('D30 S14: every message begins with its subject, links here only, and names nobody a stranger may have named', async () => {
  const app = await start({ branding: { name: 'Kairos & Co' } });
  const { mail, accounts, database } = app.parts;
  const ada = await accounts.register(
    { email: 'Ada@Example.com', name: 'Win $100 at https://evil.example', password: PASSWORD },
    'anonymous',
  );
  const link = { secret: 'the-secret', expiresAt: 4_000_000_000 };
  await database.transact(() => {
    mail.verifyEmail(ada, 'ada@example.com', link);
    mail.emailChangeAsked(ada, 'new@example.com');
    mail.emailChanged(ada, 'new@example.com');
    mail.resetPassword(ada, link);
    mail.passwordChanged(ada);
    mail.signedInFromNewPlace(ada, { address: '192.0.2.7', program: 'Firefox on Linux' });
    mail.deviceApproved(ada, {
      clientName: 'Kettle\n\nhttps://evil.example/<b>',
      clientId: 'kettle',
      grantId: 'grant_1',
      address: '192.0.2.9',
      program: 'curl/8',
      scopes: ['Read your tasks'],
      endsAt: 4_000_000_000,
    });
    mail.accountDeleted(ada);
  });
  await app.postOffice.deliverDue();
  await app.postOffice.deliverDue();
  const mails = app.postOffice.mailbox?.list() ?? [];
  expect(new Set(mails.map(({ subject }) => subject)).size).toBe(8);
  for (const { to, subject, text, html, link: url } of mails) {
    expect(to).toBe('ada@example.com');
    expect(subject).toMatch(/^[A-Z][^\n{}]+$/);
    expect(text).toContain('Kairos & Co');
    expect(html).toContain('Kairos &amp; Co');
    expect(text + html).not.toMatch(/Win \$100|undefined|\{[{%#]/);
    expect(html).not.toContain('<b>');
    if (url !== undefined) expect(url.startsWith(`${app.config.issuer}/`)).toBe(true);
  }
  const device = mails.find(({ subject }) => subject.startsWith('A device'));
  expect(device).toMatchObject({ link: `${app.config.issuer}/account/access/grant_1` });
  expect(device?.text).toContain('Kettle https://evil.example/');
});

test('a sign-in from a new place is told, once the person has signed in before; one from a known browser is not', async () => {
  const app = await start();
  await app.parts.accounts.register(
    { email: emailOf('Grace'), name: 'Grace', password: PASSWORD },
    'operator',
  );
  const subjects = async () => {
    await app.postOffice.deliverDue();
    return (app.postOffice.mailbox?.list() ?? []).map(({ subject }) => subject);
  };
  const laptop = app.robot({ 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' });
  expect((await signIn(laptop, emailOf('Grace'))).status).toBe(303);
  expect(await subjects()).toEqual(['Confirm your e-mail address']);
  expect((await signIn(laptop, emailOf('Grace'))).status).toBe(303);
  expect(await subjects()).toHaveLength(1);
  const phone = app.robot({ 'User-Agent': 'Mozilla/5.0 (Android 16; Mobile; rv:140.0) Firefox/140.0' });
  await signIn(phone, emailOf('Grace'), 'a wrong password');
  expect(await subjects()).toHaveLength(1);
  await signIn(phone, emailOf('Grace'));
  expect(await subjects()).toEqual(['A new sign-in to your account', 'Confirm your e-mail address']);
  expect(app.postOffice.mailbox?.list()[0]?.text).toContain('Firefox on Android from 127.0.0.1');
});
