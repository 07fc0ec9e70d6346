// Rows that hold what no version of ours wrote (row F30): what rests on such a row fails closed, all others go on.
import { StorageFault } from './faults.ts';

/** To whoever needs just that row the store cannot serve. Says which table, and nothing of what stands in the row. */
export class DamagedRow extends StorageFault {
  constructor(table: string) {
    super(`a damaged row in ${table}`);
    this.name = 'DamagedRow';
  }
}

/** What `read` makes of a row; whatever it throws tells that the row is damaged. */
export function readRow<Row, T>(table: string, row: Row, read: (row: Row) => T): T {
  try {
    return read(row);
  } catch {
    throw new DamagedRow(table);
  }
}

/** The same where a damaged row is as good as none; `tell` hears of it. */
export async function orNothing<T>(
  act: () => Promise<T>,
  tell: (damage: DamagedRow) => void,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DamagedRow)) throw error;
    tell(error);
    return undefined;
  }
}

/** The rows of a list that can be read; of each other one `tell` hears. */
export function readRows<Row, T>(
  rows: readonly Row[],
  read: (row: Row) => T,
  tell: (damage: DamagedRow) => void,
): T[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch (error) {
      if (!(error instanceof DamagedRow)) throw error;
      tell(error);
      return [];
    }
  });
}

export function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return value as Record<string, unknown>;
}

export function parseTexts(text: string): string[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw new Error('not texts');
  return value;
}

export function checkTexts(...values: readonly (string | null)[]): void {
  for (const value of values) if (value !== null && typeof value !== 'string') throw new Error('not a text');
}

/** SQLite keeps a text in a column of numbers, and every text is greater than every number: it would never be over. */
export function checkWhole(...values: readonly (number | null)[]): void {
  for (const value of values)
    if (value !== null && !Number.isSafeInteger(value)) throw new Error('not a whole number');
}
