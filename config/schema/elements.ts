// What settings are made of: numbers with their bounds, lists, and rules over several settings.
import { z } from 'zod';

export const TEN_YEARS_SECONDS = 315_360_000;

type FaultFinder = (value: string) => string | undefined;

export function textWithout(findFault: FaultFinder) {
  return z.string().superRefine((value, context) => {
    const fault = findFault(value);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });
}

export function whole(fallback: number, reason: string, { min = 1, max = 1_000_000 } = {}) {
  return z.int().min(min).max(max).default(fallback).describe(reason);
}

export function seconds(fallback: number, reason: string, { min = 1, max = TEN_YEARS_SECONDS } = {}) {
  return whole(fallback, reason, { min, max });
}

export function flag(fallback: boolean, reason: string) {
  return z.boolean().default(fallback).describe(reason);
}

export function list<T extends z.ZodType>(item: T, reason: string) {
  return z.array(item).default([]).describe(reason);
}

/**
 * Runs a rule over several settings although another one of the section is at fault, so that every fault
 * is told at once: the rule is left out only when a setting that it reads is itself at fault.
 */
export function reads(...fields: string[]) {
  return ({ issues }: z.core.ParsePayload): boolean =>
    !issues.some(({ path = [], code }) => {
      const field = path[0];
      return field === undefined ? code === 'invalid_type' : fields.includes(String(field));
    });
}

export type Place = { value: unknown; path: (string | number)[] };

/** Every value once, whatever it stands for; one that is no text is a fault of another rule. */
export function refineUnique(places: Place[], message: string, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const { value, path } of places) {
    if (typeof value !== 'string') continue;
    if (seen.has(value)) context.addIssue({ code: 'custom', path, message });
    seen.add(value);
  }
}
