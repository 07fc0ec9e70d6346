// Options and arguments that several commands share, and how their values are read.
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { Refusal } from '../errors.ts';
import type { Runner } from './runner.ts';

const MOST_ROWS = 1000;

/** For options that are given several times. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** The same for names without spaces, several of which may stand in one value. */
export function collectNames(value: string, previous: string[] = []): string[] {
  return [...previous, ...value.split(/\s+/).filter((name) => name !== '')];
}

export function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(value);
}

export function rowLimit(value: string): number {
  const limit = wholeNumber(value);
  if (limit > MOST_ROWS) throw new InvalidArgumentError(`It must be at most ${MOST_ROWS}.`);
  return limit;
}

/**
 * A password from standard input, without the newline at its end.
 * Refuses where --password-stdin was not given: an argument would stand in the list of processes.
 */
export async function readPassword(runner: Runner, isOnInput: boolean | undefined): Promise<string> {
  if (isOnInput !== true) {
    throw new Refusal('invalid_request', {
      words: 'Give the password on standard input, and say so with --password-stdin.',
      param: 'password',
    });
  }
  return (await runner.door.readInput()).replace(/\r?\n$/, '');
}

/** A token given as the argument, or else on standard input, where no list of processes shows it. */
export async function readToken(runner: Runner, argument: string | undefined): Promise<string> {
  const token = (argument ?? (await runner.door.readInput())).trim();
  if (token !== '') return token;
  throw new Refusal('invalid_request', {
    words: 'Give the token on standard input or as the argument.',
    param: 'token',
  });
}

/** A key set (RFC 7517), or one key, of which a set is made. Its members are judged later. */
export function readKeySet(path: string | undefined): unknown {
  if (path === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const isKey = typeof value === 'object' && value !== null && 'kty' in value && !('keys' in value);
    return isKey ? { keys: [value] } : value;
  } catch (cause) {
    const words = 'The file of --jwks-file cannot be read, or is no JSON.';
    throw new Refusal('invalid_request', { words, param: 'jwks_file', cause });
  }
}

function readScope(text: string): [string, string] {
  const at = text.indexOf('=');
  const [name, words] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at === -1 || name === '' || words === '') {
    throw new Refusal('invalid_request', {
      words: 'Give each scope as "name=words", for example "read:orders=See your orders".',
      param: 'scope',
    });
  }
  return [name, words];
}

/** Scopes of an API, each given as `name=words for people`, in the order in which people read them. */
export function readScopes(texts: readonly string[]): Record<string, string> {
  const scopes = texts.map(readScope);
  const names = scopes.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Refusal('invalid_request', { words: `The scope ${twice} is given twice.`, param: 'scope' });
  }
  return Object.fromEntries(scopes);
}
