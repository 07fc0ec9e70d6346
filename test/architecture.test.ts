// The rules of the house hold: who may import whom, what belongs to one place only. And the checker is checked.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findViolations, ruleNames } from './architecture/find-violations.ts';
import { FLOORS } from './architecture/floors.ts';
import { listImports, maskSource } from './architecture/imports.ts';
import { cleanTree, planted } from './architecture/planted.ts';

const root = join(import.meta.dirname, '..');
const folders = [
  'server',
  'config',
  'migrations',
  'resource-server',
  'playground',
  'examples',
  'bench',
  'test',
];

const tree = new Map(folders.flatMap((folder) => readFolder(join(root, folder))));

describe('the tree', () => {
  test('keeps every rule of the house', () => {
    expect(findViolations(tree)).toEqual([]);
  });

  test('was really read: the ground, the folders and their imports are there', () => {
    expect(tree.size).toBeGreaterThanOrEqual(40);
    expect([...tree.keys()]).toEqual(
      expect.arrayContaining(['server/clock.ts', 'config/schema.ts', 'test/architecture.test.ts']),
    );

    const seen = [...tree].flatMap(([path, source]) => (isOurs(path) ? importsOf(source) : []));
    expect(seen).toEqual(expect.arrayContaining(['node:crypto', '../errors.ts', 'zod']));
  });

  test('has no import that the reading of imports misses', () => {
    for (const [path, source] of tree) {
      if (!isOurs(path)) continue;
      const plainlyWritten = [...source.matchAll(/^(?:import\b|\}).*? from '([^']+)';$/gm)].map(
        (match) => match[1],
      );
      expect(importsOf(source), path).toEqual(expect.arrayContaining(plainlyWritten));
    }
  });
});

describe('the floors', () => {
  test('go one way: a folder may import lower floors only', () => {
    for (const [folder, { floor, mayImport }] of Object.entries(FLOORS)) {
      for (const lower of mayImport) {
        expect(FLOORS[lower]?.floor, `${folder} may import ${lower}`).toBeLessThan(floor);
      }
    }
  });
});

describe('the checker', () => {
  test('finds nothing in a tree that keeps the rules', () => {
    expect(findViolations(new Map(Object.entries(cleanTree)))).toEqual([]);
  });

  test.each(planted)('catches a planted violation: %s in %s (%j)', (rule, path, source) => {
    const [message, ...others] = findViolations(new Map(Object.entries({ ...cleanTree, [path]: source })));
    expect(message).toMatch(new RegExp(`^${rule}: ${path.replaceAll('.', '\\.')}(?::\\d+)? `));
    expect(others).toEqual([]);
  });

  test('is tried with a planted violation of every rule, and of every floor', () => {
    expect([...new Set(planted.map(([rule]) => rule))].sort()).toEqual([...ruleNames].sort());
    const climbing = planted.filter(([rule]) => rule === 'floors').map(([, path]) => path.split('/')[1]);
    expect(climbing).toEqual(expect.arrayContaining(Object.keys(FLOORS)));
  });

  test('names the line of an import behind comments and over several lines', () => {
    const source = "// one\n/* two\nthree */\nimport {\n  db,\n} from '../storage/database.ts';\n";
    expect(findViolations(new Map([['server/web/planted.ts', source]]))).toEqual([
      'floors: server/web/planted.ts:4 imports server/storage/database.ts: web may import observability',
    ]);
  });
});

function isOurs(path: string): boolean {
  return /^(?:server|config|migrations)\//.test(path);
}

function importsOf(source: string): string[] {
  return listImports(source, maskSource(source)).map(({ specifier }) => specifier);
}

function readFolder(folder: string): [path: string, source: string][] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes('node_modules'))
      .map((path) => [relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')]);
  } catch (error) {
    // Not every folder of the plan is there yet.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
