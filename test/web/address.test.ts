// Addresses: one form each, one network, and nobody's word for it but our proxies'.
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { canonicalAddress, createTrustedProxies, networkOf } from '../../server/web/address.ts';
import { createTestApp } from './support.ts';

test.each([
  ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['0:0:0:0:0:FFFF:C000:0201', '192.0.2.1', '192.0.2.1'],
  ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '2001:db8::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80::1', 'fe80::/64'],
  ['::1', '::1', '::/64'],
])('S07: %s is %s in the network %s', (text, address, network) => {
  expect(canonicalAddress(text)).toBe(address);
  expect(networkOf(address)).toBe(network);
});

test.each(['', 'Ada', '1.2.3', '1.2.3.4.5', '::g', '01.2.3.4'])('S07: %j is no address', (text) => {
  expect(canonicalAddress(text)).toBeUndefined();
});

test.each([
  ['10.0.0.9', '203.0.113.7', '203.0.113.7'],
  ['10.0.0.9', '6.6.6.6, 203.0.113.7, 10.0.0.8', '203.0.113.7'],
  ['::ffff:10.0.0.9', '[2001:DB8::7]:443', '2001:db8::7'],
  ['10.0.0.9', '203.0.113.7:5511', '203.0.113.7'],
  ['10.0.0.9', '203.0.113.7, nonsense', '10.0.0.9'],
  ['10.0.0.9', '203.0.113.7, nonsense, 10.0.0.8', '10.0.0.8'],
  ['10.0.0.9', '', '10.0.0.9'],
  ['192.0.2.1', '203.0.113.7', '192.0.2.1'],
  [undefined, '203.0.113.7', 'unknown'],
])('C07: from %s with X-Forwarded-For "%s" comes %s', (peer, forwardedFor, address) => {
  const proxies = createTrustedProxies(['10.0.0.0/8', '::1']);
  expect(proxies.clientAddress(peer, forwardedFor)).toBe(address);
});

const forged = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'gopher',
  'X-Forwarded-Host': 'evil.example',
  Forwarded: 'for=203.0.113.7;host=evil.example;proto=gopher',
  'X-Original-URL': '/admin',
  'X-Real-IP': '203.0.113.7',
  'X-Request-Id': 'forged-request-id',
};

function createEcho(trustedProxies: string[]) {
  return createTestApp(
    (app) =>
      app.use((ctx) => {
        const { address, network, requestId } = ctx.state;
        ctx.body = { address, network, requestId, ip: ctx.ip, href: ctx.href, secure: ctx.secure };
      }),
    { trustedProxies },
  );
}

test('C07: a direct caller is believed nothing', async () => {
  const { app } = createEcho(['10.0.0.0/8']);
  const { body } = await supertest(app.callback())
    .get('/x')
    .set({ Host: 'id.example', ...forged })
    .expect(200);
  expect(body).toMatchObject({
    address: '127.0.0.1',
    ip: '127.0.0.1',
    href: 'https://id.example/x',
    secure: true,
  });
  expect(body.requestId).not.toBe('forged-request-id');
});

test('C07: a proxy of ours is believed address, host and request id, but not where the URLs lead', async () => {
  const { app } = createEcho(['127.0.0.0/8']);
  const sent = {
    ...forged,
    Host: 'inner.local',
    'X-Forwarded-Host': 'id.example',
    'X-Forwarded-For': '2001:db8::7',
  };
  const answer = await supertest(app.callback()).get('/x').set(sent).expect(200);
  expect(answer.body).toMatchObject({
    address: '2001:db8::7',
    network: '2001:db8::/64',
    href: 'https://id.example/x',
  });
  expect(answer.headers['x-request-id']).toBe('forged-request-id');
  await supertest(app.callback())
    .get('/x')
    .set({ Host: 'id.example', 'X-Forwarded-Host': 'evil.example' })
    .expect(421);
  const malformed = await supertest(app.callback())
    .get('/x')
    .set({ Host: 'id.example', 'X-Request-Id': 'a b<c>' });
  expect(malformed.headers['x-request-id']).toMatch(/^[\w-]{16}$/);
});
