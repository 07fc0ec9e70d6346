// People of the tests, and what they do with a browser before the matter at hand.
import { createHash } from 'node:crypto';
import type { TestApp } from '../support/app.ts';
import type { FormRobot, Page } from '../support/form-robot.ts';

export const PASSWORD = 'brass wheels turn slowly';

export function emailOf(name: string): string {
  return `${name.toLowerCase()}@example.com`;
}

/** A browser at an address that is this name's alone, so that nobody uses up another's limits. */
export function browserOf(app: TestApp, name: string, headers: Record<string, string> = {}): FormRobot {
  const [a, b, c] = createHash('sha256').update(name).digest();
  return app.robot({ 'X-Forwarded-For': `10.${a}.${b}.${c}`, ...headers });
}

export async function signUp(robot: FormRobot, name: string): Promise<Page> {
  return robot.send(await robot.visit('/sign-up'), { name, email: emailOf(name), password: PASSWORD });
}

/** One POST, no redirect followed. */
export async function signIn(robot: FormRobot, email: string, password = PASSWORD): Promise<Page> {
  return robot.submit(await robot.get('/sign-in?prompt=login'), { email, password });
}

/** The session of a browser in another one: what a thief of the cookie has. */
export function copySession(from: FormRobot, to: FormRobot): void {
  for (const name of ['lk-session', 'lk-session.sig']) to.setCookie(name, from.cookie(name) ?? '');
}
