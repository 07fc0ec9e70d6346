// Devices that people report: the operators hear of it, and the report can be lifted again (RFC 10027, "Detect and Remediate").
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listAudit } from '../../server/admin/audit-commands.ts';
import { mailsTo } from '../accounts/mailbox.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { createWorldIn, PASSWORD, type World } from '../support/world.ts';
import { createDeviceVisits, type DeviceVisits } from './device-visits.ts';

const SUBJECT = 'A person reported a device';
const OPERATOR = 'security@example.com';

let app: MailingApp;
let world: World;
let visits: DeviceVisits;
beforeAll(async () => {
  app = await startTestApp({
    settings: {
      mail: { operator: OPERATOR },
      device: { client_ids: ['latchkey-cli', 'tv'] },
      limits: { 'device_code.issue': { max: 1000, window_seconds: 60 } },
    },
  });
  world = await createWorldIn(app);
  visits = createDeviceVisits(world);
});
afterAll(() => app.close());

async function administrator(name: string) {
  const email = `${name.toLowerCase()}@example.com`;
  return app.parts.accounts.register({ email, name, password: PASSWORD, isAdmin: true }, 'operator');
}

async function verify(email: string): Promise<void> {
  await app.parts.passwordReset.ask(email, { maySend: true });
  const link = (await mailsTo(app, email)).find(({ subject }) => subject === 'Choose a new password')?.link;
  await app.parts.passwordReset.use(String(link).split('/').at(-1) ?? '', `${PASSWORD} of ${email}`);
}

async function reportsTo(email: string) {
  return (await mailsTo(app, email)).filter(({ subject }) => subject === SUBJECT);
}

/** Somebody of their own who reports a device of this client. */
async function report(client = 'tv', person?: { email: string; id: string }) {
  const who = person ?? (await visits.register('Grace'));
  const robot = await visits.arrive(who.email);
  const code = await visits.ask({ client_id: client }, { 'User-Agent': 'curl/8.5.0' });
  await visits.decide(robot, await visits.enter(robot, code.user_code), 'report');
  return { who, robot, code };
}

test('a report is mailed to the operator and to administrators whose address is confirmed, with what is needed to act', async () => {
  await administrator('Mary');
  await administrator('Joan');
  await verify('joan@example.com');
  const before = (await reportsTo(OPERATOR)).length;
  const { who } = await report();
  expect(await reportsTo(OPERATOR)).toHaveLength(before + 1);
  expect(await reportsTo('joan@example.com')).toHaveLength(1);
  expect(await reportsTo('mary@example.com')).toEqual([]);
  const [mail] = await reportsTo(OPERATOR);
  for (const words of [who.id, 'tv', '127.0.0.1', 'curl', 'latchkey devices blocks'])
    expect(mail?.text).toContain(words);
  expect(mail?.text).not.toContain(who.email);
});

test('a mere denial is no mail', async () => {
  const before = (await reportsTo(OPERATOR)).length;
  const robot = await visits.arrive((await visits.register('Grace')).email);
  await visits.decide(robot, await visits.enter(robot, (await visits.ask()).user_code), 'deny');
  expect(await reportsTo(OPERATOR)).toHaveLength(before);
});

test('one person fills no mailbox: beyond three reports a day there are events, and no mail', async () => {
  const before = (await reportsTo(OPERATOR)).length;
  const { who, robot } = await report();
  for (let count = 0; count < 4; count += 1) {
    await robot.submit(await robot.get('/account/access'), {}, { action: '/account/blocked-devices/lift' });
    await report('tv', who);
  }
  expect(await reportsTo(OPERATOR)).toHaveLength(before + 3);
  const events = await listAudit(app.parts, { account: who.id, type: 'device_code.reported', limit: 10 });
  expect(events).toHaveLength(5);
});

test('many people fill no mailbox either', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 2 * 86_400_000);
  const prepare = app.parts.operatorMail.prepareDeviceReport;
  for (let count = 0; count < 25; count += 1) {
    const nobody = { accountId: `acct_flood${count}`, clientId: 'tv', clientName: 'tv' };
    const tell = await prepare({ ...nobody, address: undefined, program: undefined });
    await app.parts.database.transact(tell);
  }
  for (let count = 0; count < 5; count += 1) await app.postOffice.deliverDue();
  // The mailbox keeps fifty, and those of the administrators are among them.
  const flood = (await reportsTo(OPERATOR)).filter(({ text }) => text.includes('acct_flood'));
  expect(flood).toHaveLength(20);
  vi.useRealTimers();
});

test('a person lifts their report on the page of what has access, and codes of that app are theirs to answer again', async () => {
  const { who, robot } = await report('tv');
  const refused = await visits.enter(robot, (await visits.ask({ client_id: 'tv' })).user_code);
  expect(refused.status).toBe(403);
  const access = await robot.get('/account/access');
  expect(mainTextOf(access)).toContain('Blocked devices');
  const lifted = await robot.send(access, {}, { action: '/account/blocked-devices/lift' });
  expect(mainTextOf(lifted)).not.toContain('Blocked devices');
  const code = await visits.ask({ client_id: 'tv' });
  expect((await visits.decide(robot, await visits.enter(robot, code.user_code), 'allow')).status).toBe(200);
  const events = await listAudit(app.parts, {
    account: who.id,
    type: 'device_code.report_lifted',
    limit: 10,
  });
  expect(events).toMatchObject([{ actor: `account:${who.id}`, client_id: 'tv' }]);
  const again = await robot.submit(access, {}, { action: '/account/blocked-devices/lift' });
  expect(again.status).toBe(404);
});

test('a report is in the copy of what is kept of a person', async () => {
  const { who } = await report('tv');
  const { reported_devices } = await app.parts.grants.exportOf(who.id);
  expect(reported_devices).toEqual([{ client_id: 'tv', created_at: expect.any(Number) }]);
});

test('a lift needs a form of ours, and is for reports of their own only', async () => {
  const { who } = await report('tv');
  const other = await visits.arrive((await visits.register('Joan')).email);
  const csrf = /name="csrf" value="([^"]+)"/.exec((await other.get('/account/access')).html)?.[1] ?? '';
  const path = '/account/blocked-devices/lift';
  expect((await other.post(path, { client_id: 'tv' })).status).toBe(403);
  expect((await other.post(path, { client_id: 'tv', csrf })).status).toBe(404);
  expect(await app.parts.grants.isDeviceBlocked(who.id, 'tv')).toBe(true);
});
