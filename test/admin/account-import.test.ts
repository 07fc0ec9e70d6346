// latchkey accounts import: people come with the hashes of another program, and sign in as before.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { recogniseForeignPassword } from '../../server/accounts/foreign-password.ts';
import type { ImportReport } from '../../server/admin/account-import.ts';
import { createParts } from '../../server/parts.ts';
import { createPlace } from './cli.ts';

const PASSWORD = 'brass wheels';
// Made by libxcrypt and by Python's hashlib, not by us.
const HASHES = {
  bcrypt: '$2b$06$abcdefghijklmnopqrstuuQtK4rbZNOjPR4fvsqqFFK9SqDGy10m.',
  scryptCrypt: '$7$CU..../....SodiumChloride$pU8XvXpNIZ5v/AJBJ6uxxiLCuwi.a6sjcuIZzM60yKA',
  scryptPhc: '$scrypt$ln=14,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$MlNe3fHcGnJxzHXUqtyf/fWSQuITGJIWv2nBDw6MtiQ',
};

const place = createPlace();
afterAll(place.remove);

function file(name: string, lines: readonly unknown[]): string {
  const path = join(place.directory, name);
  writeFileSync(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

async function withParts<T>(act: (parts: Awaited<ReturnType<typeof createParts>>) => Promise<T>): Promise<T> {
  const config = await loadConfig({ env: { DATABASE_URL: `sqlite:${place.database}` } });
  const parts = await createParts({ ...config, log: { level: 'silent' } }, { actor: 'test' });
  try {
    return await act(parts);
  } finally {
    await parts.close();
  }
}

function signIn(email: string, password: string) {
  return withParts(({ accounts }) =>
    accounts.signIn({ email, password, address: '192.0.2.1', deviceId: undefined }),
  );
}

function secretOf(email: string) {
  return withParts(async ({ accounts, database }) => {
    const { id } = await accounts.get(email);
    const row = await database.find<{ secret: string }>({
      sql: 'SELECT secret FROM credentials WHERE account_id = ?',
      bindings: [id],
    });
    return row?.secret;
  });
}

test('people come with bcrypt and scrypt hashes of others, keep their id, and are hashed anew at their first sign-in', async () => {
  const path = file('people.jsonl', [
    {
      id: 'u_1842',
      email: 'Ada@Example.com',
      email_verified: true,
      name: 'Ada',
      password_hash: HASHES.bcrypt,
    },
    { email: 'grace@example.com', name: 'Grace', password_hash: HASHES.scryptCrypt },
    '',
    { email: 'mary@example.com', name: 'Mary', password_hash: HASHES.scryptPhc },
  ]);
  const report = await place.quick.json<ImportReport>(['accounts', 'import', path]);
  expect(report).toEqual({ imported: 3, present: 0, refused: 0, faults: [] });

  expect(await place.quick.json(['accounts', 'show', 'ada@example.com'])).toMatchObject({
    id: 'u_1842',
    email: 'Ada@Example.com',
    email_verified_at: expect.any(Number),
  });

  for (const who of ['ada', 'grace', 'mary']) {
    const email = `${who}@example.com`;
    await expect(signIn(email, 'brass wheel')).rejects.toMatchObject({ code: 'wrong_credentials' });
    expect(await secretOf(email), 'a wrong try changes nothing').not.toMatch(/^\$argon2id\$/);
    expect((await signIn(email, PASSWORD)).email.toLowerCase()).toBe(email);
    expect(await secretOf(email)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await signIn(email, PASSWORD)).email.toLowerCase()).toBe(email);
  }
});

test("the argon2 project's own example is verified, and an argon2 beyond the bounds is not taken", async () => {
  const example = '$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG';
  const verify = recogniseForeignPassword(example);
  expect(await verify?.('password')).toBe(true);
  expect(await verify?.('Password')).toBe(false);
  expect(recogniseForeignPassword(example.replace('m=65536', 'm=999999'))).toBeUndefined();
  expect(recogniseForeignPassword(example.replace('t=2', 't=99'))).toBeUndefined();
  expect(recogniseForeignPassword(example.replace('v=19', 'v=16'))).toBeUndefined();
});

test('a second run of the same file changes nobody', async () => {
  const path = file('again.jsonl', [
    { email: 'joan@example.com', name: 'Joan', password_hash: HASHES.bcrypt },
  ]);
  await place.quick.json(['accounts', 'import', path]);
  const other = file('other.jsonl', [
    { email: 'joan@example.com', name: 'Somebody', password_hash: HASHES.scryptPhc },
    { email: 'Katherine@example.com', name: 'Katherine' },
  ]);
  expect(await place.quick.json(['accounts', 'import', other])).toMatchObject({ imported: 1, present: 1 });
  expect(await place.quick.json(['accounts', 'show', 'joan@example.com'])).toMatchObject({ name: 'Joan' });
  expect(await secretOf('joan@example.com')).toBe(HASHES.bcrypt);
});

test('what is wrong is named by its line, and the others are imported all the same', async () => {
  const path = file('faults.jsonl', [
    { email: 'edith@example.com', name: 'Edith' },
    'not json',
    { email: 'not an address', name: 'Nobody' },
    { email: 'md5@example.com', name: 'Old', password_hash: '$1$abc$0123456789012345678901' },
    { email: 'dear@example.com', name: 'Dear', password_hash: `$2b$31$${'a'.repeat(53)}` },
    { email: 'boss@example.com', name: 'Boss', role: 'emperor' },
    { email: 'more@example.com', name: 'More', is_admin: true },
    { email: 'twin@example.com', name: 'Twin', id: 'u_1842' },
    { email: 'edith@example.com', name: 'Edith again' },
    { email: 'team@example.com', name: 'Team', id: 'team_uDiV' },
    { email: 'rosalind@example.com', name: 'Rosalind' },
  ]);
  const { status, out } = await place.quick.run(['accounts', 'import', path, '--json']);
  const report = JSON.parse(out) as ImportReport;
  expect(status).toBe(1);
  expect(report).toMatchObject({ imported: 2, present: 1, refused: 8 });
  expect(report.faults.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 10]);
  expect(report.faults.find(({ line }) => line === 8)?.error).toBe('already_exists');
  expect(await place.quick.json(['accounts', 'show', 'rosalind@example.com'])).toMatchObject({
    admin: false,
  });
});

test('a file that is not there is refused with its reason', async () => {
  const refusal = await place.quick.refusal(['accounts', 'import', join(place.directory, 'nowhere.jsonl')]);
  expect(refusal).toEqual({ error: 'not_found', error_description: 'The file cannot be read.' });
});

test('a thousand people come in one run, each once', async () => {
  const people = Array.from({ length: 1000 }, (_, index) => ({
    email: `p${index}@example.org`,
    name: `P ${index}`,
  }));
  const path = file('many.jsonl', people);
  const { status, out } = await place.cli.run(['accounts', 'import', path, '--json']);
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ imported: 1000, refused: 0 });
});
