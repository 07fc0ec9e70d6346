// docs/conformance.md is what the titles of the tests say, and the reading of titles is itself checked.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { maskSource } from '../architecture/imports.ts';
import { collectProofs, plans, printConformance, sections } from './print-conformance.ts';
import { suiteRemarks, unproven } from './rows/marks.ts';
import { readTitles, titlesOf } from './titles.ts';

const titles = readTitles();
const known = new Set([...sections, ...plans].flatMap(({ rows }) => Object.keys(rows)));

function read(text: string) {
  return titlesOf({ path: 'conformance/planted.test.ts', text, masked: maskSource(text) });
}

test('docs/conformance.md is printed from the titles: node test/conformance/print-conformance.ts > docs/conformance.md', () => {
  const printed = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
  expect(printed).toBe(printConformance(titles));
});

test('every id in a title is in a table', () => {
  const strange = titles.filter(({ ids }) => ids.some((id) => !known.has(id)));
  expect(strange.map(({ file, title }) => `${file}: ${title}`)).toEqual([]);
});

test('every title is written down and not made by code, so none is missed', () => {
  expect(titles.filter(({ title }) => title === '').map(({ file }) => file)).toEqual([]);
});

test('no id is in two tables', () => {
  const all = [...sections, ...plans].flatMap(({ rows }) => Object.keys(rows));
  expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([]);
});

test('what is marked as unproven has no test, and every mark and remark is about something', () => {
  const proofs = collectProofs(titles);
  expect(Object.keys(unproven).filter((id) => !known.has(id) || proofs.has(id))).toEqual([]);
  expect(Object.keys(suiteRemarks).filter((name) => !known.has(`oidcc-${name}`))).toEqual([]);
});

test('titles were really read: of plain tests, tables, groups and the modules of both response modes', () => {
  expect(titles.length).toBeGreaterThan(700);
  for (const id of ['A08', 'D09', 'H10', 'oidcc-server', 'oidcc-formpost-ui-locales', 'F04'])
    expect(collectProofs(titles).has(id), id).toBe(true);
});

test('a title is found whatever stands around it, and tells its ids', () => {
  const found = read(String.raw`
    // test('A01: in a comment', () => {});
    const text = "test('A02: in a string', () => {})";
    test('A03 A04: two', async () => {});
    test.each([['A05: a value', /\(/], [')', 1]])(
      'A06: a %s of a table',
      (value) => expect(value).toBe('x'),
    );
    test.todo('A07: a promise');
    describe('A08: a group', () => {
      test("says: A09 is not at its head", () => {});
    });
    describe.skip('left out', () => {
      test('A10: nothing', () => {});
    });
    regexp.test('A11: no test');
    test('form_post A19 A20: a word before', () => {});
  `);
  expect(found.map(({ ids, isIdle }) => [ids.join(' '), isIdle])).toEqual([
    ['A03 A04', false],
    ['A06', false],
    ['A07', true],
    ['A08', false],
    ['A10', true],
    ['A19 A20', false],
  ]);
});

test('a title with a name of its table stands for every entry', () => {
  const table = "const modules = [{ name: 'one' }, { name: 'two' }];\n";
  const inLoop = `for (const x of modules) {\n  test(\`oidcc-${'$'.concat('{x.name}')}: all\`, () => {});\n}`;
  const inTable = "test.each(modules)('oidcc-$name: all', () => {});";
  for (const tests of [inLoop, inTable]) {
    expect(read(table + tests).map(({ ids }) => ids)).toEqual([['oidcc-one'], ['oidcc-two']]);
  }
});
