// Reads a TypeScript source far enough to know its imports: comments, strings, templates and regular expressions apart.

export type Import = {
  specifier: string;
  kind: 'import' | 're-export' | 'computed';
  isTypeOnly: boolean;
  /** The local names it binds. */
  names: string[];
  line: number;
};

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y;
const REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y;

// After a value a slash divides; after these it begins a regular expression.
const BEFORE_REGEXP =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|(?:^|[^\w$.])(?:return|typeof|case|in|of|throw|else|do|await|yield|void))$/;

/**
 * The source with comments as blanks and the inside of strings, templates and regular expressions as underscores.
 * Every character and line stays where it is; code inside `${}` stays code.
 */
export function maskSource(source: string): string {
  let masked = '';
  let tail = '';
  // One entry per open `${`: how many braces are open inside it.
  const templates: number[] = [];

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = masked.length;
    return pattern.exec(source)?.[0] ?? '';
  };
  const takeTemplateText = (): void => {
    masked += blank(take(TEMPLATE_TEXT), '_');
    if (source.startsWith('${', masked.length)) {
      templates.push(0);
      masked += '${';
      tail = '{';
    } else {
      masked += source.slice(masked.length, masked.length + 1);
      tail = '`';
    }
  };

  while (masked.length < source.length) {
    const character = source[masked.length] ?? '';
    const comment = character === '/' ? take(COMMENT) : '';
    const text = comment === '' ? take(STRING) : '';
    const regexp =
      comment === '' && character === '/' && BEFORE_REGEXP.test(tail.trimEnd()) ? take(REGEXP) : '';
    if (comment !== '') {
      masked += blank(comment, ' ');
    } else if (text !== '' || regexp !== '') {
      const token = text || regexp;
      masked += token.length < 2 ? token : token[0] + blank(token.slice(1, -1), '_') + token.at(-1);
      tail = ')';
    } else if (character === '`') {
      masked += character;
      takeTemplateText();
    } else if (character === '}' && templates.at(-1) === 0) {
      templates.pop();
      masked += character;
      takeTemplateText();
    } else {
      const open = templates.length - 1;
      if (open >= 0 && character === '{') templates[open] = (templates[open] ?? 0) + 1;
      if (open >= 0 && character === '}') templates[open] = (templates[open] ?? 0) - 1;
      masked += character;
      tail = (tail + character).replace(/\s+/g, ' ').slice(-16);
    }
  }
  return masked;
}

const CLAUSE = String.raw`(?:[\w$]+|\{[^{}]*\}|\*\s*as\s+[\w$]+)(?:\s*,\s*(?:\{[^{}]*\}|\*\s*as\s+[\w$]+))?`;
const QUOTED = String.raw`(?<quote>['"\`])(?<inside>_*)\k<quote>`;
const STATIC = new RegExp(
  String.raw`(?<![.\w$])import\s*(?<type>type\b(?!\s*(?:,|from\s*['"])))?\s*(?:(?<clause>${CLAUSE})\s*from\s*)?${QUOTED}`,
  'dg',
);
const RE_EXPORT = new RegExp(
  String.raw`(?<![.\w$])export\s*(?<type>type\b)?\s*(?<clause>\*(?:\s*as\s+[\w$]+)?|\{[^{}]*\})\s*from\s*${QUOTED}`,
  'dg',
);
const CALL = new RegExp(String.raw`(?<![.\w$])(?:import|require)\s*\(\s*${QUOTED}`, 'dg');
const COMPUTED = new RegExp(String.raw`(?<![.\w$])import\s*\(\s*(?!${QUOTED})`, 'dg');

/** Every import of a source: static, `export … from`, dynamic, require, and types alike. `code` is its mask. */
export function listImports(source: string, code: string): Import[] {
  const found = (pattern: RegExp, kind: Import['kind']) =>
    [...code.matchAll(pattern)].map((match): Import => {
      const [from, to] = match.indices?.groups?.inside ?? [0, 0];
      const clause = match.groups?.clause ?? '';
      return {
        specifier: source.slice(from, to),
        kind,
        isTypeOnly: match.groups?.type !== undefined || bindsTypesOnly(clause),
        names: boundNames(clause),
        line: lineAt(code, match.index),
      };
    });
  return [
    ...found(STATIC, 'import'),
    ...found(RE_EXPORT, 're-export'),
    ...found(CALL, 'import'),
    ...found(COMPUTED, 'computed'),
  ];
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function bindsTypesOnly(clause: string): boolean {
  const inside = /^\{(?<names>[^{}]*)\}$/.exec(clause.trim())?.groups?.names ?? '';
  const names = listed(inside);
  return names.length > 0 && names.every((name) => /^type\s+(?!as\b)/.test(name));
}

function boundNames(clause: string): string[] {
  return listed(clause.replace(/[{}]/g, ',')).map((name) => name.split(/\s+/).at(-1) ?? '');
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function blank(text: string, by: string): string {
  return text.replace(/[^\n]/g, by);
}
