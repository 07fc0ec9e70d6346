// How the commands are asked: help for each, faults of the command line, text and JSON.
import { spawn } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { createPlace, SCRIPT } from './cli.ts';

const place = createPlace();
const { cli, quick } = place;
afterAll(place.remove);

const commands = [
  ...['create', 'list', 'show', 'disable', 'enable', 'set-password', 'import'].map((name) => [
    'accounts',
    name,
  ]),
  ...['create', 'list', 'show', 'block', 'allow', 'requests', 'rotate-secret'].map((name) => [
    'clients',
    name,
  ]),
  ...['create', 'list', 'remove'].map((name) => ['resources', name]),
  ...['list', 'revoke'].map((name) => ['grants', name]),
  ...['list', 'revoke'].map((name) => ['devices', name]),
  ...['introspect', 'revoke'].map((name) => ['tokens', name]),
  ...['list', 'verify'].map((name) => ['audit', name]),
  ['migrate'],
  ['doctor'],
  ['login'],
  ['whoami'],
  ['logout'],
];

test.each(commands.map((words) => [words.join(' '), words]))(
  '%s has --help, which names --json',
  async (name, words) => {
    const { status, out, err } = await quick.run([...(words as string[]), '--help']);
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain(`Usage: latchkey ${name}`);
    expect(out).toContain('--json');
  },
);

test('an option with one value that is given twice is refused: neither value is taken', async () => {
  const words = ['clients', 'create', '--type', 'web', '--name', 'Shop', '--name', 'Other'];
  expect(await quick.refusal(words)).toEqual({
    error: 'invalid_request',
    error_description: '--name is given twice.',
  });
});

test('the help of the whole names every group, shows examples, and needs no configuration', async () => {
  const { status, out, err } = await cli.run(['--help']);
  expect([status, err]).toEqual([0, '']);
  for (const [group] of commands) expect(out).toContain(`  ${group}`);
  expect(out).toContain('Examples:');
  const nowhere = await createPlace({ LATCHKEY_CONFIG: '/nowhere' });
  expect((await nowhere.quick.run(['accounts', '--help'])).status).toBe(0);
  nowhere.remove();
});

test.each([
  ['an unknown command', ['clients', 'destroy'], "unknown command 'destroy'"],
  ['no command', ['clients'], 'Name a command; --help lists them.'],
  ['no command at all', [], 'Name a command; --help lists them.'],
  ['an unknown option', ['accounts', 'list', '--all'], "unknown option '--all'"],
  [
    'a missing option',
    ['clients', 'create', '--name', 'Shop'],
    "required option '--type <type>' not specified",
  ],
  ['a missing argument', ['clients', 'show'], "missing required argument 'client_id'"],
  [
    'a type that does not exist',
    ['clients', 'create', '--name', 'Shop', '--type', 'desktop'],
    'Allowed choices are web, native, browser, service.',
  ],
  ['a limit of nothing', ['accounts', 'list', '--limit', '0'], 'It must be a whole number from 1.'],
  ['a limit without bound', ['accounts', 'list', '--limit', '1001'], 'It must be at most 1000.'],
  ['an event that does not exist', ['audit', 'list', '--type', 'nothing'], 'There is no event type nothing.'],
])(
  'refused with status 1, words on standard error and nothing on standard output: %s',
  async (_title, words, part) => {
    const asJson = await quick.refusal(words);
    expect(asJson).toEqual({ error: 'invalid_request', error_description: expect.stringContaining(part) });
    const { status, out, err } = await quick.run(words);
    expect([status, out]).toEqual([1, '']);
    expect(err).not.toContain('{');
    expect(err).not.toBe('');
  },
);

test('--json may stand before the command too, and an empty list is a list', async () => {
  const { status, out, err } = await cli.run(['--json', 'grants', 'list']);
  expect([status, out, err]).toEqual([0, '[]\n', '']);
  expect((await quick.run(['grants', 'list'])).out).toBe('There are none.\n');
});

test('migrate names what it applied, and then nothing', async () => {
  const fresh = createPlace();
  const { applied } = await fresh.cli.json<{ applied: string[] }>(['migrate']);
  expect(applied).toEqual(expect.arrayContaining(['0001-deployment.ts', '0009-audit.ts']));
  expect(await fresh.quick.json(['migrate'])).toEqual({ applied: [] });
  expect((await fresh.quick.run(['migrate'])).out).toBe('The schema was up to date.\n');
  fresh.remove();
});

test('a reader that goes away before the answer is no crash', async () => {
  const child = spawn(process.execPath, [SCRIPT, '--help'], { env: {} });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect([status, err]).toEqual([1, '']);
});
