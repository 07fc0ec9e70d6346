// Where the tests may put what other users of the machine must reach.
import { chmodSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

/**
 * The directory for temporary files. Root's own may be closed to others, and PostgreSQL refuses to run as root;
 * then it is a public one.
 */
export function temporaryRoot(): string {
  if (process.getuid?.() !== 0) return tmpdir();
  return [tmpdir(), '/tmp', '/var/tmp'].find(isOpenToAll) ?? tmpdir();
}

/** Lets everybody enter (not list, not write) a directory that mkdtemp made for us alone. */
export function letOthersEnter(directory: string): void {
  chmodSync(directory, 0o711);
}

function isOpenToAll(directory: string): boolean {
  const mayEnter = ((statSync(directory, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) !== 0;
  return mayEnter && (dirname(directory) === directory || isOpenToAll(dirname(directory)));
}
