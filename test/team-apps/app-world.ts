// Looms, Ada's team, with its app Loom board; Grace administers the server. Each in a browser of her own.
import { asPerson } from '../../server/teams/admission.ts';
import type { TestAppOptions } from '../support/app.ts';
import type { FormRobot, Page } from '../support/form-robot.ts';
import { type AppClient, PASSWORD } from '../support/world.ts';
import { createWorkspaceWorld } from '../workspace/workspace-world.ts';

export const CALLBACK = 'https://shed.example.com/cb';

export async function createAppWorld(options: TestAppOptions = {}) {
  const world = await createWorkspaceWorld(options);
  const { parts, team } = world;
  const home = `/teams/${team.id}/apps`;
  const ada = await world.signedIn('ada@example.com');
  await parts.accounts.register(
    { email: 'root@example.com', name: 'Margaret Hamilton', password: PASSWORD, isAdmin: true },
    'operator',
  );
  const operator = await world.signedIn('root@example.com');
  const fields = {
    ...{ name: 'Shed', type: 'web', auth: 'client_secret_basic', redirect_uris: CALLBACK },
    ...{ grant_0: 'authorization_code', grant_1: 'refresh_token', scope_0: 'openid', scope_1: 'profile' },
  };

  function fillIn(change: Record<string, string> = {}, robot: FormRobot = ada): Promise<Page> {
    return robot
      .get(`${home}/new`)
      .then((page) => robot.submit(page, { ...fields, ...change }, { action: `${home}/new` }));
  }

  /** From the form to the page that shows the secret, where there is one. */
  async function make(change: Record<string, string> = {}) {
    const sent = await fillIn(change);
    if (sent.location === undefined) throw new Error(`not registered: ${sent.status} ${sent.html}`);
    const shown = await ada.get(new URL(sent.location).pathname);
    const [id = ''] = /client_[\w-]+/.exec(sent.location) ?? [];
    const [secret] = /\blks_[\w-]+\b/.exec(shown.html) ?? [];
    const app: AppClient = { id, secret, redirectUri: change.redirect_uris ?? CALLBACK };
    return { sent, shown, app, path: `${home}/${id}` };
  }

  /** What an administrator's page of it says is seen. */
  async function revisionOf(id: string): Promise<string> {
    const { html } = await operator.get(`/admin/clients/${id}`);
    return /approval\/([\w-]+)/.exec(html)?.[1] ?? '';
  }

  /** With one click, on the page of the client. */
  async function allow(id: string): Promise<Page> {
    const page = await operator.get(`/admin/clients/${id}`);
    return operator.send(page, {}, { action: `/admin/clients/${id}/approval/${await revisionOf(id)}` });
  }

  async function edit(path: string, change: Record<string, string>, robot: FormRobot = ada): Promise<Page> {
    const page = await robot.get(`${path}/edit`);
    return robot.send(page, change, { action: `${path}/edit` });
  }

  return {
    ...{ ...world, home, fields, browser: ada, operator, fillIn, make, revisionOf, allow, edit },
    asAda: asPerson(world.ada),
  };
}

export type AppWorld = Awaited<ReturnType<typeof createAppWorld>>;
