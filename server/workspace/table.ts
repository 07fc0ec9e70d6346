// The table of the pages for keys and teams: every route. The matrix of the tests is made from it.
import { appRoutes } from './app-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { serviceAccountRoutes } from './service-account-routes.ts';
import { teamRoutes } from './team-routes.ts';
import type { WorkspaceRoute } from './workspace-route.ts';

export const workspaceRoutes: readonly WorkspaceRoute[] = [
  ...keyRoutes('personal', '/account/keys'),
  ...teamRoutes,
  ...keyRoutes('team', '/teams/:team/keys'),
  ...serviceAccountRoutes,
  ...appRoutes,
];
