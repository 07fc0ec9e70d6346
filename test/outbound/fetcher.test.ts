// What others name is fetched through one guarded door (rows K07, L07 and F27; OWASP SSRF prevention).
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createFetcher } from '../../server/outbound/fetcher.ts';
import { answers, type Receiver, startReceiver } from './receiver.ts';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());
beforeEach(() => {
  receiver.asked.length = 0;
  receiver.behave(answers.status(200));
});
afterEach(() => vi.useRealTimers());

const guarded = createFetcher({ allowedHosts: [] });

/** One that may reach the receiver, with circuits of its own. */
function allowing() {
  return createFetcher({ allowedHosts: [receiver.host] });
}

/** One whose names stand for these addresses. */
function resolving(...addresses: string[]) {
  const resolve = vi.fn(async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  );
  return { resolve, ...createFetcher({ allowedHosts: [], resolve }) };
}

async function faultOf(fetched: Promise<unknown>): Promise<string> {
  return fetched.then(
    () => 'none',
    (error: { fault?: string }) => error.fault ?? String(error),
  );
}

const INNER = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.8.8.8',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::a00:1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2001:0:7f00:1::1',
  '2002:7f00:1::1',
];

test.each(INNER)('K07 L07 G16: a name that answers %s is not connected to', async (address) => {
  const fetcher = resolving(address);
  expect(await faultOf(fetcher.fetch('https://keys.example.com:8443/jwks'))).toBe('forbidden');
  expect(fetcher.resolve).toHaveBeenCalledTimes(1);
});

test('K07: one inner address among public ones is enough to refuse', async () => {
  const fetcher = resolving('93.184.215.14', '127.0.0.1');
  expect(await faultOf(fetcher.fetch('https://keys.example.com/jwks'))).toBe('forbidden');
});

test('K07: a name without an address is a failure, not a crash', async () => {
  expect(await faultOf(resolving().fetch('https://keys.example.com/jwks'))).toBe('unreachable');
});

test.each([
  'https://127.0.0.1/jwks',
  'https://0x7f.1/jwks',
  'https://2130706433/jwks',
  'https://0177.0.0.1/jwks',
  'https://127.1/jwks',
  'https://[::1]/jwks',
  'https://[::ffff:127.0.0.1]/jwks',
  'https://[::ffff:7f00:1]/jwks',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]/',
])('K07 L07: the address %s is refused before anything is asked', async (url) => {
  const fetcher = resolving('93.184.215.14');
  expect(await faultOf(fetcher.fetch(url))).toBe('forbidden');
  expect(fetcher.resolve).not.toHaveBeenCalled();
});

test.each([
  'http://keys.example.com/jwks',
  'https://keys.example.com:22/jwks',
  'https://keys.example.com:25/jwks',
  'https://keys.example.com:80/jwks',
  'https://ada:secret@keys.example.com/jwks',
  'ftp://keys.example.com/jwks',
  'file:///etc/passwd',
  'gopher://keys.example.com/',
  'data:application/json,{}',
  '/jwks',
  '',
])('K07: %s is no address that may be asked', async (url) => {
  const fetcher = resolving('93.184.215.14');
  expect(await faultOf(fetcher.fetch(url))).toBe('forbidden');
  expect(fetcher.isAllowed(url)).toBe(false);
  expect(fetcher.resolve).not.toHaveBeenCalled();
});

test('K07: a real server on loopback is not reached by its name either', async () => {
  const url = `https://localhost:${receiver.port}/`;
  expect(await faultOf(guarded.fetch(url))).toBe('forbidden');
  expect(await faultOf(guarded.fetch(receiver.url()))).toBe('forbidden');
  expect(receiver.asked).toEqual([]);
});

test('an operator may allow a host of the own network: http and inner addresses, for exactly that port', async () => {
  const fetcher = allowing();
  receiver.behave(answers.json({ hello: 'world' }));
  const fetched = await fetcher.fetch(receiver.url('/jwks'));
  expect([fetched.status, JSON.parse(fetched.body.toString())]).toEqual([200, { hello: 'world' }]);
  expect(await faultOf(fetcher.fetch(`http://127.0.0.1:${receiver.port + 1}/`))).toBe('forbidden');
  expect(await faultOf(fetcher.fetch(`http://localhost:${receiver.port}/`))).toBe('forbidden');
});

test('a host that is allowed without a port is allowed at its default port', () => {
  const fetcher = createFetcher({ allowedHosts: ['keys.internal'] });
  expect(fetcher.isAllowed('http://keys.internal/jwks')).toBe(true);
  expect(fetcher.isAllowed('https://keys.internal/jwks')).toBe(true);
  expect(fetcher.isAllowed('http://keys.internal:8080/jwks')).toBe(false);
  const withPort = createFetcher({ allowedHosts: ['keys.internal:80'] });
  expect(withPort.isAllowed('http://keys.internal/jwks')).toBe(true);
  expect(withPort.isAllowed('http://keys.internal:81/jwks')).toBe(false);
});

test('a body is sent as it was given, and nothing of ours beside it', async () => {
  const body = 'logout_token=abc';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await allowing().fetch(receiver.url('/logout'), { method: 'POST', headers, body });
  expect(receiver.asked).toMatchObject([{ method: 'POST', path: '/logout', body, headers }]);
  expect(receiver.asked[0]?.headers).not.toHaveProperty('cookie');
  expect(receiver.asked[0]?.headers.connection).toBe('close');
});

test.each([301, 302, 303, 307, 308])(
  'K07 F27: a redirect (%i) is a failure and not followed',
  async (status) => {
    receiver.behave((_request, response) => void response.writeHead(status, { location: '/other' }).end());
    expect(await faultOf(allowing().fetch(receiver.url('/jwks')))).toBe('redirect');
    expect(receiver.asked.map(({ path }) => path)).toEqual(['/jwks']);
  },
);

test('F27: of an answer without end, no more is read than 64 KiB', async () => {
  receiver.behave(answers.endless);
  expect(await faultOf(allowing().fetch(receiver.url()))).toBe('too_large');
});

test('F27: 64 KiB are taken, one byte more is not; a caller may want less, but not more', async () => {
  const fetcher = allowing();
  const send = (bytes: number) =>
    receiver.behave((_request, response) => void response.end(Buffer.alloc(bytes, 'x')));
  send(65_536);
  expect((await fetcher.fetch(receiver.url())).body).toHaveLength(65_536);
  expect(await faultOf(fetcher.fetch(receiver.url(), { maxBytes: 1000 }))).toBe('too_large');
  send(65_537);
  expect(await faultOf(fetcher.fetch(receiver.url(), { maxBytes: 1_000_000 }))).toBe('too_large');
});

test('F27: a server that says nothing, or never ends, is given up in time', async () => {
  const fetcher = allowing();
  receiver.behave(answers.silence);
  expect(await faultOf(fetcher.fetch(receiver.url(), { timeoutMilliseconds: 30 }))).toBe('timeout');
  receiver.behave((_request, response) => void response.writeHead(200).write('a'));
  expect(await faultOf(fetcher.fetch(receiver.url(), { timeoutMilliseconds: 30 }))).toBe('timeout');
});

test('F27: the time is two and a half seconds at most, whatever a caller asks for', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout');
  const fetcher = allowing();
  await fetcher.fetch(receiver.url());
  await fetcher.fetch(receiver.url(), { timeoutMilliseconds: 60_000 });
  expect(timeout.mock.calls).toEqual([[2500], [2500]]);
  timeout.mockRestore();
});

test('F27: a name that takes for ever to resolve is given up in time too', async () => {
  const fetcher = createFetcher({ allowedHosts: [], resolve: () => new Promise(() => undefined) });
  expect(await faultOf(fetcher.fetch('https://keys.example.com/', { timeoutMilliseconds: 30 }))).toBe(
    'timeout',
  );
});

test('F27: a connection that is reset, or refused, is a failure and no crash', async () => {
  receiver.behave(answers.reset);
  expect(await faultOf(allowing().fetch(receiver.url()))).toBe('unreachable');
  const gone = await startReceiver();
  await gone.close();
  const fetcher = createFetcher({ allowedHosts: [gone.host] });
  expect(await faultOf(fetcher.fetch(gone.url()))).toBe('unreachable');
});

test('F27: after five failures a host is left alone for a minute, and then asked once more', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const fetcher = allowing();
  receiver.behave(answers.reset);
  for (let failure = 0; failure < 5; failure += 1)
    expect(await faultOf(fetcher.fetch(receiver.url()))).toBe('unreachable');
  expect(await faultOf(fetcher.fetch(receiver.url()))).toBe('circuit_open');
  expect(receiver.asked).toHaveLength(5);

  vi.setSystemTime(Date.now() + 60_000);
  expect(await faultOf(fetcher.fetch(receiver.url()))).toBe('unreachable');
  expect(await faultOf(fetcher.fetch(receiver.url()))).toBe('circuit_open');
  expect(receiver.asked).toHaveLength(6);

  vi.setSystemTime(Date.now() + 60_000);
  receiver.behave(answers.status(200));
  for (let success = 0; success < 6; success += 1)
    expect((await fetcher.fetch(receiver.url())).status).toBe(200);
});

test('F27: answers of 500 count as failures, and another host is asked all the while', async () => {
  const other = await startReceiver();
  const fetcher = createFetcher({ allowedHosts: [receiver.host, other.host] });
  receiver.behave(answers.status(500));
  for (let failure = 0; failure < 5; failure += 1)
    expect((await fetcher.fetch(receiver.url())).status).toBe(500);
  expect(await faultOf(fetcher.fetch(receiver.url()))).toBe('circuit_open');
  expect((await fetcher.fetch(other.url())).status).toBe(200);
  await other.close();
});

test('F27: four failures and a success are no reason to leave a host alone', async () => {
  const fetcher = allowing();
  for (let round = 0; round < 3; round += 1) {
    receiver.behave(answers.status(503));
    for (let failure = 0; failure < 4; failure += 1) await fetcher.fetch(receiver.url());
    receiver.behave(answers.status(404));
    expect((await fetcher.fetch(receiver.url())).status).toBe(404);
  }
});
