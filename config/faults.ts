// Faults of the configuration in words: by dotted path, and never with a value, which may be a secret.
import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

const expectations: Readonly<Record<string, string>> = {
  string: 'text (in quotes, if it looks like something else)',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of settings',
  record: 'a mapping of names',
};

/** What is wrong with one value, for zod's `error` option. Rules of the schema bring their own words. */
export function describeIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return describeAbsence(issue.input) ?? `must be ${expectations[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return [describeAbsence(issue.input), describeChoice(issue.values)].filter(Boolean).join('; it ');
    case 'invalid_union':
      return describeAbsence(issue.input);
    case 'too_small':
      return `must ${describeAmount(issue.origin, 'least', issue.minimum)}`;
    case 'too_big':
      return `must ${describeAmount(issue.origin, 'most', issue.maximum)}`;
    default:
      return undefined;
  }
}

function describeAbsence(input: unknown): string | undefined {
  if (input === undefined) return 'is missing';
  return input === null ? 'is empty: give it a value or take the line out' : undefined;
}

function describeChoice(values: readonly unknown[]): string {
  return values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
}

function describeAmount(origin: string, bound: 'least' | 'most', amount: number | bigint): string {
  const isOne = Number(amount) === 1;
  if (origin === 'string') return `have at ${bound} ${amount} ${isOne ? 'character' : 'characters'}`;
  if (origin === 'array') return `have at ${bound} ${amount} ${isOne ? 'entry' : 'entries'}`;
  return `be at ${bound} ${amount}`;
}

/** One line for each fault: `clients[2].redirect_uris[0]: …`. `sources` names the variable that set a path. */
export function listFaults(
  issues: readonly z.core.$ZodIssue[],
  sources: ReadonlyMap<string, string>,
): string[] {
  return issues.flatMap((issue) =>
    expandIssue(issue).map(({ path, message }) => {
      const source = sources.get(path.filter((segment) => typeof segment === 'string').join('.'));
      return `${formatPath(path)}${source === undefined ? '' : ` (${source})`}: ${message}`;
    }),
  );
}

type Fault = { path: PropertyKey[]; message: string };

function expandIssue(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a setting' }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: issue.path, message }));
  }
  return [{ path: issue.path, message: issue.message }];
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, segment) => text + formatSegment(segment, text === ''), '') || 'the file';
}

function formatSegment(segment: PropertyKey, isFirst: boolean): string {
  if (typeof segment === 'number') return `[${segment}]`;
  const name = String(segment);
  if (/^[a-z_][\w-]{0,39}$/i.test(name)) return isFirst ? name : `.${name}`;
  // A value that slipped into the place of a key (a URL, a secret) must not be printed either.
  return /^[\w.:-]{1,40}$/.test(name) ? `["${name}"]` : '["…"]';
}
