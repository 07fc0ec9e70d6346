// Which redirect URIs may be registered: RFC 6749 section 3.1.2, RFC 8252 section 7, RFC 9700 section 4.1.
import { expect, test } from 'vitest';
import { type ClientType, findRedirectUriFault } from '../../config/schema/redirect-uris.ts';

const types: ClientType[] = ['web', 'native', 'browser', 'service'];

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'javascript://shop.example/%0aalert(1)',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'vbscript:x',
  'about:blank',
  'blob:https://shop.example/1',
  'https://shop.example/cb#',
  'https://shop.example/cb#a',
  'https://ada:pw@shop.example/cb',
  'https://@shop.example/cb',
  'https://a@b@shop.example/cb',
  'https://*.shop.example/cb',
  'https://shop.example/*',
  'https:shop.example/cb',
  'https:/shop.example/cb',
  'https:///shop.example/cb',
  'https://shop.example\\cb',
  'https://shop.example/c b',
  'https://shöp.example/cb',
  'http://shop.example/cb',
  'http://127.0.0.1.shop.example/cb',
  'http://localhost.shop.example/cb',
  'http://10.0.0.1/cb',
  'ftp://shop.example/cb',
  '/cb',
  '',
])('A27: no client may register %j', (uri) => {
  for (const type of types) expect(findRedirectUriFault(uri, type), type).toEqual(expect.any(String));
});

test.each(['https://shop.example/cb', 'https://shop.example:8443/cb?a=1', 'https://shop.example'])(
  'A27: every client may register %s',
  (uri) => {
    for (const type of types) expect(findRedirectUriFault(uri, type), type).toBeUndefined();
  },
);

test.each([
  'http://127.0.0.1/cb',
  'http://127.0.0.1:49152/cb',
  'http://[::1]/cb',
  'http://localhost:8080/cb',
])('N01: RFC 8252 section 7.3: every client may register %s on its own machine', (uri) => {
  for (const type of types) expect(findRedirectUriFault(uri, type), type).toBeUndefined();
});

test('a page in development may stand under any name of localhost, a native app only under three', () => {
  expect(findRedirectUriFault('http://shop.localhost/cb', 'web')).toBeUndefined();
  expect(findRedirectUriFault('http://shop.localhost/cb', 'native')).toBe(
    'must be https unless its host is loopback',
  );
  expect(findRedirectUriFault('http://127.0.0.2/cb', 'native')).toBe(
    'must be https unless its host is loopback',
  );
});

test('N01: RFC 8252 section 8.3: a native app has no certificate for a loopback host', () => {
  expect(findRedirectUriFault('https://localhost/cb', 'native')).toContain('must be http on a loopback host');
  expect(findRedirectUriFault('https://localhost/cb', 'web')).toBeUndefined();
});

test('N02: RFC 8252 section 7.1: a private-use scheme has a dot and belongs to a native app', () => {
  expect(findRedirectUriFault('com.example.phone:/cb', 'native')).toBeUndefined();
  expect(findRedirectUriFault('com.example.phone://cb', 'native')).toBeUndefined();
  expect(findRedirectUriFault('com.example.phone://ada@cb', 'native')).toBe(
    'must not have a user name or password',
  );
  expect(findRedirectUriFault('phone:/cb', 'native')).toContain('with a dot');
  for (const type of ['web', 'browser', 'service'] as const) {
    expect(findRedirectUriFault('com.example.phone:/cb', type)).toContain('must be https');
  }
});
