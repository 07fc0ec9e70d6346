// The log: what it lets through and what it never does.
import { expect, test } from 'vitest';
import { createLog } from '../../server/observability/log.ts';

function collect(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, stream: { write: (line) => void lines.push(line) } });
  return { log, lines, first: () => JSON.parse(lines[0] ?? '{}') as Record<string, unknown> };
}

const nanoid = 'V1StGXR8_Z5jdHi6B-myTV1StGXR8_Z5jdHi6B-myT1';
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

const canaries = [
  'lka_1zk3hbq0x_vErYsEcReTvAlUe',
  'lkr_short1',
  jwt,
  nanoid,
  'Bearer s3cr3t.value/with+chars==',
  'Basic Y2xpZW50OnNlY3JldA==',
  'DPoP abcdef',
  'password=hunter2',
  '"client_secret":"hunter2"',
  'refresh_token: hunter2',
  'https://app.example/cb?code=hunter2&state=hunter2',
  'user_code=BCDF-GHJK',
  'cookie: hunter2',
];

test.each(canaries)('H06: a value that looks like a secret is not written (%s)', (canary) => {
  const { log, lines } = collect();
  const error = new TypeError(`broke at ${canary} in the middle`, { cause: new Error(canary) });
  log.info('request', { reason: `because of ${canary}.`, path: canary, client_id: canary });
  log.error('server_error', { error });
  log.child({ reason: canary }).warn(`event ${canary}`);
  const secret = /hunter2|vErYsEcReT|short1|eyJ|V1StGXR8|s3cr3t|Y2xp|abcdef|BCDF/;
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).not.toMatch(secret);
    expect(line).toContain('[redacted]');
  }
});

test('H06: only known fields with plain values are written', () => {
  const { log, first } = collect();
  const fields: object = {
    status: 200,
    method: 'POST',
    headers: { cookie: 'Ada' },
    body: 'email=ada',
    query: '?x=1',
    reason: ['a', 'b'],
    duration_ms: Number.NaN,
    path: undefined,
  };
  log.info('request', fields);
  expect(first()).toEqual({
    level: 'info',
    time: expect.any(String),
    status: 200,
    method: 'POST',
    event: 'request',
  });
});

test('H05: line breaks, terminal escapes and bidi overrides cannot forge a line', () => {
  const { log, lines, first } = collect();
  log.warn('sign_in.failed', {
    reason: 'Ada\r\n{"level":"info"}\u001b[2J\u009b31m\u202egnp\u2028',
    address: '::1',
  });
  expect(lines).toHaveLength(1);
  expect(first().reason).toBe('Ada\\u{d}\\u{a}{"level":"info"}\\u{1b}[2J\\u{9b}31m\\u{202e}gnp\\u{2028}');
});

test('an error is written as its name, its message, its code and its stack on one line', () => {
  const { log, first } = collect();
  const error = Object.assign(new RangeError('no room'), { code: 'SQLITE_FULL', cause: new Error('disk') });
  log.error('storage.fault', { error, request_id: 'r-1' });
  expect(first()).toMatchObject({
    error: 'RangeError',
    message: 'no room',
    error_code: 'SQLITE_FULL',
    cause: 'Error: disk',
    request_id: 'r-1',
  });
  expect(first().stack).toMatch(/^RangeError: no room \| at /);
});

test('a long value is cut, and a secret at the cut does not show', () => {
  const { log, first } = collect();
  log.info('request', { reason: `${'word '.repeat(199)}${nanoid}` });
  expect(String(first().reason).length).toBeLessThanOrEqual(1000);
  expect(first().reason).not.toContain('V1St');
});

test('a child carries its fields, and what is below the level is not written', () => {
  const { log, lines, first } = collect();
  log.child({ node: 'a', error: 'expired' }).info('sweep.done', { count: 3 });
  log.debug('quiet');
  expect(lines).toHaveLength(1);
  expect(first()).toMatchObject({ node: 'a', error: 'expired', count: 3, event: 'sweep.done' });
});
