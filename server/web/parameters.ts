// What a page is asked for in its path and its query: texts, each by its name, none of them long.
import { Refusal } from '../errors.ts';
import type { WebContext } from './context.ts';

const LONGEST = 300;

export type Parameters = Readonly<Record<string, string>>;

/** Those of the path. Refuses with not_found where one is longer than any name of ours. */
export function readPathParameters({ params }: { params: Parameters }): Parameters {
  if (Object.values(params).some((text) => text.length > LONGEST)) throw new Refusal('not_found');
  return params;
}

/** Those of the query; one that is there twice, or is long, counts as not there. */
export function readQuery({ query }: Pick<WebContext, 'query'>): Parameters {
  const entries = Object.entries(query).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1].length <= LONGEST,
  );
  return Object.fromEntries(entries);
}

/** One of the path; the router fills in all of them. */
export function paramOf({ params }: { params: Parameters }, name: string): string {
  return params[name] ?? '';
}
