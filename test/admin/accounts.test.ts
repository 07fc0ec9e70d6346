// latchkey accounts …: people, made and ended by an operator.
import { afterAll, expect, test } from 'vitest';
import { createPlace } from './cli.ts';

const PASSWORD = 'brass wheels turn slowly';
const place = createPlace();
const { cli, quick } = place;
afterAll(place.remove);

const create = (name: string, ...more: string[]) => [
  ...['accounts', 'create', '--email', `${name}@Example.com`, '--name', name, '--password-stdin', ...more],
];

test('an account is made, listed, shown, disabled and enabled; the answers are single JSON values', async () => {
  const ada = await cli.json<{ id: string }>(create('Ada', '--admin'), `${PASSWORD}\n`);
  const grace = await cli.json<{ id: string }>(create('Grace'), PASSWORD);
  expect(ada).toEqual({ id: expect.stringMatching(/^acct_/), email: 'Ada@Example.com' });

  const shown = await cli.json(['accounts', 'show', 'ada@example.com']);
  expect(shown).toEqual({
    id: ada.id,
    email: 'Ada@Example.com',
    name: 'Ada',
    role: 'member',
    admin: true,
    plan: null,
    email_verified_at: null,
    created_at: expect.any(Number),
    disabled_at: null,
  });

  const byId = [ada, grace].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const listed = await quick.json<{ id: string }[]>(['accounts', 'list']);
  expect(listed.map(({ id }) => id)).toEqual(byId.map(({ id }) => id));
  const page = await quick.json<{ id: string }[]>([
    'accounts',
    'list',
    '--limit',
    '1',
    '--after',
    byId[0]?.id ?? '',
  ]);
  expect(page.map(({ id }) => id)).toEqual([byId[1]?.id]);

  expect(await quick.json(['accounts', 'disable', grace.id])).toMatchObject({
    disabled_at: expect.any(Number),
  });
  expect(await quick.json(['accounts', 'enable', grace.id])).toMatchObject({ disabled_at: null });
  expect(
    await quick.json(['accounts', 'set-password', ada.id, '--password-stdin'], 'slow wheels of brass\n'),
  ).toEqual({
    id: ada.id,
    email: 'Ada@Example.com',
  });

  const events = await quick.json<{ type: string; actor: string; account_id: string }[]>(['audit', 'list']);
  expect(events.map(({ type, actor }) => [type, actor])).toEqual([
    ['account.password_changed', 'operator'],
    ['account.enabled', 'operator'],
    ['account.disabled', 'operator'],
    ['account.created', 'operator'],
    ['account.created', 'operator'],
  ]);
  const ofGrace = await quick.json<{ type: string }[]>([
    'audit',
    'list',
    '--account',
    'grace@example.com',
    '--limit',
    '2',
  ]);
  expect(ofGrace.map(({ type }) => type)).toEqual(['account.enabled', 'account.disabled']);
});

test('the text for people has the same, and nothing that could drive their terminal', async () => {
  await quick.json(create('Eve'), PASSWORD);
  const { status, out, err } = await cli.run(['accounts', 'list']);
  expect([status, err]).toEqual([0, '']);
  expect(out).toMatch(/^id +email +name +admin/);
  expect(out).toContain('Eve@Example.com');
  // A right-to-left override is a letter to us: it is shown, not obeyed.
  const odd = await quick.run(['accounts', 'show', 'nobody\u202e@example.com']);
  expect(odd.err).not.toContain('\u202e');
});

test.each([
  ['the e-mail of somebody else', create('ada'), PASSWORD, 'already_exists'],
  ['a common password', create('Joan'), 'password1234\n', 'invalid_request'],
  ['S01: an empty password', create('Joan'), '\n', 'invalid_request'],
  [
    'an e-mail that is none',
    ['accounts', 'create', '--email', 'joan', '--name', 'Joan', '--password-stdin'],
    PASSWORD,
    'invalid_request',
  ],
  ['an unknown account', ['accounts', 'show', 'nobody@example.com'], '', 'not_found'],
  ['an unknown id', ['accounts', 'disable', 'acct_nobody'], '', 'not_found'],
])(
  'refused with status 1 and one line of JSON on standard error: %s',
  async (_title, words, input, error) => {
    expect(await quick.refusal(words, input)).toEqual({
      error,
      error_description: expect.stringMatching(/\.$/),
    });
  },
);

test('a password is taken from standard input only, never from an argument', async () => {
  const words = ['accounts', 'create', '--email', 'joan@example.com', '--name', 'Joan'];
  expect(await quick.refusal(words, PASSWORD)).toEqual({
    error: 'invalid_request',
    error_description: 'Give the password on standard input, and say so with --password-stdin.',
  });
  expect(await quick.refusal([...words, '--password', PASSWORD])).toMatchObject({ error: 'invalid_request' });
  expect(await quick.refusal(['accounts', 'set-password', 'ada@example.com'], PASSWORD)).toMatchObject({
    error: 'invalid_request',
  });
});

test('T10: no password is in what the deployment keeps', () => {
  const kept = place.bytes();
  expect(kept.includes('acct_')).toBe(true);
  for (const password of [PASSWORD, 'slow wheels of brass']) expect(kept.includes(password)).toBe(false);
});
