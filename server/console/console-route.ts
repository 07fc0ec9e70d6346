// What a route of the administrator's pages is: data, from which the router, the questions and the tests are made.
import type { AdminParts } from '../admin/parts.ts';
import type { Sessions } from '../storage/sessions.ts';
import type { Parameters } from '../web/parameters.ts';

export type ConsoleParts = AdminParts & {
  readonly sessions: Sessions;
  /** Is this a name of this machine alone? */
  readonly isLoopbackHost: (host: string) => boolean | Promise<boolean>;
};

/** The administrator who asks; `actor` is how the audit log names them. */
export type Who = { readonly accountId: string; readonly actor: string };

export type Asked = {
  readonly params: Parameters;
  readonly query: Parameters;
  readonly who: Who;
  /** What was typed in; empty for a page. */
  readonly form: Readonly<Record<string, string>>;
};

export type Locals = Readonly<Record<string, unknown>>;

type Common = {
  /** With `:name` for each of `params`. */
  readonly path: string;
  /** Of the navigation. */
  readonly section: string;
};

export type PageRoute = Common & {
  readonly kind: 'page';
  readonly view: string;
  readonly title: string;
  /** `refusal`, as a local, is shown on the page itself: a filter that names nobody. */
  readonly load: (parts: ConsoleParts, asked: Asked) => Promise<Locals>;
};

/** What is asked before an act that cannot be undone: GET of its path is a page with one button. */
export type Question = {
  readonly title: string;
  readonly words: string;
  readonly button: string;
  /** Who or what it is about. Refuses with not_found where there is nothing. */
  readonly subject: (parts: ConsoleParts, asked: Asked) => Promise<string>;
};

export type ActRoute = Common & {
  readonly kind: 'act';
  readonly question?: Question;
  /** The page on which its button stands, and to which it leads back. */
  readonly from: (params: Asked['params']) => string;
  readonly act: (parts: ConsoleParts, asked: Asked) => Promise<unknown>;
  /** Shows what the act answers, this once, in place of going back. */
  readonly answer?: { readonly view: string; readonly title: string };
};

export type ConsoleRoute = PageRoute | ActRoute;

/** `rows` holds one more than `limit` where there are more; `next` names the last that is shown. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  placeOf: (row: T) => string,
): { rows: readonly T[]; next: string | undefined } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { rows: shown, next: rows.length > limit && last !== undefined ? placeOf(last) : undefined };
}
