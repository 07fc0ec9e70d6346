// The text of keys: what the configuration says of it, and that everything else is told apart without a database.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeyFormats } from '../../server/api-keys/key-format.ts';
import { listFaultsOf, loadText } from '../config/load-text.ts';

const shapes = {
  default: loadText('version: 1').api_keys,
  krokanti: loadText(
    'version: 1\napi_keys: { personal: { prefix: kt_, alphabet: hex, length: 40 }, team: { enabled: false } }',
  ).api_keys,
  kaicalls: loadText(
    'version: 1\napi_keys: { personal: { prefix: kc_live_, alphabet: base64url, length: 44, checksum: false } }',
  ).api_keys,
};

test.each([
  ['default', /^lk_[0-9A-Za-z]{36}$/],
  ['krokanti', /^kt_[0-9a-f]{40}$/],
  ['kaicalls', /^kc_live_[A-Za-z0-9_-]{44}$/],
] as const)('G02: a %s key has its shape, and is recognised by it', (name, shape) => {
  const formats = createKeyFormats(shapes[name]);
  for (let count = 0; count < 200; count += 1) {
    const { text, prefix, lastFour } = formats.create('personal');
    expect(text).toMatch(shape);
    expect([text.startsWith(prefix), text.endsWith(lastFour), lastFour.length]).toEqual([true, true, 4]);
    expect(formats.recognise(text)).toBe('personal');
  }
});

test('G02: the default has 160 bits and more that nobody knows, and keys of a team are told from those of people', () => {
  const { length, checksum } = shapes.default.personal;
  expect((length - (checksum ? 6 : 0)) * Math.log2(62)).toBeGreaterThan(160);
  const formats = createKeyFormats(shapes.default);
  expect(formats.recognise(formats.create('team').text)).toBe('team');
});

test.each(['default', 'krokanti'] as const)(
  'G02: any one character changed is no %s key any more',
  (name) => {
    const formats = createKeyFormats(shapes[name]);
    const { text, prefix } = formats.create('personal');
    for (let at = prefix.length; at < text.length; at += 1) {
      const other = text[at] === '0' ? '1' : '0';
      expect(
        formats.recognise(`${text.slice(0, at)}${other}${text.slice(at + 1)}`),
        `at ${at}`,
      ).toBeUndefined();
    }
  },
);

test('G02: what is longer, shorter, of another case or around it is no key', () => {
  const formats = createKeyFormats(shapes.krokanti);
  const { text } = formats.create('personal');
  const others = [
    `${text}0`,
    text.slice(0, -1),
    text.toUpperCase(),
    ` ${text}`,
    `${text}\n`,
    '',
    'kt_',
    `${text} `,
  ];
  for (const other of others) expect(formats.recognise(other)).toBeUndefined();
});

test('G02: of 10,000 invented keys of the right shape none has the right checksum', () => {
  const formats = createKeyFormats(shapes.krokanti);
  const invented = Array.from({ length: 10_000 }, () => `kt_${randomBytes(20).toString('hex')}`);
  expect(invented.filter((text) => formats.recognise(text) !== undefined)).toEqual([]);
});

test.each([
  ['personal: { alphabet: hex, length: 36 }', 'api_keys.personal.length'],
  ['personal: { length: 24 }', 'api_keys.personal.length'],
  ['team: { alphabet: base64url, length: 21, checksum: false }', 'api_keys.team.length'],
  ['personal: { prefix: lka_ }', 'api_keys.personal.prefix'],
  ['personal: { prefix: lks_x_ }', 'api_keys.personal.prefix'],
  ['personal: { prefix: key }', 'api_keys.personal.prefix'],
  ['personal: { prefix: lkt_ }', 'api_keys.team.prefix'],
  ['team: { prefix: lk_team_ }', 'api_keys.team.prefix'],
  [
    'levels: [{ level: a, name: A, scopes: [x] }, { level: a, name: B, scopes: [y] }]',
    'api_keys.levels[1].level',
  ],
  ['secret_scanning: {}', 'api_keys.secret_scanning.public_keys'],
  [
    'secret_scanning: { public_keys_uri: "http://169.254.169.254/" }',
    'api_keys.secret_scanning.public_keys_uri',
  ],
])('G02: %s is refused at the start, at its setting', (text, path) => {
  expect(listFaultsOf(() => loadText(`version: 1\napi_keys: { ${text} }`)).join('\n')).toContain(path);
});
