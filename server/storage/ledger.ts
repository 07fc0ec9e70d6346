// The head of an append-only hash chain: one chain per writer, so that no two writers wait for each other.
import type { Statement } from './statement.ts';
import type { Position } from './unit-of-work.ts';

const NOTHING_BEFORE = Buffer.alloc(32);

type Head = { sequence: number; hash: Buffer };
type Build = (position: Position) => { statements: Statement[]; hash: Buffer };

/** `node` names the chain and is new at each start: a chain begins at sequence 1 after 32 zero bytes. */
export function createLedger(node: string) {
  let head: Head = { sequence: 0, hash: NOTHING_BEFORE };

  return {
    node,

    append(build: Build): Statement[] {
      const position = { node, sequence: head.sequence + 1, previousHash: head.hash };
      const { statements, hash } = build(position);
      head = { sequence: position.sequence, hash };
      return statements;
    },

    mark: (): Head => head,

    /** Takes back what was appended since the mark, when its transaction was rolled back. */
    reset(mark: Head): void {
      head = mark;
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;
