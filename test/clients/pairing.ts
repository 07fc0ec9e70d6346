// Ada, in a browser of her own, answers the code that a device shows: signs in, looks at it, decides.
import type { FormRobot, Page } from '../support/form-robot.ts';
import { PASSWORD, type World } from '../support/world.ts';

export type Pairing = { decision?: 'allow' | 'deny' | 'report'; robot?: FormRobot };

/** `link` is verification_uri_complete; answers the page after the decision. */
export async function answerCode(
  world: World,
  link: string,
  { decision = 'allow', robot = world.app.robot() }: Pairing = {},
): Promise<Page> {
  const { pathname, search } = new URL(link);
  let page = await robot.visit(pathname + search);
  if (page.html.includes('name="password"')) {
    page = await robot.send(page, { email: 'ada@example.com', password: PASSWORD }, { action: '/sign-in' });
  }
  const question = await robot.send(page, {}, { action: '/device' });
  return robot.send(question, {}, { button: `decision=${decision}` });
}
