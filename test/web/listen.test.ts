// The sockets: rubbish, slow and many callers, and an orderly end.
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createHealth } from '../../server/web/health.ts';
import { type Listening, listen } from '../../server/web/listen.ts';
import { collectLog, createTestApp, sendRaw, statusOf } from './support.ts';

const running: Listening[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

const limits = {
  headers_timeout_seconds: 10,
  request_timeout_seconds: 15,
  keep_alive_seconds: 5,
  shutdown_seconds: 10,
  max_connections_per_address: 100,
  body_bytes: 57_344,
};

type Options = {
  host?: string;
  port?: number;
  server?: Partial<typeof limits>;
  trusted?: string[];
  handler?: RequestListener;
};

async function start(options: Options = {}) {
  const { log, entries } = collectLog();
  const health = createHealth({ isReady: () => true });
  const config = {
    issuer: 'https://id.example',
    listen: { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
    server: { ...limits, ...options.server },
    trusted_proxies: options.trusted ?? [],
  };
  const handler: RequestListener = options.handler ?? ((_request, response) => void response.end('here'));
  const listening = await listen({ handler, config, log, health });
  running.push(listening);
  return { ...listening, health, entries };
}

function open(port: number): Promise<Socket & { text: () => string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => resolve(Object.assign(socket, { text: () => text })));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

const POST = 'POST / HTTP/1.1\r\nHost: id.example\r\n';
const probes = [
  [
    'Content-Length and Transfer-Encoding',
    `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil`,
  ],
  [
    'Transfer-Encoding and Content-Length',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /evil`,
  ],
  ['two Content-Lengths', `${POST}Content-Length: 4\r\nContent-Length: 9\r\n\r\nabcdGET /`],
  ['a Content-Length that is none', `${POST}Content-Length: +4\r\n\r\nabcd`],
  ['chunked not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['a bare LF in the head', 'GET / HTTP/1.1\nHost: id.example\n\n'],
  ['a bare LF in a header', 'GET / HTTP/1.1\r\nHost: id.example\nX-Evil: 1\r\n\r\n'],
  ['a bare CR in a header', 'GET / HTTP/1.1\r\nHost: id.example\r\nX: a\rEvil: 1\r\n\r\n'],
  ['a folded header', 'GET / HTTP/1.1\r\nHost: id.example\r\nX: a\r\n b\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : id.example\r\n\r\n'],
  ['NUL in a header', 'GET / HTTP/1.1\r\nHost: id.example\r\nX: a\0b\r\n\r\n'],
  ['an unknown method', 'EVIL / HTTP/1.1\r\nHost: id.example\r\n\r\n'],
  ['an unknown version', 'GET / HTTP/9.9\r\nHost: id.example\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['no HTTP at all', 'hello\r\n\r\n'],
] as const;

test.each(probes)('C10: %s is answered with 400 and the end of the connection', async (_name, bytes) => {
  const seen: string[] = [];
  const { port, entries } = await start({
    handler: (request, response) => {
      seen.push(String(request.url));
      request.on('error', () => {});
      request.resume();
      request.on('end', () => response.end('here'));
    },
  });
  const answer = await sendRaw(port, Buffer.from(bytes, 'latin1'));
  expect(statusOf(answer)).toBe(400);
  expect(answer).toMatch(/\r\nConnection: close\r\n/);
  expect(answer).toMatch(/\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n/);
  expect(answer).toMatch(/\r\nStrict-Transport-Security: /);
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(seen).not.toContain('/evil');
  expect(entries().filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('C10: rubbish behind an answer that has begun is never taken for a part of it', async () => {
  const { port } = await start({
    handler: (_request, response) => {
      response.write('half of an');
    },
  });
  const socket = await open(port);
  socket.write('GET / HTTP/1.1\r\nHost: id.example\r\n\r\nrubbish\r\n\r\n');
  await closed(socket);
  expect(socket.text()).not.toContain('400');
});

test('T21 5.5: headers beyond 16 KiB are answered with 431', async () => {
  const { port } = await start();
  const head = `GET / HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\nX: ${'a'.repeat(15_000)}\r\n`;
  expect(statusOf(await sendRaw(port, `${head}\r\n`))).toBe(200);
  expect(statusOf(await sendRaw(port, `${head}Y: ${'b'.repeat(2_000)}\r\n\r\n`))).toBe(431);
});

test('F24: whoever sends its headers or its body too slowly is cut off', async () => {
  const { port } = await start({
    server: { headers_timeout_seconds: 1, request_timeout_seconds: 1 },
    handler: (request, response) => {
      request.on('error', () => {});
      request.resume().on('end', () => response.end('here'));
    },
  });
  const [slowHead, slowBody] = await Promise.all([
    sendRaw(port, 'GET / HTTP/1.1\r\nHost: id'),
    sendRaw(port, `${POST}Content-Length: 10\r\n\r\nabc`),
  ]);
  expect([statusOf(slowHead), statusOf(slowBody)]).toEqual([408, 408]);
});

test('F24: one address may have so many connections and no more, our proxies any number', async () => {
  const { port } = await start({ server: { max_connections_per_address: 2 } });
  const [first, second] = [await open(port), await open(port)];
  expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: id.example\r\n\r\n')).toBe('');
  first.destroy();
  second.destroy();
  await Promise.all([closed(first), closed(second)]);
  await vi.waitFor(async () => {
    expect(
      statusOf(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\n\r\n')),
    ).toBe(200);
  });
  const behindProxy = await start({ server: { max_connections_per_address: 1 }, trusted: ['127.0.0.0/8'] });
  const held = await open(behindProxy.port);
  expect(
    statusOf(
      await sendRaw(behindProxy.port, 'GET / HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\n\r\n'),
    ),
  ).toBe(200);
  held.destroy();
});

test('M06: a request without a Host is for the host check to refuse, with our headers', async () => {
  const { app } = createTestApp(() => {});
  const { port } = await start({ handler: app.callback() });
  const answer = await sendRaw(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n');
  expect(statusOf(answer)).toBe(400);
  expect(answer).toMatch(/X-Frame-Options: DENY/i);
});

test('an Expect that nobody knows is ignored', async () => {
  const { port } = await start();
  const answer = await sendRaw(
    port,
    'GET / HTTP/1.1\r\nHost: id.example\r\nExpect: miracles\r\nConnection: close\r\n\r\n',
  );
  expect(statusOf(answer)).toBe(200);
});

test('localhost is heard under both of its addresses', async () => {
  const { port } = await start({ host: 'localhost' });
  const hasIpv6 = await canBindIpv6();
  for (const host of hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
    const status = await new Promise((resolve, reject) => {
      httpRequest({ host, port, agent: false }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect([host, status]).toEqual([host, 200]);
  }
});

test('a port that is taken is told in one sentence', async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken: stop the program that has it, or set PORT to another.`,
  );
  await expect(start({ host: '203.0.113.1' })).rejects.toThrow(
    'This machine has no address 203.0.113.1: set HOST to one it has.',
  );
});

test('F21: stopping lets the running request end, and nothing new begins', async () => {
  let finish = () => {};
  const begun = Promise.withResolvers<void>();
  const { port, close, health } = await start({
    handler: (request, response) => {
      if (request.url !== '/slow') return void response.end('quick');
      finish = () => response.end('the whole answer');
      begun.resolve();
    },
  });
  const idle = await open(port);
  idle.write('GET /quick HTTP/1.1\r\nHost: id.example\r\n\r\n');
  await vi.waitFor(() => expect(idle.text()).toContain('quick'));
  const unused = await open(port);
  const busy = await open(port);
  busy.write('GET /slow HTTP/1.1\r\nHost: id.example\r\n\r\n');
  await begun.promise;
  let isStopped = false;
  const stopped = close().then(() => {
    isStopped = true;
  });
  await Promise.all([closed(idle), closed(unused)]);
  await expect(open(port)).rejects.toThrow(/ECONNREFUSED/);
  expect(await readiness(health)).toBe(503);
  expect(isStopped).toBe(false);
  finish();
  await stopped;
  await closed(busy);
  expect(busy.text()).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n.*the whole answer$/s);
});

test('F21: a request that does not end is not waited for any longer than it was told', async () => {
  const begun = Promise.withResolvers<void>();
  const { port, close } = await start({ server: { shutdown_seconds: 0.1 }, handler: () => begun.resolve() });
  const socket = await open(port);
  socket.write('GET / HTTP/1.1\r\nHost: id.example\r\n\r\n');
  await begun.promise;
  await close();
  await closed(socket);
  expect(socket.text()).toBe('');
});

test('readiness follows the parts below, liveness does not', async () => {
  let isReady = false;
  const { app } = createTestApp(() => {}, {
    isReady: () => {
      if (!isReady) throw new Error('the database is away');
      return true;
    },
  });
  const { port } = await start({ handler: app.callback() });
  const probe = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const unready = await probe('/readyz');
  expect([unready.status, unready.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await probe('/livez')).status).toBe(200);
  isReady = true;
  expect((await probe('/readyz')).status).toBe(200);
});

async function readiness(health: ReturnType<typeof createHealth>): Promise<number> {
  const ctx = { path: '/readyz', method: 'GET', status: 0, set: () => {} };
  await Reflect.apply(health.answer, undefined, [ctx, async () => {}]);
  return ctx.status;
}

function canBindIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().on('error', () => resolve(false));
    server.listen(0, '::1', () => server.close(() => resolve(true)));
  });
}
