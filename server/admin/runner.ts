// Runs one command: opens what it needs, prints its answer as JSON or as text, and closes again.
import type { Config } from '../../config/schema.ts';
import { describeFault, type Fault } from './faults.ts';
import type { AdminParts } from './parts.ts';
import { visible } from './text.ts';

/** What the command line gets from cli.ts: the outside world, and the parts of the program when they are needed. */
export type Door = {
  loadConfig(): Promise<Config>;
  /** config/schema.ts: below app.ts nobody may import it, so it is handed down. */
  isLoopbackHost(hostname: string): Promise<boolean>;
  open(): Promise<AdminParts & { close(): Promise<void> }>;
  /** Everything on standard input. */
  readInput(): Promise<string>;
  write(text: string): void;
  writeError(text: string): void;
  readonly person: Person;
};

/** Whoever signs in at this terminal. */
export type Person = {
  /** Where programs of this person keep their settings. */
  findConfigFolder(): Promise<string>;
  /** Is anybody there who could use a browser? */
  isTerminal(): boolean;
  /** Aborted by Ctrl-C. */
  interruption(): AbortSignal;
};

type Answering<T> = {
  /** For people; with --json the value itself is printed. */
  describe(value: T): string;
  /** Is this answer bad news, so that the exit status is 1? */
  isFailure?(value: T): boolean;
};

const BAR_WIDTH = 40;

export function createRunner(door: Door, isJson: () => boolean) {
  let hasFailed = false;

  function print<T>(value: T, { describe, isFailure }: Answering<T>): void {
    if (isFailure?.(value) === true) hasFailed = true;
    door.write(`${isJson() ? JSON.stringify(value) : describe(value)}\n`);
  }

  return {
    door,

    hasFailed: (): boolean => hasFailed,

    async run<T>(act: () => Promise<T>, answering: Answering<T>): Promise<void> {
      print(await act(), answering);
    },

    /** The same with the parts of the program, which are closed before anything is printed. */
    async runWithParts<T>(act: (parts: AdminParts) => Promise<T>, answering: Answering<T>): Promise<void> {
      const parts = await door.open();
      let value: T;
      try {
        value = await act(parts);
      } finally {
        await parts.close();
      }
      print(value, answering);
    },

    /** How far a long act is, on a terminal only; the last call ends the line. */
    showProgress(done: number, total: number): void {
      if (!door.person.isTerminal()) return;
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const bar = '#'.repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
      door.writeError(`\r[${bar}] ${Math.floor(share * 100)} %${share === 1 ? '\n' : ''}`);
    },

    /** Before the answer; with --json on standard error, since the answer is one value. */
    tell<T>(value: T, describe: (value: T) => string): void {
      if (isJson()) door.writeError(`${JSON.stringify(value)}\n`);
      else door.write(`${describe(value)}\n`);
    },

    fail(error: unknown): void {
      hasFailed = true;
      const fault = describeFault(error);
      door.writeError(`${isJson() ? JSON.stringify(fault) : describeForPeople(fault)}\n`);
    },
  };
}

export type Runner = ReturnType<typeof createRunner>;

function describeForPeople(fault: Fault): string {
  return fault.error_description.split('\n').map(visible).join('\n');
}
