// What the doctor says of one thing that it looked at: a sentence of the catalogue for pages, in English for programs.
import { createWords, type Values } from '../web/words.ts';

export type Finding = {
  readonly check: string;
  /** error: something does not work or is not safe. warning: somebody should know. */
  readonly level: 'ok' | 'warning' | 'error';
  /** An ICU message where there are values; otherwise a text as it is. */
  readonly sentence: string;
  readonly values?: Values;
};

export type SpokenFinding = Pick<Finding, 'check' | 'level'> & { readonly words: string };

const MOST_NAMES = 20;

/** For sentences that name things: `{names}`, and in `{more}` how many stay unnamed. */
export function nameSome(names: readonly string[]): { names: string; more: number } {
  return {
    names: names.slice(0, MOST_NAMES).join(', '),
    more: Math.max(0, names.length - MOST_NAMES),
  };
}

const english = createWords(new Map()).choose([]);

export function speak({ check, level, sentence, values }: Finding): SpokenFinding {
  return { check, level, words: english.say(sentence, values) };
}
