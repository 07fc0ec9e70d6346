// A new version of a library on which our security rests is looked at before it is used (row F33): this file fails until it was.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTitles } from './titles.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * The versions with which the whole suite has run, and whose changes were read. With another one: read what it changed, run
 * everything, the tests of the holes H1 to H14 first, and write it here in the same change as the lock file.
 */
const tried = {
  'oidc-provider': '9.13.3',
  jose: '6.2.17',
  koa: '3.3.0',
  cookies: '0.9.2',
  'better-sqlite3': '13.2.0',
  knex: '3.3.0',
  pg: '8.23.1',
} as const;

/** Seen in the plain engine, of which each has a guard of ours: they tell first whether a new one still needs it. */
const holes = Array.from({ length: 14 }, (_, index) => `H${index + 1}`);

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}

const { packages } = readJson<{ packages: Record<string, { version: string }> }>('package-lock.json');

test.each(Object.entries(tried))(
  'F33: %s is installed, and locked, in the version that was tried: %s',
  (name, version) => {
    expect(readJson<{ version: string }>(`node_modules/${name}/package.json`).version).toBe(version);
    expect(packages[`node_modules/${name}`]?.version).toBe(version);
  },
);

test('F33: the engine is taken by its patches only: what we hold of it beyond its documentation may go with any other version', () => {
  const { dependencies } = readJson<{ dependencies: Record<string, string> }>('package.json');
  expect(dependencies['oidc-provider']).toBe(`~${tried['oidc-provider']}`);
});

const titles = readTitles().filter(({ isIdle }) => !isIdle);

test.each(holes)('F33: the hole %s has a test that runs with every version', (hole) => {
  const proving = titles.filter(({ ids }) => ids.includes(hole));
  expect(proving.map(({ file }) => file)).not.toEqual([]);
});
