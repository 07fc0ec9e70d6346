// Script on our own pages: a signed-in browser that calls /v1/keys with its cookies and the token of a form.

import type { Answer } from '../support/program.ts';
import { PASSWORD } from '../support/world.ts';
import type { KeyWorld } from './key-world.ts';

const COOKIES = ['lk-session', 'lk-session.sig', 'lk-csrf'];

/** Signs in and answers `call`, which sends what such a page would; `headers` may take something away. */
export async function signInBrowser(world: KeyWorld, email = 'ada@example.com') {
  const robot = world.app.robot();
  await robot.send(await robot.visit('/sign-in'), { email, password: PASSWORD }, { action: '/sign-in' });
  const page = await robot.visit('/account/password');
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  const cookie = COOKIES.map((name) => `${name}=${robot.cookie(name)}`).join('; ');
  const origin = world.app.config.issuer;

  return function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return world.request(path, {
      method,
      headers: {
        ...{ Cookie: cookie, 'X-CSRF-Token': csrf, Origin: origin, 'Sec-Fetch-Site': 'same-origin' },
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
}
