// Reads the titles of all tests from their sources, and the ids of rows at their heads, without running anything.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listImports, maskSource } from '../architecture/imports.ts';

export type Title = {
  /** From the folder test/, as in `protocol/id-token.test.ts`. */
  readonly file: string;
  readonly title: string;
  readonly ids: readonly string[];
  /** A promise without a body, or a test that is left out: it proves nothing. */
  readonly isIdle: boolean;
};

type Source = { readonly path: string; readonly text: string; readonly masked: string };
type Call = {
  readonly kind: 'group' | 'test';
  readonly title: string;
  /** The code of the loop or the table that it stands in: where the names of its placeholders come from. */
  readonly table: string;
  readonly isIdle: boolean;
  readonly from: number;
  readonly to: number;
};

const CALL = /(?<![.\w$])(describe|test|it)((?:\s*\.\s*\w+)*)\s*(?=\()/g;
const ID = /^(?:[A-Z]\d{1,2}|oidcc-[a-z0-9-]+)$/;
// A name in a template literal (`${module.name}`), or in a title of test.each (`$name`).
const PLACEHOLDER = /\$\{(?:\w+\.)?(\w+)\}|\$(\w+)/g;

const root = join(import.meta.dirname, '..');

/** Every title below test/, in the order of the files. */
export function readTitles(): Title[] {
  return globSync('**/*.ts', { cwd: root })
    .toSorted()
    .map(readSource)
    .filter(({ text }) => text.includes("from 'vitest'"))
    .flatMap(titlesOf);
}

/** The ids at the head of a title: the words before its first colon that look like one. */
export function idsOf(title: string): string[] {
  return (title.split(':')[0] ?? '').split(/[\s,]+/).filter((word) => ID.test(word));
}

export function titlesOf(source: Source): Title[] {
  const calls = listCalls(source);
  return calls.flatMap((call) => {
    if (call.kind === 'group') return [];
    const around = calls.filter(
      ({ kind, from, to }) => kind === 'group' && from < call.from && call.to <= to,
    );
    const isIdle = [call, ...around].some((each) => each.isIdle);
    // The rows of a group are those of every test in it.
    const inherited = around.flatMap(({ title }) => idsOf(title));
    return fillIn(call, source).map((title) => ({
      file: source.path,
      title,
      ids: [...new Set([...inherited, ...idsOf(title)])],
      isIdle,
    }));
  });
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, masked: maskSource(text) };
}

function listCalls({ text, masked }: Source): Call[] {
  return [...masked.matchAll(CALL)].map((match) => {
    const [head, name, modifiers = ''] = match;
    const first = match.index + head.length;
    // test.each(table)('title', …): the title is in the second pair of parentheses.
    const isTable = /\.\s*(?:each|for|skipIf|runIf)$/.test(modifiers);
    const open = isTable ? masked.indexOf('(', closing(masked, first)) : first;
    return {
      kind: name === 'describe' ? 'group' : 'test',
      title: readLiteral(text, masked, open + 1),
      table: isTable ? masked.slice(first, open) : loopBefore(masked, match.index),
      isIdle: /\b(?:todo|skip|fails)\b/.test(modifiers),
      from: match.index,
      to: closing(masked, open),
    };
  });
}

/** Where the parenthesis that opens here is closed. */
function closing(masked: string, open: number): number {
  let depth = 0;
  for (let at = open; at < masked.length; at += 1) {
    if (masked[at] === '(') depth += 1;
    if (masked[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return masked.length;
}

/** The literal that an argument begins with; empty where the title is made by code alone. */
function readLiteral(text: string, masked: string, after: number): string {
  const from = after + (/^\s*/.exec(masked.slice(after))?.[0].length ?? 0);
  const quote = masked[from] ?? '';
  if (!['"', "'", '`'].includes(quote)) return '';
  return text.slice(from + 1, masked.indexOf(quote, from + 1));
}

/** What the last loop before this place goes over. */
function loopBefore(masked: string, at: number): string {
  const from = masked.lastIndexOf('for (', at);
  return from === -1 ? '' : masked.slice(from, closing(masked, from + 'for '.length));
}

/** A title of a module with a placeholder stands for one title per literal that its table gives to that name. */
function fillIn({ title, table }: Call, source: Source): string[] {
  const head = title.split(':')[0] ?? '';
  const [placeholder, inBraces, plain] = [...head.matchAll(PLACEHOLDER)][0] ?? [];
  const name = inBraces ?? plain;
  if (placeholder === undefined || name === undefined || !head.includes('oidcc-')) return [title];
  const literal = new RegExp(`\\b${name}: '([^']+)'(?=,|\\s*\\})`, 'g');
  return tableSources(table, source).flatMap(({ text }) =>
    [...text.matchAll(literal)].map(([, value = '']) => title.replace(placeholder, value)),
  );
}

/** The files where the names in this code are made: this one, or those of its folder that it imports. */
function tableSources(table: string, { path, text, masked }: Source): Source[] {
  const names = new Set(table.match(/\w+/g));
  const isOwn = [...masked.matchAll(/\bconst (\w+) = \[/g)].some(([, name = '']) => names.has(name));
  const imported = listImports(text, masked)
    .filter((one) => one.specifier.startsWith('./') && one.names.some((name) => names.has(name)))
    .map(({ specifier }) => readSource(join(dirname(path), specifier)));
  return isOwn ? [{ path, text, masked }, ...imported] : imported;
}
