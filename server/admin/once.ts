// An option that takes one value is given once: of two the last would win, and nobody would see it.
import type { Command, Option } from 'commander';
import { Refusal } from '../errors.ts';
import { collect, collectNames } from './options.ts';

function takesOne({ parseArg, variadic }: Option): boolean {
  return !variadic && parseArg !== collect && parseArg !== collectNames;
}

function refuseSecond(option: Option): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count === 2) throw new Refusal('invalid_request', { words: `${option.long} is given twice.` });
  };
}

/** For this command and all under it. */
export function takeOptionsOnce(command: Command): void {
  for (const option of command.options) {
    if (option.required && takesOne(option)) command.on(`option:${option.name()}`, refuseSecond(option));
  }
  for (const inner of command.commands) takeOptionsOnce(inner);
}
