// Names of members in JSON (RFC 8259 section 4): one that comes twice means one thing to us and another to somebody in front of us.

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** The first member name that an object of this text has twice. The text is valid JSON. */
export function findTwiceNamed(text: string): string | undefined {
  // Of each object or array that is open; an array's stays empty.
  const open: Set<string>[] = [];
  let last = '""';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name = JSON.parse(last) as string;
      if (open.at(-1)?.has(name)) return name;
      open.at(-1)?.add(name);
    } else last = token;
  }
  return undefined;
}
