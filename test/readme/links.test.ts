// The pages lead somewhere: every link to a file and a heading that is there, every named file, and an index of all pages.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const LINK = /\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g;
const ELSEWHERE = /^[a-z]+:/;
const NAMED = /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|njk|yaml|cjs|md))`/g;

const files = globSync('**/*', {
  cwd: ROOT,
  exclude: (name) => /(?:^|\/)(?:node_modules|\.git|\.tmp|data)$/.test(name),
});
const known = new Set(files);
const pages = files.filter((file) => /^(?:docs\/.*|[^/]+)\.md$/.test(file));

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** What people read as text: a block of code may say anything. */
function proseOf(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function listDeadLinks(page: string, text: string): string[] {
  const links = [...proseOf(text).matchAll(LINK)].map(([, link, picture]) => link ?? picture ?? '');
  return links.filter((link) => {
    if (ELSEWHERE.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : posix.join(dirname(page), path).replace(/\/$/, '');
    if (!known.has(target)) return true;
    return anchor !== undefined && !anchorsOf(proseOf(read(target))).includes(anchor);
  });
}

function listUnknownNames(text: string): string[] {
  const names = [...proseOf(text).matchAll(NAMED)].map(([, name = '']) => name);
  return names.filter((name) => !files.some((file) => file === name || file.endsWith(`/${name}`)));
}

test.each(pages)('every link in %s leads to what is there', (page) => {
  expect(listDeadLinks(page, read(page))).toEqual([]);
});

test.each(pages)('every file that %s names is there', (page) => {
  expect(listUnknownNames(read(page))).toEqual([]);
});

test('the index names every page of docs/', () => {
  const index = read('docs/README.md');
  const others = globSync('*.md', { cwd: join(ROOT, 'docs') }).filter((page) => page !== 'README.md');
  expect(others.filter((page) => !index.includes(`](${page})`))).toEqual([]);
});

test('pages were really read, and what leads nowhere would be seen', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'docs/architecture.md']));
  const text = [
    '# A heading: with `code`',
    '[good](README.md#documentation) [here](#a-heading-with-code) [out](https://example.com/x.md)',
    '[gone](gone.md) [no heading](README.md#gone) <img src="pictures/gone.png">',
    'It is in `server/app.ts` and in `app.ts`, and not in `server/gone.ts`.',
    '```\n[code](in/a/block.md) `block.ts`\n```',
  ].join('\n\n');
  expect(listDeadLinks('docs/planted.md', text.replace('(#a', '(README.md#a'))).toEqual([
    ...['README.md#a-heading-with-code', 'gone.md', 'README.md#gone', 'pictures/gone.png'],
  ]);
  expect(listUnknownNames(text)).toEqual(['server/gone.ts']);
  expect(anchorsOf(text)).toEqual(['a-heading-with-code']);
});
