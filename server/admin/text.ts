// What commands answer, as text for a terminal: one value as lines, many as a table.

type Cell = unknown;
type Row = Readonly<Record<string, Cell>>;

const GAP = '  ';
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Names are written by strangers: what could drive a terminal or turn the line around is made visible. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  // Beyond the dates that there are it stays a number: a list that cannot be read helps nobody.
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}

function isTime(name: string): boolean {
  return name.endsWith('_at') || name === 'exp' || name === 'iat';
}

function format(name: string, value: Cell): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return isTime(name) ? formatTime(value) : String(value);
  if (Array.isArray(value))
    return value.length === 0 ? '-' : value.map((item) => format(name, item)).join(', ');
  if (typeof value === 'object') {
    const parts = Object.entries(value).map(([key, part]) => `${visible(key)}: ${format(key, part)}`);
    return parts.length === 0 ? '-' : parts.join(', ');
  }
  return visible(String(value));
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - text.length));
}

/** One line for each member. */
export function describeFields(value: Row): string {
  const width = Math.max(...Object.keys(value).map((name) => name.length));
  return Object.entries(value)
    .map(([name, cell]) => `${pad(name, width)}${GAP}${format(name, cell)}`)
    .join('\n');
}

/** One line for each row, under the names of the columns. */
export function describeRows(rows: readonly Row[], columns: readonly string[]): string {
  if (rows.length === 0) return 'There are none.';
  const cells = rows.map((row) => columns.map((name) => format(name, row[name])));
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  return [columns, ...cells]
    .map((row) =>
      row
        .map((cell, index) => pad(cell, widths[index] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** A sentence, and under it the fields that must be written down now. */
export function describeMade(sentence: string, value: Row): string {
  return `${sentence}\n\n${describeFields(value)}`;
}
