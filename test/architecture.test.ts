// The rules of the house hold: who may import whom, what belongs to one place only. And the checker is checked.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCycle } from './architecture/cycles.ts';
import { findViolations, ruleNames } from './architecture/find-violations.ts';
import { FLOORS } from './architecture/floors.ts';
import { listImports, maskSource } from './architecture/imports.ts';
import { cleanTree, planted } from './architecture/planted.ts';

const root = join(import.meta.dirname, '..');
const folders = ['server', 'config', 'migrations', 'examples', 'bench', 'test'];

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

test('no file imports one that imports it in turn, and a circle would be seen', () => {
  expect(findCycle(new Map([...tree].filter(([path]) => isOurs(path))))).toEqual([]);
  const round = {
    'server/a.ts': `import { b } from './b.ts';`,
    'server/b.ts': `import { c } from './c.ts';`,
    'server/c.ts': `import type { A } from './a.ts';\nimport { b } from './b.ts';`,
  };
  expect(findCycle(new Map(Object.entries(round)))).toEqual(['server/b.ts', 'server/c.ts', 'server/b.ts']);
});

describe('the floors', () => {
  test('are those of docs/architecture.md, and every folder that stands on one is there', () => {
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (\d) \| (.*?) \|/gm)].flatMap(([, floor, names = '']) =>
      names.split(', ').map((name) => [name, Number(floor)]),
    );
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(FLOORS).map(([folder, { floor }]) => [folder, floor])),
    );
    for (const folder of Object.keys(FLOORS))
      expect(readFolder(join(root, 'server', folder))).not.toEqual([]);
  });

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
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'))
    .map((path) => [relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')]);
}
