// What others named could not be had: never our fault, so callers turn it into a refusal of their own.

export type OutboundFault =
  | 'forbidden'
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'too_large'
  | 'circuit_open'
  | 'not_a_key_set';

/** `message` is for the log: whoever named the address must not learn from it what stands behind it. */
export class OutboundFailure extends Error {
  readonly fault: OutboundFault;

  constructor(fault: OutboundFault, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'OutboundFailure';
    this.fault = fault;
  }
}
