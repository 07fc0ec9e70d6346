// A device that asks to be paired, and the person who answers its code in a browser (RFC 8628).
import { type Fields, type FormRobot, mainTextOf, type Page } from './form-robot.ts';
import type { Answer } from './program.ts';
import { type AppClient, basic, PASSWORD, type World } from './world.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** Allowed by its id alone, unless the settings say otherwise. */
export const CLI: AppClient = { id: 'latchkey-cli', secret: undefined, redirectUri: '' };
/** Tests ask more often than a device does. */
export const MANY_CODES = {
  limits: { 'device_code.issue': { max: 100_000, window_seconds: 60 } },
  device: { max_pending_per_network: 100 },
};

export type DeviceCode = {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
  interval: number;
};
export type Decision = 'allow' | 'deny' | 'report';
type Door = Pick<World, 'post' | 'token'>;
type Parameters = Readonly<Record<string, string | undefined>>;

/** POST /device/code, whatever comes of it. */
export function requestCode(
  door: Door,
  client: AppClient = CLI,
  parameters: Parameters = {},
): Promise<Answer> {
  const wanted = { client_id: client.id, scope: 'openid read:tasks', ...parameters };
  return door.post('/device/code', wanted, client.secret === undefined ? {} : basic(client));
}

/** The same where it must be answered. */
export async function askForCode(
  door: Door,
  client: AppClient = CLI,
  parameters: Parameters = {},
): Promise<DeviceCode> {
  const answer = await requestCode(door, client, parameters);
  if (answer.status !== 200) throw new Error(`no code: ${answer.status} ${answer.text}`);
  return answer.body as DeviceCode;
}

export function poll(door: Door, { device_code }: DeviceCode, client: AppClient = CLI): Promise<Answer> {
  return door.token(client, { grant_type: DEVICE_GRANT, device_code });
}

const ADA: Fields = { email: 'ada@example.com', password: PASSWORD };

/** The page where a code is entered, signing in first where that is asked. */
export async function visitEntry(robot: FormRobot, path: string, person: Fields = ADA): Promise<Page> {
  const page = await robot.visit(path);
  return page.html.includes('name="password"') ? robot.send(page, person, { action: '/sign-in' }) : page;
}

/** Enters the code; answers the page that asks for the decision. */
export async function enterCode(robot: FormRobot, userCode: string, person: Fields = ADA): Promise<Page> {
  const page = await visitEntry(robot, '/device', person);
  const question = await robot.send(page, { user_code: userCode }, { action: '/device' });
  if (question.status !== 200) throw new Error(`${question.status}: ${mainTextOf(question)}`);
  return question;
}

/** From the code to the decision; `fields` are what the person changes on the page, `lifetime` for one. */
export async function pair(
  robot: FormRobot,
  { user_code }: DeviceCode,
  { decision = 'allow', fields = {} }: { decision?: Decision; fields?: Fields } = {},
): Promise<Page> {
  const question = await enterCode(robot, user_code);
  const page = await robot.send(question, fields, { button: `decision=${decision}` });
  if (page.status !== 200) throw new Error(`${page.status}: ${mainTextOf(page)}`);
  return page;
}
