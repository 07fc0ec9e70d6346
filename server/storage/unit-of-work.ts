// The unit of work: what one request or command writes, collected and committed together, all or nothing.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Statement } from './statement.ts';

/** The place of a row in an append-only chain: assigned at the commit, in the order of commits. */
export type Position = { readonly node: string; readonly sequence: number; readonly previousHash: Buffer };

export type StatementWrite = {
  readonly kind: 'statement';
  readonly statement: Statement;
  /** How many rows must change; with another number the unit is rolled back with Conflict(conflict). */
  readonly expects: number | undefined;
  readonly conflict: string | undefined;
};

export type AppendWrite = {
  readonly kind: 'append';
  /** Builds the row for its place in the chain, and the hash that the next row refers to. */
  readonly build: (position: Position) => { statements: Statement[]; hash: Buffer };
};

export type Write = StatementWrite | AppendWrite;

/** An open unit. `memory` is its overlay: what it wrote, for its own reads before the commit. */
export type Unit = { readonly writes: Write[]; readonly memory: Map<string, unknown>; isOver: boolean };

export function createUnits(commit: (writes: readonly Write[]) => Promise<void>) {
  const open = new AsyncLocalStorage<Unit>();

  function current(): Unit {
    const unit = open.getStore();
    if (unit === undefined) throw new Error('a write outside of a unit of work');
    // Whatever somebody forgot to await would otherwise be lost without a word.
    if (unit.isOver) throw new Error('a write after its unit of work');
    return unit;
  }

  return {
    /** The open unit's overlay, or undefined outside of a unit. */
    findMemory(): Map<string, unknown> | undefined {
      return open.getStore()?.memory;
    },

    /**
     * Opens a unit and runs `act` in it. `act` gets a function that commits what was written so far.
     * Whatever is not committed when `act` ends is forgotten.
     */
    async run<T>(act: (commitNow: () => Promise<void>) => Promise<T>): Promise<T> {
      const unit: Unit = { writes: [], memory: new Map(), isOver: false };
      async function commitNow(): Promise<void> {
        const writes = unit.writes.splice(0);
        unit.memory.clear();
        if (writes.length > 0) await commit(writes);
      }
      try {
        return await open.run(unit, () => act(commitNow));
      } finally {
        unit.isOver = true;
      }
    },

    /**
     * Runs `act` in a unit of its own and commits it.
     * Throws Conflict when a compare-and-set of it was lost, StorageFault when the store cannot commit.
     */
    async transact<T>(act: () => Promise<T> | T): Promise<T> {
      return this.run(async (commitNow) => {
        const result = await act();
        await commitNow();
        return result;
      });
    },

    write(statement: Statement, options: { expects?: number; conflict?: string } = {}): void {
      current().writes.push({
        kind: 'statement',
        statement,
        expects: options.expects,
        conflict: options.conflict,
      });
    },

    append(build: AppendWrite['build']): void {
      current().writes.push({ kind: 'append', build });
    },
  };
}
