// What every request passes: hosts, headers, methods, errors, the access log.
import Router from '@koa/router';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refusal } from '../../server/errors.ts';
import type { Middleware, WebState } from '../../server/web/context.ts';
import { methodGuard } from '../../server/web/method-guard.ts';
import { formActionSource } from '../../server/web/security-headers.ts';
import { createTestApp, StorageFault, sendRaw, serve, statusOf } from './support.ts';

const rejectedHosts: string[] = [];
const { app, entries, lines } = createTestApp(
  (mounted) => {
    const router = new Router<WebState, Record<never, never>>();
    router.get('/where', (ctx) => {
      ctx.body = {
        href: ctx.href,
        host: ctx.host,
        hostname: ctx.hostname,
        secure: ctx.secure,
        path: ctx.path,
      };
    });
    router.get('/page', (ctx) => {
      ctx.cookies.set('__Host-lk-test', 'Ada', { httpOnly: true, secure: true, signed: false });
      ctx.type = 'html';
      ctx.body = '<form method="post"></form>';
    });
    router.get('/leave', (ctx) => {
      ctx.status = 303;
      ctx.redirect('/page');
    });
    router.get('/jwks', (ctx) => {
      ctx.set('Cache-Control', 'public, max-age=3600');
      ctx.body = { keys: [] };
    });
    router.get('/own-policy', (ctx) => {
      // As the engine does: it finds our policy, adds its script's hash and joins the directives anew.
      const policy = ctx.response
        .get('Content-Security-Policy')
        .replace("script-src 'self'", "script-src 'self' 'sha256-abc='");
      ctx.set('Content-Security-Policy', policy.split('; ').join(';'));
      ctx.type = 'html';
      ctx.body = '<script></script>';
    });
    router.get('/consent', (ctx) => {
      ctx.state.formActions = ['http://127.0.0.1:5000', 'com.example.app:'];
      ctx.type = 'html';
      ctx.body = '<form method="post"></form>';
    });
    router.get('/refused', () => {
      throw new Refusal('invalid_request', {
        param: 'email',
        reason: 'only the log may know',
        words: 'No <b>.',
      });
    });
    router.get('/too-many', () => {
      throw new Refusal('too_many_requests', { retryAfterSeconds: 2.5 });
    });
    router.get('/storage', (ctx) => {
      ctx.cookies.set('session', 'not stored', { signed: false });
      throw new StorageFault('disk full at /var/lib/secret-path');
    });
    router.get('/bug', () => {
      throw new TypeError('cannot read secret-detail of undefined');
    });
    router.get('/thrown-text', () => {
      throw 'secret-text';
    });
    router.get('/circular', (ctx) => {
      const loop: Record<string, unknown> = {};
      loop.self = loop;
      ctx.body = loop;
    });
    router.get('/account/:id', (ctx) => {
      ctx.body = {};
    });
    mounted.use(methodGuard({ '/token': ['POST', 'OPTIONS'], '/authorize/:uid': ['GET'] }));
    mounted.use(router.routes()).use(router.allowedMethods());
    const engine: Middleware = (ctx, next) => {
      if (ctx.path.toLowerCase() !== '/token' && !ctx.path.startsWith('/authorize/')) return next();
      ctx.body = { engine: true };
      return;
    };
    mounted.use(engine);
  },
  { allowedHosts: ['login.example:8443'], onHostRejected: (host) => rejectedHosts.push(host) },
);

let port = 0;
let stop = () => {};
beforeAll(async () => {
  const served = await serve(app);
  port = served.port;
  stop = () => void served.server.close();
});
afterAll(() => stop());

const request = () => supertest(`http://127.0.0.1:${port}`);
const get = (path: string) => request().get(path).set('Host', 'id.example');
const html = (path: string) => get(path).set('Accept', 'text/html,*/*;q=0.8');

test.each(['id.example', 'ID.EXAMPLE', 'id.example:443', 'login.example:8443'])(
  'H4 M02 M06: for the host %s every URL starts with the issuer',
  async (host) => {
    const { body } = await request().get('/where?x=1').set('Host', host).expect(200);
    expect(body).toEqual({
      href: 'https://id.example/where?x=1',
      host: 'id.example',
      hostname: 'id.example',
      secure: true,
      path: '/where',
    });
  },
);

test.each([
  'evil.example',
  'id.example.evil.example',
  'id.example:80',
  'id.example.',
  'localhost',
  '127.0.0.1',
  '[::1]',
])('H4 M06: the unknown host %s is answered with 421 before any handler', async (host) => {
  const { body } = await request().get('/where').set('Host', host).expect(421);
  expect(body.error).toBe('misdirected');
  expect(rejectedHosts.at(-1)).toBe(host);
});

const badRequests = [
  ['two hosts', 'GET /where HTTP/1.1\r\nHost: id.example\r\nHost: id.example\r\n'],
  ['two hosts, one evil', 'GET /where HTTP/1.1\r\nHost: id.example\r\nhOsT: evil.example\r\n'],
  ['no host', 'GET /where HTTP/1.1\r\n'],
  ['no host in HTTP/1.0', 'GET /where HTTP/1.0\r\n'],
  ['an empty host', 'GET /where HTTP/1.1\r\nHost:\r\n'],
  ['user information', 'GET /where HTTP/1.1\r\nHost: evil@id.example\r\n'],
  ['user information and a port', 'GET /where HTTP/1.1\r\nHost: a@b:c\r\n'],
  ['a path in the host', 'GET /where HTTP/1.1\r\nHost: id.example/evil\r\n'],
  ['a list in the host', 'GET /where HTTP/1.1\r\nHost: id.example, evil.example\r\n'],
  ['a space in the host', 'GET /where HTTP/1.1\r\nHost: id.example evil\r\n'],
  ['absolute form for another host', 'GET http://evil.example/where HTTP/1.1\r\nHost: id.example\r\n'],
  [
    'absolute form with user information',
    'GET http://evil@id.example/where HTTP/1.1\r\nHost: id.example\r\n',
  ],
  ['another scheme', 'GET ftp://id.example/where HTTP/1.1\r\nHost: id.example\r\n'],
  ['a target that is no address', 'GET http://[ HTTP/1.1\r\nHost: id.example\r\n'],
  ['a path in an address that is none', 'POST http://[/device HTTP/1.1\r\nHost: id.example\r\n'],
  ['asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: id.example\r\n'],
] as const;

test.each(badRequests)('H4 M06 C10: %s is answered with 400 and our headers', async (_name, head) => {
  const answer = await sendRaw(port, `${head}Connection: close\r\n\r\n`);
  expect(statusOf(answer)).toBe(400);
  expect(answer).toMatch(/content-security-policy: default-src 'none'/i);
});

test('H4 M06: the absolute form for our own host is the same as the path', async () => {
  const answer = await sendRaw(
    port,
    'GET https://ID.example/where?x=1 HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\n\r\n',
  );
  expect(statusOf(answer)).toBe(200);
  expect(answer).toContain('"href":"https://id.example/where?x=1"');
  const root = await sendRaw(
    port,
    'GET http://id.example?x=1 HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\n\r\n',
  );
  expect(statusOf(root)).toBe(404);
});

test('M06: the probes answer under any host', async () => {
  await request().get('/livez').set('Host', '10.1.2.3:3000').expect(200, { status: 'ok' });
  await request().head('/readyz').set('Host', 'evil.example').expect(200);
  const { headers } = await request().post('/livez').expect(405);
  expect(headers.allow).toBe('GET, HEAD');
});

const everyAnswer = [
  ['/where', 200],
  ['/page', 200],
  ['/leave', 303],
  ['/nothing', 404],
  ['/refused', 400],
  ['/too-many', 429],
  ['/bug', 500],
  ['/circular', 500],
  ['/storage', 503],
  ['/livez', 200],
] as const;

test.each(everyAnswer)('C02 C03 A19 A20 H10: %s (%i) carries every security header', async (path, status) => {
  for (const answer of [await get(path).redirects(0), await html(path).redirects(0)]) {
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': expect.stringMatching(/^(no-referrer|same-origin)$/),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
      'cache-control': 'no-store',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  }
});

test.each([
  ['get', '/token', 405],
  ['post', '/page', 405],
  ['get', '/where', 421],
] as const)('C02 C03: %s %s (%i) carries them too', async (method, path, status) => {
  const answer = await request()
    [method](path)
    .set('Host', status === 421 ? 'evil.example' : 'id.example')
    .expect(status);
  expect(answer.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(answer.headers['x-frame-options']).toBe('DENY');
  expect(answer.headers['strict-transport-security']).toBeDefined();
});

test('C02 A20: a page may use what is ours and nothing else, and tells its own forms where they come from', async () => {
  const { headers } = await html('/page');
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
  );
  expect(headers['referrer-policy']).toBe('same-origin');
});

test('A20: an answer that is no page, and a redirect, tell nobody where they come from', async () => {
  expect((await get('/where')).headers['referrer-policy']).toBe('no-referrer');
  expect((await html('/leave').redirects(0)).headers['referrer-policy']).toBe('no-referrer');
});

test('C02: no handler lets a script of its own into a page', async () => {
  const [own, page] = [await html('/own-policy'), await html('/page')];
  expect(own.headers['content-security-policy']).toBe(page.headers['content-security-policy']);
});

test('C02: a page whose form ends at a client names where that is', async () => {
  const consent = (await html('/consent')).headers['content-security-policy'];
  expect(consent).toContain("form-action 'self' http://127.0.0.1:5000 com.example.app:;");
});

test.each([
  ['https://app.example/cb?x=1', 'https://app.example'],
  ['http://127.0.0.1:5000/cb', 'http://127.0.0.1:5000'],
  ['http://[::1]:5000/cb', 'http:'],
  ['com.example.app:/cb', 'com.example.app:'],
  ["https://a;script-src'x'.example/", undefined],
  ['https://a,b.example/', undefined],
  ['nonsense', undefined],
  [undefined, undefined],
])('C02: the form-action source of %s is %s', (uri, source) => {
  expect(formActionSource(uri)).toBe(source);
});

test('C03: keys may be read and kept by any origin, and a handler may set its own caching', async () => {
  const { headers } = await get('/jwks');
  expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
  expect(headers['cache-control']).toBe('public, max-age=3600');
});

test('C03: without https there is no HSTS', async () => {
  const loopback = createTestApp(() => {}, { issuer: 'http://localhost:3000' });
  const { headers } = await supertest(loopback.app.callback())
    .get('/')
    .set('Host', 'localhost:3000')
    .expect(404);
  expect(headers).not.toHaveProperty('strict-transport-security');
});

test('C01: behind a proxy that speaks TLS, secure cookies can be set', async () => {
  const { headers } = await html('/page');
  expect(headers['set-cookie']).toEqual(['__Host-lk-test=Ada; path=/; secure; httponly']);
});

test.each([
  ['get', '/token', 'POST, OPTIONS'],
  ['put', '/token', 'POST, OPTIONS'],
  ['head', '/token', 'POST, OPTIONS'],
  ['get', '/TOKEN/', 'POST, OPTIONS'],
  ['post', '/authorize/abc', 'GET, HEAD'],
  ['delete', '/page', 'HEAD, GET'],
  ['propfind', '/page', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
] as const)('C06 T01: %s %s is answered with 405 and Allow: %s', async (method, path, allow) => {
  const answer = await request()[method](path).set('Host', 'id.example');
  expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  if (method !== 'head') expect(answer.body.error).toBe('method_not_allowed');
});

test('C06: what the guard lets through reaches the engine, and an unknown path is 404', async () => {
  await request().post('/token').set('Host', 'id.example').expect(200, { engine: true });
  await request().head('/authorize/abc').set('Host', 'id.example').expect(200);
  await get('/nothing').expect(404);
});

test('C06: TRACE is refused, and CONNECT is not spoken', async () => {
  const trace = await sendRaw(
    port,
    'TRACE /page HTTP/1.1\r\nHost: id.example\r\nCookie: Ada\r\nConnection: close\r\n\r\n',
  );
  expect(statusOf(trace)).toBe(405);
  expect(trace).not.toContain('Ada');
  expect(await sendRaw(port, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n')).toBe('');
});

test('C08: a refusal tells its public words and never its reason', async () => {
  const answer = await get('/refused').expect(400);
  expect(answer.body).toEqual({
    error: 'invalid_request',
    error_description: 'No <b>.',
    param: 'email',
    request_id: answer.headers['x-request-id'],
  });
  expect(entries().at(-1)).toMatchObject({
    event: 'request',
    error: 'invalid_request',
    reason: 'only the log may know',
  });
});

test.each(['/bug', '/thrown-text', '/circular'])(
  'C08: the bug behind %s is told to the log alone',
  async (path) => {
    const before = lines.length;
    const answer = await get(path).expect(500);
    expect(answer.body.error).toBe('server_error');
    expect(answer.text).not.toMatch(/secret|TypeError|circular|\bat /i);
    const [bug] = entries()
      .slice(before)
      .filter((entry) => entry.event === 'server_error');
    expect(bug).toMatchObject({ level: 'error', stack: expect.any(String), request_id: expect.any(String) });
    const page = await html(path);
    expect(page.text).not.toMatch(/secret|TypeError/);
  },
);

test('C08: whoever reads pages gets a page, whoever reads data gets JSON', async () => {
  expect((await html('/refused')).type).toBe('text/html');
  expect((await get('/refused').set('Accept', '*/*')).type).toBe('application/json');
  expect((await request().get('/refused').set('Host', 'id.example').unset('Accept')).type).toBe(
    'application/json',
  );
});

test('C08: when the error page itself fails, the answer is JSON', async () => {
  const broken = createTestApp(() => {}, {
    renderError: () => {
      throw new Error('the template is gone');
    },
  });
  const answer = await supertest(broken.app.callback())
    .get('/')
    .set({ Host: 'id.example', Accept: 'text/html' });
  expect([answer.status, answer.body.error]).toEqual([404, 'not_found']);
});

test('H8: a fault of the database is 503 with a whole Retry-After, and sets no cookie', async () => {
  const answer = await get('/storage').expect(503);
  expect(answer.headers['retry-after']).toBe('1');
  expect(answer.headers).not.toHaveProperty('set-cookie');
  expect(answer.body.error).toBe('temporarily_unavailable');
  expect(answer.text).not.toContain('secret-path');
});

test('C08: too many requests are told for how many whole seconds to stay away', async () => {
  const { headers } = await get('/too-many').expect(429);
  expect(headers['retry-after']).toBe('3');
});

test('H06: one line a request, with its route, without its query, its cookies and what stood in the path', async () => {
  const before = lines.length;
  const { headers } = await get('/account/id-of-ada?code=canary-1').set({
    Cookie: 'a=canary-2',
    Authorization: 'canary-3',
  });
  await get('/nowhere?token=canary-4');
  const [first, second, ...more] = entries().slice(before);
  expect(more).toEqual([]);
  expect(first).toEqual({
    level: 'info',
    time: expect.any(String),
    event: 'request',
    request_id: headers['x-request-id'],
    method: 'GET',
    route: '/account/:id',
    status: 200,
    duration_ms: expect.any(Number),
    address: '127.0.0.1',
  });
  expect(second).toMatchObject({ path: '/nowhere', status: 404, error: 'not_found' });
  expect(lines.join('')).not.toMatch(/canary|id-of-ada/);
});

test('every answer has a request id of its own', async () => {
  const ids = [await get('/where'), await get('/where')].map((answer) => answer.headers['x-request-id']);
  expect(new Set(ids).size).toBe(2);
});
