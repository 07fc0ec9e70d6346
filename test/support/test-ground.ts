// How a test worker asks the test run (global-setup.ts) for what exists once.
import { inject } from 'vitest';

/** Answers the JSON of `name`, or throws with the reason why it cannot be had. */
export async function askTestGround<T>(name: 'postgres' | 'chromium'): Promise<T> {
  const response = await fetch(`${inject('testGroundUrl')}/${name}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}
