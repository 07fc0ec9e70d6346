// CSRF: who may send a form of ours, and the cookies that it hangs on.
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { formBody } from '../../server/web/body.ts';
import { createCookies } from '../../server/web/cookies.ts';
import { type CsrfReason, createCsrf } from '../../server/web/csrf.ts';
import { createTestApp, ISSUER } from './support.ts';

function createForms(issuer: string) {
  const cookies = createCookies(issuer);
  const blocked: CsrfReason[] = [];
  const csrf = createCsrf({
    key: Buffer.alloc(32, 1),
    issuer,
    cookieName: cookies.names.csrf,
    secure: cookies.options.secure,
    onBlocked: (_ctx, reason) => void blocked.push(reason),
  });
  const { app, entries } = createTestApp(
    (mounted) => {
      mounted.use(formBody(65_536)).use(csrf.guard);
      mounted.use((ctx) => {
        if (ctx.path === '/rotate') csrf.rotate(ctx);
        ctx.body = ctx.method === 'GET' ? { tokens: [csrf.token(ctx), csrf.token(ctx)] } : { done: true };
      });
    },
    { issuer },
  );
  return { callback: app.callback(), blocked, entries, host: new URL(issuer).host };
}

type Forms = ReturnType<typeof createForms>;

async function openForm({ callback, host }: Forms, headers: Record<string, string> = {}) {
  const { body, headers: got } = await supertest(callback)
    .get('/form')
    .set({ Host: host, ...headers });
  const setCookie: string[] = (got['set-cookie'] as unknown as string[] | undefined) ?? [];
  return {
    token: String(body.tokens[0]),
    tokens: body.tokens as string[],
    setCookie,
    vary: got.vary,
    cookie: setCookie[0]?.split(';')[0] ?? '',
  };
}

function send({ callback, host }: Forms, headers: Record<string, string>, form: Record<string, string> = {}) {
  return supertest(callback)
    .post('/form')
    .set({ Host: host, ...headers })
    .type('form')
    .send(form);
}

const honest: Record<string, string>[] = [
  { 'Sec-Fetch-Site': 'same-origin', Origin: ISSUER },
  { 'Sec-Fetch-Site': 'none' },
  { 'Sec-Fetch-Site': 'same-origin', Referer: 'https://elsewhere.example/' },
  { Origin: ISSUER },
  { Referer: `${ISSUER}/sign-in?x=1` },
  {},
];

test.each(honest)('C04: a form of ours with its token goes through (%j)', async (headers) => {
  const forms = createForms(ISSUER);
  const { cookie, token } = await openForm(forms);
  await send(forms, { Cookie: cookie, ...headers }, { csrf: token }).expect(200);
  await send(forms, { Cookie: cookie, 'X-CSRF-Token': token, ...headers }).expect(200);
});

const foreign: [CsrfReason, Record<string, string>][] = [
  ['fetch_site', { 'Sec-Fetch-Site': 'cross-site', Origin: ISSUER }],
  ['fetch_site', { 'Sec-Fetch-Site': 'same-site' }],
  ['fetch_site', { 'Sec-Fetch-Site': 'nonsense' }],
  ['origin', { Origin: 'https://evil.example' }],
  ['origin', { Origin: 'null' }],
  ['origin', { Origin: 'http://id.example' }],
  ['origin', { Origin: 'https://id.example:8443' }],
  ['origin', { Origin: 'https://id.example.evil.example' }],
  ['origin', { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }],
  ['origin', { Origin: 'https://evil.example', Referer: `${ISSUER}/` }],
  ['referer', { Referer: 'https://evil.example/https://id.example/' }],
  ['referer', { Referer: 'nonsense' }],
];

test.each(foreign)(
  'A30 C04: the right token from elsewhere is refused by %s (%j)',
  async (reason, headers) => {
    const forms = createForms(ISSUER);
    const { cookie, token } = await openForm(forms);
    const { body, headers: got } = await send(forms, { Cookie: cookie, ...headers }, { csrf: token }).expect(
      403,
    );
    expect(body.error).toBe('csrf_failed');
    expect(got.vary).toBe('Sec-Fetch-Site, Origin');
    expect(forms.blocked).toEqual([reason]);
    expect(forms.entries().at(-1)).toMatchObject({ error: 'csrf_failed', reason: `csrf: ${reason}` });
  },
);

test.each(honest)('A30 C04: without the token of this browser nothing goes through (%j)', async (headers) => {
  const forms = createForms(ISSUER);
  const ada = await openForm(forms);
  const mallory = await openForm(forms);
  const [random = '', mac = ''] = ada.token.split('.');
  const wrong = [
    undefined,
    '',
    '.',
    random,
    `${random}.`,
    `${random}.${mac.slice(1)}`,
    `x${ada.token}`,
    mallory.token,
  ];
  for (const csrf of wrong) {
    await send(forms, { Cookie: ada.cookie, ...headers }, csrf === undefined ? {} : { csrf }).expect(403);
  }
  await send(forms, headers, { csrf: ada.token }).expect(403);
  await send(forms, { Cookie: '__Host-lk-csrf=chosen', ...headers }, { csrf: ada.token }).expect(403);
  expect(forms.blocked).toEqual(new Array(wrong.length + 2).fill('token'));
});

test('A30: a token of another key is worth nothing', async () => {
  const forms = createForms(ISSUER);
  const { cookie, token } = await openForm(forms);
  const other = createCsrf({
    key: Buffer.alloc(32, 2),
    issuer: ISSUER,
    cookieName: '__Host-lk-csrf',
    secure: true,
  });
  const { app } = createTestApp((mounted) => mounted.use(formBody(65_536)).use(other.guard));
  await send({ ...forms, callback: app.callback() }, { Cookie: cookie }, { csrf: token }).expect(403);
});

test('C04: several forms of a browser are good at once, and rotating ends them all', async () => {
  const forms = createForms(ISSUER);
  const first = await openForm(forms);
  const second = await openForm(forms, { Cookie: first.cookie });
  expect(second.setCookie).toEqual([]);
  const tokens = [...first.tokens, ...second.tokens];
  expect(new Set(tokens).size).toBe(4);
  for (const csrf of tokens) await send(forms, { Cookie: first.cookie }, { csrf }).expect(200);
  const rotated = await supertest(forms.callback)
    .get('/rotate')
    .set({ Host: forms.host, Cookie: first.cookie });
  const fresh = String(rotated.headers['set-cookie']).split(';')[0] ?? '';
  expect(fresh).not.toBe(first.cookie);
  await send(forms, { Cookie: fresh }, { csrf: first.token }).expect(403);
  await send(forms, { Cookie: fresh }, { csrf: rotated.body.tokens[0] }).expect(200);
});

test('C01: on https the cookie is bound to this host, on loopback http it has another name and no Secure', async () => {
  const https = await openForm(createForms(ISSUER));
  expect(https.setCookie).toEqual([
    expect.stringMatching(/^__Host-lk-csrf=[\w-]{43}; path=\/; samesite=lax; secure; httponly$/),
  ]);
  expect(https.vary).toBe('Sec-Fetch-Site, Origin');
  const http = await openForm(createForms('http://localhost:3000'));
  expect(http.setCookie).toEqual([
    expect.stringMatching(/^lk-csrf=[\w-]{43}; path=\/; samesite=lax; httponly$/),
  ]);
});

test('C01: every cookie has the prefix that fits its path', () => {
  expect(createCookies(ISSUER)).toEqual({
    names: {
      session: '__Host-lk-session',
      interaction: '__Secure-lk-interaction',
      resume: '__Secure-lk-resume',
      csrf: '__Host-lk-csrf',
      device: '__Host-lk-device',
      return: '__Host-lk-return',
    },
    options: { httpOnly: true, sameSite: 'lax', secure: true, overwrite: true, path: '/' },
    engineOptions: { httpOnly: true, sameSite: 'lax', secure: true, overwrite: true },
  });
  const { names, options } = createCookies('http://127.0.0.1:3000');
  expect(Object.values(names).filter((name) => name.startsWith('__'))).toEqual([]);
  expect(options.secure).toBe(false);
});
