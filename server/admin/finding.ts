// What the doctor says of one thing that it looked at.

export type Finding = {
  readonly check: string;
  /** error: something does not work or is not safe. warning: somebody should know. */
  readonly level: 'ok' | 'warning' | 'error';
  readonly words: string;
};
