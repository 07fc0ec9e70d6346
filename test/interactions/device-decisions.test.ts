// Who may decide on a device, once, and what a decision can never give (RFC 8628 section 5.4, RFC 10027; rows D14 to D31).
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listAudit } from '../../server/admin/audit-commands.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { findAll, parseHtml } from '../support/html.ts';
import { createWorld, type World } from '../support/world.ts';
import { CLI, createDeviceVisits, type DeviceVisits, PROXIED, SCOPE } from './device-visits.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

let world: World;
let visits: DeviceVisits;
beforeAll(async () => {
  world = await createWorld({
    settings: {
      ...PROXIED,
      limits: {
        'device_code.issue': { max: 1000, window_seconds: 60 },
        'device_code.person': { max: 50, window_seconds: 60 },
      },
      device: { client_ids: [CLI, 'tv', 'phone'] },
      roles: { member: { scopes: ['read:tasks', 'read:status', 'latchkey:admin'] } },
    },
  });
  visits = createDeviceVisits(world);
});
afterAll(() => world.close());

function subjectOf(idToken: unknown): unknown {
  const [, payload = ''] = String(idToken).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

/** What `audit list --type` shows, newest first. */
function recorded(type: string) {
  return listAudit(world.app.parts, { type, limit: 10 });
}

test('D14: denied is access_denied for the device, and the page says so', async () => {
  const robot = await visits.arrive();
  const code = await visits.ask();
  const denied = await visits.decide(robot, await visits.enter(robot, code.user_code), 'deny');
  expect([denied.status, mainTextOf(denied)]).toEqual([200, expect.stringContaining('Denied')]);
  expect((await visits.poll(code)).body.error).toBe('access_denied');
});

test('D19: of two people who race for one code exactly one is bound, and the other is told that it was used', async () => {
  for (let round = 0; round < 5; round += 1) {
    const code = await visits.ask();
    const people = await Promise.all([visits.register('Grace'), visits.register('Joan')]);
    const pages = await Promise.all(
      people.map(async ({ email }) => {
        const robot = await visits.arrive(email);
        return { robot, page: await visits.enter(robot, code.user_code) };
      }),
    );
    const answers = await Promise.all(pages.map(({ robot, page }) => visits.decide(robot, page, 'allow')));
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, expect.toBeOneOf([409, 410])]);
    expect(mainTextOf(answers[1 - winner] as never)).toContain('used already');
    const { body } = await visits.poll(code);
    expect(subjectOf(body.id_token)).toMatchObject({ sub: people[winner]?.id });
    const loser = await world.app.parts.grants.listOf(people[1 - winner]?.id ?? '');
    expect(loser).toEqual([]);
  }
});

test('D19: two tabs show one code; the first answer counts, whichever it is, also when both come at once', async () => {
  const robot = await visits.arrive();
  const code = await visits.ask();
  const tabs = [
    await visits.enter(robot, code.user_code),
    await visits.enter(robot, code.user_code),
  ] as const;
  const [allowed, denied] = await Promise.all([
    visits.decide(robot, tabs[0], 'allow'),
    visits.decide(robot, tabs[1], 'deny'),
  ]);
  const isAllowed = allowed.status === 200;
  expect([allowed.status, denied.status].toSorted()).toEqual([200, expect.toBeOneOf([409, 410])]);
  const { body } = await visits.poll(code);
  if (isAllowed) expect(body.access_token).toBeTypeOf('string');
  else expect(body.error).toBe('access_denied');
  // The same answer again is told the same; the other one is refused.
  const again = await visits.decide(robot, tabs[0], isAllowed ? 'allow' : 'deny');
  expect([again.status, mainTextOf(again)]).toEqual([
    200,
    expect.stringContaining(isAllowed ? 'connected' : 'Denied'),
  ]);
  const other = await visits.decide(robot, tabs[1], isAllowed ? 'deny' : 'allow');
  expect([other.status, mainTextOf(other)]).toEqual([410, expect.stringContaining('used already')]);
});

test('a code can be left lying and taken up again, by the same person in ten tabs at once too; expired it is 410', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const code = await visits.ask();
  const robot = await visits.arrive();
  const form = await robot.get('/device');
  const submit = () => robot.submit(form, { user_code: code.user_code }, { button: 'Continue' });
  const tabs = await Promise.all(Array.from({ length: 10 }, submit));
  expect(tabs.map(({ status }) => status)).toEqual(Array(10).fill(200));
  vi.setSystemTime(Date.now() + 500_000);
  expect((await visits.poll(code)).body.error).toBe('authorization_pending');
  const later = await visits.enter(robot, code.user_code);
  expect(later.status).toBe(200);
  vi.setSystemTime(Date.now() + 101_000);
  const late = await visits.decide(robot, later, 'allow');
  expect(late.status).toBe(410);
  expect(mainTextOf(late)).toContain('expired');
  expect((await visits.enter(robot, code.user_code)).status).toBe(410);
  vi.useRealTimers();
});

test('D20: only the session that looked the code up may decide', async () => {
  const grace = await visits.register('Grace');
  const code = await visits.ask();
  const hers = await visits.arrive(grace.email);
  const page = await visits.enter(hers, code.user_code);
  const [{ attributes: reference } = { attributes: {} as Record<string, string> }] = findAll(
    parseHtml(page.html),
    'input',
  ).filter(({ attributes }) => attributes.name === 'reference');
  for (const person of ['ada@example.com', grace.email]) {
    const other = await visits.arrive(person);
    const own = await visits.enter(other, (await visits.ask()).user_code);
    for (const decision of ['allow', 'deny', 'report'] as const) {
      const refused = await visits.decide(other, own, decision, { reference: reference.value });
      expect([person, decision, refused.status]).toEqual([person, decision, 403]);
    }
  }
  expect((await visits.poll(code)).body.error).toBe('authorization_pending');
  expect((await visits.decide(hers, page, 'allow')).status).toBe(200);
});

test('D21 D22: a device gets no more than the role of the person and the registration of the client have', async () => {
  const robot = await visits.arrive();
  const code = await visits.ask();
  const page = await visits.enter(robot, code.user_code);
  expect(mainTextOf(page)).not.toContain('Change your tasks');
  await visits.decide(robot, page, 'allow');
  expect((await visits.poll(code)).body.scope).toBe('openid email read:tasks');

  const reader = await world.registerClient({
    ...{ name: 'Reader', type: 'native', auth: 'none', grants: [DEVICE_GRANT], redirectUris: [] },
    scopes: ['openid', 'read:tasks'],
  });
  const wider = await world.post('/device/code', { client_id: reader.id, scope: SCOPE });
  expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope']);
});

test('D21: a person who was disabled meanwhile is nobody: the form leads to the sign-in, and nothing is paired', async () => {
  const grace = await visits.register('Grace');
  const robot = await visits.arrive(grace.email);
  const code = await visits.ask();
  const page = await visits.enter(robot, code.user_code);
  await world.app.parts.accounts.disable(grace, 'operator');
  const sent = await visits.decide(robot, page, 'allow');
  expect(sent.status).toBe(303);
  expect(sent.location).toContain('/sign-in?return_to=');
  expect((await visits.poll(code)).body.error).toBe('authorization_pending');
});

test('D27: rights over the server itself are neither shown nor given, whoever asks and whatever the client may have', async () => {
  const rules = await world.app.parts.resources.register(
    {
      identifier: 'https://admin.example.com/',
      isDefault: false,
      registration: {
        name: 'The server',
        scopes: { 'latchkey:admin': 'Rule the server', 'read:status': 'Read the status' },
        tokenFormat: 'opaque',
      },
    },
    { auth: 'client_secret_basic' },
  );
  const ruler = await world.registerClient({
    ...{ name: 'Ruler', type: 'native', auth: 'none', grants: [DEVICE_GRANT], redirectUris: [] },
    scopes: ['openid', 'read:status', 'latchkey:admin'],
  });
  const code = await visits.ask({
    client_id: ruler.id,
    scope: 'openid latchkey:admin read:status',
    resource: 'https://admin.example.com/',
  });
  const robot = await visits.arrive();
  const page = await visits.enter(robot, code.user_code);
  expect(mainTextOf(page)).toContain('Read the status');
  expect(mainTextOf(page)).not.toContain('Rule the server');
  const done = await visits.decide(robot, page, 'allow');
  expect(done.status).toBe(200);
  const { body } = await visits.poll(code, ruler.id);
  expect(body.scope).toBe('read:status');
  const caller = { id: rules.clientId, secret: rules.secret };
  const inspected = await world.introspect(caller, String(body.access_token));
  expect(inspected.body).toMatchObject({ active: true, scope: 'read:status' });
});

test('D29: a code that a third person enters is withdrawn for all of them, and the operator finds it', async () => {
  const code = await visits.ask();
  const pages = [];
  for (const name of ['Grace', 'Joan']) {
    const robot = await visits.arrive((await visits.register(name)).email);
    pages.push({ robot, page: await visits.enter(robot, code.user_code) });
  }
  expect(pages.map(({ page }) => page.status)).toEqual([200, 200]);
  const third = await visits.enter(
    await visits.arrive((await visits.register('Mary')).email),
    code.user_code,
  );
  expect(third.status).toBe(410);
  expect(mainTextOf(third)).toContain('withdrawn');
  for (const { robot, page } of pages) expect((await visits.decide(robot, page, 'allow')).status).toBe(410);
  expect((await visits.poll(code)).body.error).toBe('expired_token');
  expect((await recorded('device_code.killed'))[0]).toMatchObject({ client_id: CLI });
});

test('deny and report blocks further codes of that client for that person alone, and the operator is told', async () => {
  const grace = await visits.register('Grace');
  const robot = await visits.arrive(grace.email);
  const open = await visits.ask({ client_id: 'tv' });
  const lying = await visits.enter(robot, open.user_code);
  const code = await visits.ask({ client_id: 'tv' });
  const reported = await visits.decide(robot, await visits.enter(robot, code.user_code), 'report');
  expect([reported.status, mainTextOf(reported)]).toEqual([200, expect.stringContaining('reported')]);
  expect((await visits.poll(code, 'tv')).body.error).toBe('access_denied');

  const further = await visits.enter(robot, (await visits.ask({ client_id: 'tv' })).user_code);
  expect(further.status).toBe(403);
  expect(mainTextOf(further)).toContain('reported this app before');
  expect((await visits.decide(robot, lying, 'allow')).status).toBe(403);
  expect((await visits.enter(robot, (await visits.ask({ client_id: 'phone' })).user_code)).status).toBe(200);
  const ada = await visits.arrive();
  expect((await visits.enter(ada, (await visits.ask({ client_id: 'tv' })).user_code)).status).toBe(200);

  const event = { type: 'device_code.reported', client_id: 'tv', account_id: grace.id };
  expect((await recorded('device_code.reported'))[0]).toMatchObject(event);
});
