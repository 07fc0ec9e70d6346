// /teams/:team/apps: OAuth clients that a team registers, edits and deletes; an operator allows them. The acts are those of server/team-apps.
import { paramOf } from '../web/parameters.ts';
import { readKind, readSettings } from './app-form.ts';
import { appPlace, appsHome, loadApp, loadApps, loadEdit, loadNewApp, pathOfApp } from './app-pages.ts';
import { REVEAL_SECONDS } from './reveals.ts';
import type { Asked, Locals, PageRoute, WorkspaceParts, WorkspaceRoute } from './workspace-route.ts';

const APPS = '/teams/:team/apps';
const ONE = `${APPS}/:app`;

async function registerApp({ teamApps, reveals }: WorkspaceParts, asked: Asked): Promise<string> {
  let ticket = '';
  const wanted = { ...readKind(asked.form), ...readSettings(asked.form) };
  const { id } = await teamApps.register(asked.actor, paramOf(asked, 'team'), {
    ...wanted,
    alsoInUnit: (made) => {
      if (made.secret !== undefined) ticket = reveals.keep(asked.account.id, made.id, made.secret);
    },
  });
  const path = pathOfApp({ ...asked.params, app: id });
  return ticket === '' ? path : `${path}/secret/${ticket}`;
}

async function rotateSecret({ teamApps, reveals }: WorkspaceParts, asked: Asked): Promise<string> {
  const place = appPlace(asked);
  let ticket = '';
  await teamApps.rotateSecret(asked.actor, place, ({ secret }) => {
    ticket = reveals.keep(asked.account.id, place.id, secret);
  });
  return `${pathOfApp(asked.params)}/secret/${ticket}`;
}

async function loadSecret(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const locals = await loadApp(parts, asked);
  const secret = await parts.reveals.take(asked.account.id, appPlace(asked).id, {
    ticket: paramOf(asked, 'ticket'),
    gone: 'The secret was shown already, or you came too late for it. Make another one.',
  });
  return { ...locals, secret, life_seconds: REVEAL_SECONDS };
}

const list: PageRoute = {
  ...{ kind: 'page', path: APPS, view: 'workspace/apps', title: 'Apps', load: loadApps },
};
const making: PageRoute = {
  ...{ kind: 'page', path: `${APPS}/new`, view: 'workspace/new-app', title: 'New app', isFresh: true },
  load: loadNewApp,
};
const one: PageRoute = { kind: 'page', path: ONE, view: 'workspace/app', title: 'App', load: loadApp };
const editing: PageRoute = {
  ...{ kind: 'page', path: `${ONE}/edit`, view: 'workspace/edit-app', title: 'Change the app' },
  load: loadEdit,
};
const shown: PageRoute = {
  ...{ kind: 'page', path: `${ONE}/secret/:ticket`, view: 'workspace/app-secret', isFresh: true },
  ...{ title: 'Copy the secret now', load: loadSecret },
};

export const appRoutes: readonly WorkspaceRoute[] = [
  ...[list, making, one, editing, shown],
  { kind: 'act', path: making.path, shownOn: making, isFresh: true, act: registerApp },
  {
    ...{ kind: 'act', path: editing.path, shownOn: editing },
    async act({ teamApps }, asked) {
      await teamApps.change(asked.actor, appPlace(asked), readSettings(asked.form));
      return pathOfApp(asked.params);
    },
  },
  { kind: 'act', path: `${ONE}/rotation`, shownOn: one, isFresh: true, act: rotateSecret },
  {
    ...{ kind: 'question', path: `${ONE}/deletion`, section: 'teams', isFresh: true, back: pathOfApp },
    title: 'Delete this app?',
    words:
      'Nobody can sign in with it any more, and everything that it has is dead at once. Its id never comes back.',
    button: 'Delete the app',
    subject: async ({ teamApps }, asked) =>
      (await teamApps.get(asked.actor, appPlace(asked))).registration.name,
    async act({ teamApps }, asked) {
      await teamApps.remove(asked.actor, appPlace(asked));
      return appsHome(asked.params);
    },
  },
];
