// What a caller sends, judged by the schemas of the operation: unknown members are refused (row G05), every fault is told.
import type { z } from 'zod';
import { Refusal } from '../errors.ts';

type Fault = { param: string; words: string };

function nameOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function describe(issue: z.core.$ZodIssue): Fault[] {
  const param = nameOf(issue.path);
  if (issue.code !== 'unrecognized_keys') return [{ param, words: issue.message }];
  return issue.keys.map((key) => ({
    param: nameOf([...issue.path, key.slice(0, 64)]),
    words: 'is not known here',
  }));
}

/** In words that need no zod to be understood; never with the value, which may be a secret. */
const sayPlainly: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  if (issue.code === 'too_small') return `must be or have at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be or have at most ${issue.maximum}`;
  return undefined;
};

/** Refuses with invalid_request. */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value, { error: sayPlainly });
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap(describe);
  const words = faults.map((fault) => `${fault.param || 'The body'}: ${fault.words}`).join('\n');
  const param = faults[0]?.param;
  throw new Refusal('invalid_request', { words, ...(param && { param }) });
}

/** Refuses with invalid_request a parameter that comes twice. */
export function readQuery(text: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in query) {
      throw new Refusal('invalid_request', {
        words: 'A parameter was sent twice.',
        param: name.slice(0, 64),
      });
    }
    query[name] = value;
  }
  return { ...query };
}
