// A device that asks to be paired, and people who come to the page where its code is entered.
import { createHash, randomBytes } from 'node:crypto';
import type { FormRobot, Page } from '../support/form-robot.ts';
import { PASSWORD, type World } from '../support/world.ts';

export const CLI = 'latchkey-cli';
export const SCOPE = 'openid email read:tasks write:tasks';
export const BROWSER = '198.51.100.7';
/** With these settings a test says with X-Forwarded-For where somebody is. */
export const PROXIED = { trusted_proxies: ['127.0.0.0/8'] };

export type Code = { device_code: string; user_code: string; verification_uri_complete: string };

export function createDeviceVisits(world: World) {
  /** POST /device/code, as the device does it. */
  async function ask(parameters: Record<string, string> = {}, headers: Record<string, string> = {}) {
    const answer = await world.post('/device/code', { client_id: CLI, scope: SCOPE, ...parameters }, headers);
    if (answer.status !== 200)
      throw new Error(`no code: ${answer.status} ${answer.text} ${parameters.client_id ?? CLI}`);
    return answer.body as Code;
  }

  /** One poll; it is not the first one's business that they are honest, so tests poll once. */
  function poll(code: Code, clientId = CLI) {
    return world.post('/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: code.device_code,
      client_id: clientId,
    });
  }

  /** A person of their own. */
  async function register(name: string) {
    const email = `${name.toLowerCase()}-${randomBytes(4).toString('hex')}@example.com`;
    const account = await world.app.parts.accounts.register({ email, name, password: PASSWORD }, 'operator');
    return { ...account, email };
  }

  /** Their browser, signed in, at this address. */
  async function arrive(email = 'ada@example.com', address = BROWSER): Promise<FormRobot> {
    const robot = world.app.robot({ 'X-Forwarded-For': address });
    await robot.send(await robot.get('/sign-in'), { email, password: PASSWORD });
    return robot;
  }

  /** Types the code into the form. */
  async function enter(robot: FormRobot, typed: string): Promise<Page> {
    return robot.submit(await robot.get('/device'), { user_code: typed }, { button: 'Continue' });
  }

  function decide(
    robot: FormRobot,
    page: Page,
    decision: 'allow' | 'deny' | 'report',
    fields: Record<string, string | undefined> = {},
  ): Promise<Page> {
    return robot.submit(page, fields, { button: `decision=${decision}` });
  }

  return { ask, poll, register, arrive, enter, decide };
}

export type DeviceVisits = ReturnType<typeof createDeviceVisits>;

/** A user code that nobody has: eight letters of the alphabet, others for every number. */
export function wrongCode(number: number): string {
  const letters = 'BCDFGHJKLMNPQRSTVWXZ';
  const bytes = createHash('sha256').update(`wrong ${number}`).digest();
  return [...bytes.subarray(0, 8)].map((byte) => letters[byte % 20]).join('');
}
