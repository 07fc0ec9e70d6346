// Ada, in a browser of her own, answers the code that a device shows: signs in, looks at it, decides.
import { type Decision, visitEntry } from '../support/devices.ts';
import type { FormRobot, Page } from '../support/form-robot.ts';
import type { World } from '../support/world.ts';

type Pairing = { decision?: Decision; robot?: FormRobot };

/** `link` is verification_uri_complete; answers the page after the decision. */
export async function answerCode(
  world: World,
  link: string,
  { decision = 'allow', robot = world.app.robot() }: Pairing = {},
): Promise<Page> {
  const { pathname, search } = new URL(link);
  const page = await visitEntry(robot, pathname + search);
  const question = await robot.send(page, {}, { action: '/device' });
  return robot.send(question, {}, { button: `decision=${decision}` });
}
