// Opens a page in the person's browser, where there is one; where there is none the printed address does.
import { spawn } from 'node:child_process';

export function openBrowser(address: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  // No shell: the address was written by a server.
  const child = spawn(program, [address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
