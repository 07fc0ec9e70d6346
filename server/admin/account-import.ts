// latchkey accounts import: people from a file of JSON lines, some hundreds a transaction; what is wrong is told by its line.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { ImportedPerson, ImportOutcome } from '../accounts/account-import.ts';
import { Refusal } from '../errors.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'config' | 'accountImport'>;

/** `total` counts bytes of the file. */
export type Progress = (done: number, total: number) => void;

export type RefusedLine = { line: number; error: string; error_description: string };

export type ImportReport = {
  imported: number;
  /** Their e-mail address has an account already, which stays as it is. */
  present: number;
  refused: number;
  /** The first hundred. */
  faults: RefusedLine[];
};

const PEOPLE_AT_ONCE = 200;
const MOST_FAULTS = 100;
const LONGEST_LINE_CHARACTERS = 65_536;

const lineSchema = z.strictObject({
  id: z.string().optional(),
  email: z.string(),
  email_verified: z.boolean().default(false),
  name: z.string(),
  role: z.string().default('member'),
  password_hash: z.string().optional(),
  disabled: z.boolean().default(false),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('invalid_request', { words: 'The line is not JSON.', cause });
  }
}

function readPerson(text: string, roles: Parts['config']['roles']): ImportedPerson {
  if (text.length > LONGEST_LINE_CHARACTERS)
    throw new Refusal('too_large', { words: 'The line is too long.' });
  const read = lineSchema.safeParse(parseJson(text));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Refusal('invalid_request', { words: `${issue?.path.join('.') || 'line'}: ${issue?.message}` });
  }
  const { id, email, email_verified, name, role, password_hash, disabled } = read.data;
  if (!Object.hasOwn(roles, role))
    throw new Refusal('invalid_request', { words: `role: the configuration has no role ${role}.` });
  return {
    id,
    email,
    emailVerified: email_verified,
    name,
    role,
    passwordHash: password_hash,
    isDisabled: disabled,
  };
}

/** Runs beside the server. Refuses with not_found where the file cannot be read. */
export async function importAccounts(
  { config, accountImport }: Parts,
  file: string,
  progress: Progress,
): Promise<ImportReport> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new Refusal('not_found', { words: 'The file cannot be read.', param: 'file', cause });
  });
  const report: ImportReport = { imported: 0, present: 0, refused: 0, faults: [] };
  const source = createReadStream(file, { encoding: 'utf8' });
  let waiting: { line: number; person: ImportedPerson }[] = [];
  let line = 0;

  function note(at: number, outcome: ImportOutcome): void {
    if ('state' in outcome) {
      report[outcome.state] += 1;
      return;
    }
    report.refused += 1;
    const { code, words } = outcome.refusal;
    if (report.faults.length < MOST_FAULTS)
      report.faults.push({ line: at, error: code, error_description: words });
  }

  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    const outcomes = await accountImport.importAll(
      batch.map(({ person }) => person),
      OPERATOR,
    );
    for (const [index, outcome] of outcomes.entries()) note(batch[index]?.line ?? 0, outcome);
    progress(source.bytesRead, size);
  }

  for await (const text of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    try {
      waiting.push({ line, person: readPerson(text, config.roles) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      note(line, { refusal: error });
    }
    if (waiting.length >= PEOPLE_AT_ONCE) await flush();
  }
  await flush();
  report.faults.sort((a, b) => a.line - b.line);
  return report;
}
