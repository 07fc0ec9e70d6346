// Pages for people who are signed in.
import supertest from 'supertest';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { createSignedIn } from '../../server/web/signed-in.ts';
import { createTestApp } from './support.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') }));
afterEach(() => void vi.useRealTimers());

function createPages() {
  const signedInAt = nowSeconds();
  const { signedIn, fresh } = createSignedIn({
    readSession: async (ctx) =>
      ctx.get('X-Test-Person') === 'Ada'
        ? { accountId: 'acct_ada', sessionUid: 's1', authTime: signedInAt, methods: ['pwd'] }
        : undefined,
    stepUpSeconds: 300,
  });
  const { app, entries } = createTestApp((mounted) =>
    mounted
      .use((ctx, next) => (ctx.path === '/danger' ? fresh(ctx, next) : signedIn(ctx, next)))
      .use((ctx) => {
        ctx.body = { person: ctx.state.person };
      }),
  );
  const request = supertest(app.callback());
  return {
    get: (path: string) => request.get(path).set('Host', 'id.example'),
    post: (path: string) => request.post(path).set('Host', 'id.example'),
    entries,
  };
}

test('S12: whoever is signed in gets in, and the log knows who it was', async () => {
  const { get, entries } = createPages();
  const { body } = await get('/account').set('X-Test-Person', 'Ada').expect(200);
  const authTime = nowSeconds();
  expect(body.person).toEqual({ accountId: 'acct_ada', sessionUid: 's1', authTime, methods: ['pwd'] });
  expect(entries().at(-1)).toMatchObject({ account_id: 'acct_ada' });
});

test('A28: a page sends whoever is not signed in to sign in and back, within this host', async () => {
  const { get } = createPages();
  const page = await get('/device?user_code=BCDF').set('Accept', 'text/html').expect(303);
  expect(page.headers.location).toBe('/sign-in?return_to=%2Fdevice%3Fuser_code%3DBCDF');
  const evil = await get('//evil.example/x').set('Accept', 'text/html').expect(303);
  expect(evil.headers.location).toBe('/sign-in?return_to=%2Faccount');
});

test('A28: who names no preference, as form robots do, is led to sign in too', async () => {
  const { get } = createPages();
  for (const accept of ['*/*', '']) await get('/account').set('Accept', accept).expect(303);
});

test('what is no page answers 401', async () => {
  const { get, post } = createPages();
  await get('/account').set('Accept', 'application/json').expect(401);
  await post('/account').set('Accept', 'text/html').expect(401);
});

test('S13: what is dangerous asks for a sign-in of the last minutes', async () => {
  const { get, post } = createPages();
  vi.setSystemTime(new Date('2026-03-01T12:05:00Z'));
  await post('/danger').set('X-Test-Person', 'Ada').expect(200);
  vi.setSystemTime(new Date('2026-03-01T12:05:01Z'));
  const refused = await post('/danger').set('X-Test-Person', 'Ada').expect(403);
  expect(refused.body.error).toBe('access_denied');
  const page = await get('/danger').set({ 'X-Test-Person': 'Ada', Accept: 'text/html' }).expect(303);
  expect(page.headers.location).toBe('/sign-in?return_to=%2Fdanger&prompt=login');
  await post('/danger').expect(401);
});
