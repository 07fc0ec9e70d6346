// Local paths: the payloads of row A28, and what a browser would make of whatever is let through.
import { expect, test } from 'vitest';
import { localPath } from '../../server/web/return-to.ts';

const hostile = [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  'https:evil.example',
  'https://evil.example',
  'HTTPS://evil.example/',
  'javascript:alert(1)',
  'evil.example',
  '',
  ' /account',
  '/ /evil.example',
  '/\t/evil.example',
  '/%09/evil.example',
  '/%0d%0aSet-Cookie:a=b',
  '/a\r\nSet-Cookie: a=b',
  '/a?x=%0d%0aLocation:',
  '/%2fevil.example',
  '/%2Fevil.example',
  '/%5cevil.example',
  '/%252fevil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e%2e//evil.example',
  '/\u2028/evil.example',
  '/\uff0fevil.example',
  '/\u0000',
  '/%00',
  `/${'a'.repeat(3000)}`,
];

test.each(hostile)('A28: %j leads home', (value) => {
  expect(localPath(value)).toBe('/account');
});

test.each([undefined, null, 7, ['/a'], { toString: () => '/a' }])('A28: %j is no path', (value) => {
  expect(localPath(value)).toBe('/account');
});

test.each([
  ['/device', '/device'],
  ['/account/sessions?page=2', '/account/sessions?page=2'],
  [
    '/authorize?redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=a%25b',
    '/authorize?redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=a%25b',
  ],
  ['/a?next=//evil.example', '/a?next=//evil.example'],
  ['/a#part', '/a'],
  ['/a/../b', '/b'],
  ['/', '/'],
])('A28: %s is ours and stays', (value, path) => {
  expect(localPath(value)).toBe(path);
});

test('A28: whatever is made of the pieces of an attack stays on this host', () => {
  const pieces = [
    '/',
    '\\',
    '.',
    '..',
    '%2f',
    '%5c',
    '%09',
    '\t',
    '@',
    ':',
    'evil.example',
    '?',
    '#',
    ';',
    '%2e',
    '%25',
  ];
  let tried = 0;
  for (const a of pieces) {
    for (const b of pieces) {
      for (const c of pieces) {
        for (const d of pieces) {
          const path = localPath(`/${a}${b}${c}${d}`);
          const url = new URL(path, 'https://id.example');
          if (url.origin !== 'https://id.example' || /^\/[/\\]/.test(path))
            expect.fail(`/${a}${b}${c}${d} -> ${path}`);
          tried += 1;
        }
      }
    }
  }
  expect(tried).toBe(pieces.length ** 4);
});
