// People who come from another program, with the password hashes that it made: they sign in as before, and are hashed anew then.
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { normalizeEmail } from './email.ts';
import { recogniseForeignPassword } from './foreign-password.ts';
import { cleanName } from './person-name.ts';
import { createAccountStore } from './store.ts';

/** What the other program knew. Its id may stay, since others may have kept it. */
export type ImportedPerson = {
  id?: string | undefined;
  email: string;
  emailVerified: boolean;
  name: string;
  role: string;
  /** PHC or crypt form. Without one the person chooses a password by mail. */
  passwordHash?: string | undefined;
  isDisabled: boolean;
};

export type ImportOutcome = { readonly state: 'imported' | 'present' } | { readonly refusal: Refusal };

// Not one that something else of ours may have: `sub` of a token would not tell a person from a team or a machine.
const ID = /^(?!(?:team|client|sa|iss|key|at|grant|inv|req)_)[A-Za-z0-9_.:-]{1,64}$/;

type Judged = ImportedPerson & { id: string; normalized: string };

export function createAccountImport({ database, audit }: { database: Database; audit: Audit }) {
  const store = createAccountStore(database);

  /** Refuses invalid_request with the field at fault. */
  function judge(person: ImportedPerson): Judged {
    const { passwordHash, id } = person;
    if (passwordHash !== undefined && recogniseForeignPassword(passwordHash) === undefined) {
      throw new Refusal('invalid_request', {
        words: 'The password hash is in no form that can be verified here (argon2, bcrypt, scrypt).',
        param: 'password_hash',
      });
    }
    if (id !== undefined && !ID.test(id))
      throw new Refusal('invalid_request', { words: 'The id is not one we can keep.', param: 'id' });
    return {
      ...person,
      email: person.email.trim(),
      normalized: normalizeEmail(person.email),
      name: cleanName(person.name),
      id: id ?? `acct_${randomSecret(16)}`,
    };
  }

  function write(person: Judged, actor: string): void {
    store.register({ ...person, isAdmin: false });
    if (person.passwordHash !== undefined) store.setPassword(person.id, person.passwordHash);
    if (person.emailVerified) store.confirmEmail(person.id, person);
    if (person.isDisabled) store.disable(person.id);
    audit.record('account.imported', { actor, accountId: person.id });
  }

  async function importAlone(person: Judged, actor: string): Promise<ImportOutcome> {
    if ((await store.findByEmail(person.normalized)) !== undefined) return { state: 'present' };
    try {
      await database.transact(() => write(person, actor));
      return { state: 'imported' };
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if ((await store.findByEmail(person.normalized)) !== undefined) return { state: 'present' };
      return {
        refusal: new Refusal('already_exists', { words: 'This id is taken.', param: 'id', cause: error }),
      };
    }
  }

  /**
   * One outcome each, in order; who has an account already keeps it as it is. All or, where one is in the way of the
   * others, each in a unit of its own: a second run of the same file does what is left.
   */
  async function importAll(people: readonly ImportedPerson[], actor: string): Promise<ImportOutcome[]> {
    const judged = people.map((person): Judged | Refusal => {
      try {
        return judge(person);
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
    });
    const good = judged.filter((one): one is Judged => !(one instanceof Refusal));
    const isFast = await tryTogether(good, actor);
    const outcomes: ImportOutcome[] = [];
    for (const one of judged) {
      if (one instanceof Refusal) outcomes.push({ refusal: one });
      else outcomes.push(isFast ? { state: 'imported' } : await importAlone(one, actor));
    }
    return outcomes;
  }

  async function tryTogether(people: readonly Judged[], actor: string): Promise<boolean> {
    try {
      await database.transact(() => {
        for (const person of people) write(person, actor);
      });
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  return { importAll };
}

export type AccountImport = ReturnType<typeof createAccountImport>;
