// What an operation of the management API is: data, from which the routes, the checks, the document and the tests are made.
import { z } from 'zod';
import type { AdminParts } from '../admin/parts.ts';
import type { ApiKey } from '../api-keys/api-key.ts';
import type { ManagementScope, OwnScope } from '../resources/management.ts';
import { type Actor, asOperator } from '../teams/admission.ts';

export type Caller = {
  /** As the audit log names it: `client:…`, or `account:…` of an administrator. */
  readonly actor: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Whoever acts in their own name: a person, or one of their keys. Nobody for those who have the scopes of the server. */
  readonly self?: {
    readonly actor: Actor;
    readonly key?: ApiKey;
    readonly isForeignApp?: boolean;
    /** Of a session: they signed in too long ago to give anybody more. */
    readonly isStale?: boolean;
  };
};

/** In whose name it is done: their own, or the server's. */
export function actorOf({ actor, self }: Caller): Actor {
  return self?.actor ?? asOperator(actor);
}

type Input<P, Q, B> = {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
  /** Of creations: keeps the answer for who asks again, in the open unit. */
  readonly remember: (answer: unknown) => void;
};

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

type Common = {
  /** Names it in the document (operationId). */
  readonly id: string;
  readonly method: Method;
  /** With `{name}` for each of `params`. */
  readonly path: string;
  readonly scope: ManagementScope;
  /** With it people may call for what is theirs: an app of theirs with this scope, or they themselves, signed in. */
  readonly own?: OwnScope;
  /** Only for whoever has just signed in, where they come with a session; as every creation is (row G04). */
  readonly isFresh?: boolean;
  readonly summary: string;
  /** What callers should know beside it. */
  readonly description?: string;
  readonly status: 200 | 201 | 204;
  readonly example?: { readonly body?: unknown; readonly answer?: unknown };
};

export type Operation = Common & {
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject | undefined;
  /** undefined with 204. */
  readonly answer: z.ZodObject | undefined;
  readonly act: (parts: AdminParts, input: Input<never, never, never>) => Promise<unknown>;
};

/** The operations of one noun. */
export type Noun = { readonly name: string; readonly operations: readonly Operation[] };

const nothing = z.strictObject({});
type Nothing = typeof nothing;

type Typed<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodObject,
  A extends z.ZodObject,
> = Common & {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: A;
  readonly act: (
    parts: AdminParts,
    input: Input<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<z.input<A> | undefined>;
};

/** Ties the act to its schemas; who runs it has parsed its input with them. */
export function operation<
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodObject = Nothing,
  A extends z.ZodObject = Nothing,
>({ params, query, body, answer, act, ...common }: Typed<P, Q, B, A>): Operation {
  return {
    ...common,
    params: params ?? nothing,
    query: query ?? nothing,
    body,
    answer,
    act: act as unknown as Operation['act'],
  };
}
