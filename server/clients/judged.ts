// What the rules of the configuration file say of a registration that is made elsewhere.
import { Refusal } from '../errors.ts';

/** A registration with its defaults, or what is wrong with it: one line for each fault, by path. */
export type Judged<T> =
  | { readonly value: T; readonly faults?: never }
  | { readonly value?: never; readonly faults: readonly string[] };

/** The value, with its defaults. Refuses with invalid_request and every fault at once; `param` is the first. */
export function getJudged<T>({ value, faults }: Judged<T>): T {
  if (faults === undefined) return value;
  const [param] = /^[\w.[\]]+(?=:)/.exec(faults[0] ?? '') ?? [];
  throw new Refusal('invalid_request', { words: faults.join('\n'), ...(param && { param }) });
}
