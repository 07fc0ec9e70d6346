// config/latchkey.yaml and docs/settings.md say what config/schema.ts says.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import { listSettings, printSettings } from '../../config/print-settings.ts';
import { loadText } from './load-text.ts';

const annotated = readFileSync(new URL('../../config/latchkey.yaml', import.meta.url), 'utf8');
const withDefaults = annotated.replace(/^#(?=[a-z]| {2})/gm, '');
const withExamples = withDefaults.replace(/^##/gm, '');

test('the annotated file as it is sets the version and nothing else', () => {
  expect(parse(annotated)).toEqual({ version: 1 });
  expect(loadConfig({ env: {} })).toEqual(loadText('version: 1'));
});

test('the defaults that the annotated file shows are the defaults', () => {
  expect(Object.keys(parse(withDefaults)).length).toBeGreaterThan(10);
  expect(loadText(withDefaults)).toEqual(loadText('version: 1'));
});

test('the examples of the annotated file are valid, and together it shows every setting', () => {
  expect(loadText(withExamples).clients).toHaveLength(2);
  const shown = new Set(listPaths('', parse(withExamples)));
  const missing = listSettings().map(({ path }) =>
    path.replace(/^(limits|roles|teams\.roles|plans)\.NAME/, '$1.*'),
  );
  expect(missing.filter((path) => !shown.has(path))).toEqual([]);
});

test('every setting has a reason', () => {
  expect(listSettings().filter(({ node }) => !node.description)).toEqual([]);
});

test('docs/settings.md is printed from the schema: node config/print-settings.ts > docs/settings.md', () => {
  expect(readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8')).toBe(printSettings());
});

const named = ['limits', 'roles', 'teams.roles', 'plans'];

/** Paths as listSettings writes them; names that the operator chooses are `*`. */
function listPaths(path: string, value: unknown): string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item) => listPaths(`${path}[]`, item))];
  if (typeof value !== 'object' || value === null) return [path];
  const names = Object.entries(value).flatMap(([name, child]) => {
    const step = named.includes(path) ? '*' : name;
    return listPaths(path === '' ? step : `${path}.${step}`, child);
  });
  return [path, ...names];
}
