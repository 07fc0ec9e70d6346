// A strict reader of our own pages: it knows just the HTML that we write and refuses all else (a raw < or &, an
// attribute without quotes, an unclosed element), so whatever slips through escaping is an error or a new element.

export type Element = { tag: string; attributes: Record<string, string>; children: (Element | string)[] };

const voidTags = new Set(['input', 'link', 'meta', 'br']);
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };

const closing = /<\/([a-z][a-z0-9]*)>/y;
const opening = /<([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z-]*(?:="[^"<>']*")?)*)\s*(\/?)>/y;
const attribute = /([a-zA-Z][a-zA-Z-]*)(?:="([^"]*)")?/g;
const text = /(?:[^<>&]|&(?:amp|lt|gt|quot|#\d+);)+/y;

/** The elements of a page, under one that stands for the document. */
export function parseHtml(html: string): Element {
  const root: Element = { tag: 'document', attributes: {}, children: [] };
  const open = [root];
  let at = '<!doctype html>'.length;
  if (!html.startsWith('<!doctype html>')) throw new Error('a page begins with its doctype');

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(html);
    if (match !== null) at = pattern.lastIndex;
    return match;
  }

  while (at < html.length) {
    const parent = open.at(-1) ?? root;
    const end = take(closing);
    if (end !== null) {
      if (end[1] !== parent.tag) throw new Error(`</${end[1]}> closes <${parent.tag}>`);
      open.pop();
      continue;
    }
    const start = take(opening);
    if (start !== null) {
      const element = { tag: start[1] ?? '', attributes: readAttributes(start[2] ?? ''), children: [] };
      parent.children.push(element);
      if (start[3] === '' && !voidTags.has(element.tag)) open.push(element);
      continue;
    }
    const words = take(text);
    if (words === null) throw new Error(`not our HTML: ${html.slice(at, at + 60)}`);
    parent.children.push(decode(words[0]));
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.tag}> is not closed`);
  return root;
}

/** Every element below it that has this tag ('*' for any), in the order of the page. */
export function findAll(element: Element, tag: string): Element[] {
  return element.children.flatMap((child) => {
    if (typeof child === 'string') return [];
    const below = findAll(child, tag);
    return tag === '*' || child.tag === tag ? [child, ...below] : below;
  });
}

/** What a reader sees of it, with single spaces. */
export function textOf(element: Element): string {
  const join = (part: Element): string =>
    part.children.map((child) => (typeof child === 'string' ? child : join(child))).join('');
  return join(element).replace(/\s+/g, ' ').trim();
}

/** Its elements and the names of their attributes, without any text or value. */
export function skeletonOf(element: Element): string {
  return findAll(element, '*')
    .map(({ tag, attributes }) => `${tag}[${Object.keys(attributes).join(' ')}]`)
    .join('\n');
}

function readAttributes(source: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of source.matchAll(attribute)) attributes[name] = decode(value);
  return attributes;
}

function decode(source: string): string {
  return source.replace(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, name: string) =>
    code === undefined ? (entities[name] ?? '') : String.fromCodePoint(Number(code)),
  );
}
