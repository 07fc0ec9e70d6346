// What every request carries in ctx.state, and the types of our Koa: nothing here is `any`.
import type Koa from 'koa';
import type { Refusal } from '../errors.ts';

/** Whoever is signed in, as the engine's session tells it. */
export type Person = {
  accountId: string;
  sessionUid: string;
  /** When they proved who they are (auth_time), in seconds since 1970. */
  authTime: number;
  /** By what they proved it (amr, RFC 8176). */
  methods: readonly string[];
};

export type WebState = {
  requestId: string;
  /** The client's address in canonical form, behind trusted proxies theirs and not the proxy's. */
  address: string;
  /** What a limit counts: the /64 of an IPv6 address, an IPv4 address itself. */
  network: string;
  /** Why the request was refused: for the access log. */
  refusal?: Refusal;
  /** Further sources a form of this page may lead to (`formActionSource`). */
  formActions?: string[];
  /** The languages that the app asks for (ui_locales), before those of the browser. */
  uiLocales?: readonly string[];
  /** The language that the person has chosen for their account. */
  chosenLocale?: string;
  form?: Record<string, string>;
  json?: unknown;
  person?: Person;
  /** The pre-session this answer has just set, so that a second form on the page uses the same. */
  csrfSession?: string;
};

type Nothing = Record<never, never>;

export type WebApp = Koa<WebState, Nothing>;
export type WebContext = Koa.ParameterizedContext<WebState, Nothing>;
export type Middleware = Koa.Middleware<WebState, Nothing>;
