// Lists: bounded, and walked with opaque cursors that name the last row, so that what comes and goes loses no other.
import { z } from 'zod';
import { Refusal } from '../errors.ts';

const LIMIT = 20;
const LONGEST_CURSOR = 1000;

type Place = readonly (string | number)[];

/** The query of a list, with filters of its own. */
export function pageQuery<T extends z.ZodRawShape>(filters: T) {
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(LIMIT).describe('How many at most.'),
    after: z
      .string()
      .max(LONGEST_CURSOR)
      .optional()
      .describe('Go on behind this place: `next` of the answer before.'),
    ...filters,
  });
}

/** The answer of a list. `next` is null at its end. */
export function pageOf<T extends z.ZodObject>(name: string, item: T) {
  return z
    .strictObject({
      data: z.array(item),
      next: z.string().nullable().describe('Send it as `after` to go on; null at the end.'),
    })
    .meta({ id: name });
}

function writeCursor(list: string, place: Place): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** The place behind which to go on. Refuses with invalid_request what is no cursor of this list. */
export function readCursor<T>(list: string, cursor: string, shape: z.ZodType<T>): T {
  const place = shape.safeParse(parsePlace(list, cursor));
  if (place.success) return place.data;
  throw new Refusal('invalid_request', { words: 'after: is no cursor of this list', param: 'after' });
}

function parsePlace(list: string, cursor: string): unknown {
  try {
    const [of, ...place] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    return of === list ? place : undefined;
  } catch {
    return undefined;
  }
}

const idPlace = z.tuple([z.string().min(1).max(500)]);

/** The id behind which to go on, of lists that stand in the order of their ids. */
export function readIdCursor(list: string, cursor: string | undefined): string {
  return cursor === undefined ? '' : readCursor(list, cursor, idPlace)[0];
}

/** `rows` holds one more than `limit` where there are more. */
export function answerPage<T>(
  list: string,
  rows: readonly T[],
  { limit, placeOf }: { limit: number; placeOf: (row: T) => Place },
): { data: T[]; next: string | null } {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { data, next: hasMore ? writeCursor(list, placeOf(last)) : null };
}
