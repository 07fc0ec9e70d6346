// The cookie of a browser in which people have signed in: nobody can make one, and it tells nothing.
import supertest from 'supertest';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKnownDevice } from '../../server/accounts/known-device.ts';
import { createCookies } from '../../server/web/cookies.ts';
import { createTestApp, ISSUER } from '../web/support.ts';

const DAY_MILLISECONDS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') }));
afterEach(() => void vi.useRealTimers());

function createBrowser(key = Buffer.alloc(32, 1)) {
  const knownDevice = createKnownDevice({ key, cookies: createCookies(ISSUER) });
  const { app } = createTestApp((mounted) =>
    mounted.use((ctx) => {
      const email = String(ctx.query.email);
      if (ctx.path === '/remember') knownDevice.remember(ctx, email);
      ctx.body = { device: knownDevice.read(ctx, email) ?? null };
    }),
  );

  async function ask(path: string, email: string, cookie: string) {
    const answer = await supertest(app.callback())
      .get(path)
      .query({ email })
      .set({ Host: 'id.example', Cookie: cookie });
    const setCookie = (answer.headers['set-cookie'] as unknown as string[] | undefined)?.[0] ?? '';
    return { device: answer.body.device as string | null, setCookie, cookie: setCookie.split(';')[0] ?? '' };
  }
  return {
    remember: (email: string, cookie = '') => ask('/remember', email, cookie),
    read: async (email: string, cookie: string) => (await ask('/read', email, cookie)).device,
  };
}

test('S08: a browser is known for whoever signed in there, however they write their e-mail, and for nobody else', async () => {
  const { remember, read } = createBrowser();
  const { cookie } = await remember('ada@example.com');
  const device = await read('ada@example.com', cookie);
  expect(device).toMatch(/^[\w-]{22}$/);
  expect(await read(' ADA@Example.com ', cookie)).toBe(device);
  expect(await read('grace@example.com', cookie)).toBeNull();
  // Another mailbox, as far as we know.
  expect(await read('ada+tag@example.com', cookie)).toBeNull();
  expect(await read('not an e-mail', cookie)).toBeNull();
  expect(await read('ada@example.com', '')).toBeNull();
});

test('a browser keeps its id, and knows five people at most: the first is forgotten for the sixth', async () => {
  const { remember, read } = createBrowser();
  const names = ['ada', 'grace', 'hedy', 'joan', 'karen', 'rosa'];
  let cookie = '';
  for (const name of names) cookie = (await remember(`${name}@example.com`, cookie)).cookie;
  const devices = await Promise.all(names.map((name) => read(`${name}@example.com`, cookie)));
  expect(devices[0]).toBeNull();
  expect(new Set(devices.slice(1))).toEqual(new Set([devices[5]]));
  const again = await remember('grace@example.com', cookie);
  expect(await read('karen@example.com', again.cookie)).toBe(devices[5]);
});

test('nobody can change it: not the id, the people, the time or the signature', async () => {
  const { remember, read } = createBrowser();
  const [mine, other] = [await remember('ada@example.com'), await remember('grace@example.com')];
  const [, id, expiry, people, mac] = /=([^.]+)\.([^.]+)\.([^.]+)\.([^.]+)$/.exec(mine.cookie) ?? [];
  const othersPeople = other.cookie.split('.')[2];
  const name = mine.cookie.split('=')[0];
  const changed = [
    [`${'A'.repeat(22)}`, expiry, people, mac],
    [id, String(Number(expiry) + 1), people, mac],
    [id, expiry, `${people}~${othersPeople}`, mac],
    [id, expiry, people, 'A'.repeat(43)],
    [id, expiry, people],
  ].map((parts) => `${name}=${parts.join('.')}`);
  for (const cookie of changed) expect(await read('ada@example.com', cookie)).toBeNull();
  expect(await createBrowser(Buffer.alloc(32, 2)).read('ada@example.com', mine.cookie)).toBeNull();
  expect(await read('ada@example.com', mine.cookie)).not.toBeNull();
});

test('it is good for a year, whatever the browser thinks', async () => {
  const { remember, read } = createBrowser();
  const { cookie } = await remember('ada@example.com');
  vi.setSystemTime(Date.now() + 364 * DAY_MILLISECONDS);
  expect(await read('ada@example.com', cookie)).not.toBeNull();
  vi.setSystemTime(Date.now() + DAY_MILLISECONDS);
  expect(await read('ada@example.com', cookie)).toBeNull();
});

test('C01: it is bound to this host, kept from scripts, small, and names nobody', async () => {
  const { remember } = createBrowser();
  let sent = await remember('ada@example.com');
  for (const name of ['grace', 'hedy', 'joan', 'karen'])
    sent = await remember(`${name}@example.com`, sent.cookie);
  const attributes = sent.setCookie.toLowerCase().split('; ');
  expect(sent.setCookie).toMatch(/^__Host-lk-device=/);
  expect(attributes).toEqual(expect.arrayContaining(['path=/', 'secure', 'httponly', 'samesite=lax']));
  expect(attributes.some((attribute) => attribute.startsWith('domain'))).toBe(false);
  expect(sent.setCookie.length).toBeLessThan(512);
  expect(sent.setCookie).not.toMatch(/karen|example\.com/);
});

test('two browsers of one person do not tell that they are', async () => {
  const { remember } = createBrowser();
  const [one, other] = [await remember('ada@example.com'), await remember('ada@example.com')];
  expect(one.cookie.split('.')[2]).not.toBe(other.cookie.split('.')[2]);
});
