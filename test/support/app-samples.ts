// The pages for the apps of a team in each of their states, for the tests of all pages.

const NOON = 1_795_356_300;
const DAY = 86_400;

const grace = { name: 'Grace Hopper', email: 'grace@example.com', is_admin: false };
const ofTeam = { section: 'teams', team: { id: 'team_1', name: 'Looms', plan: 'pro' }, typed: {} };

const app = {
  ...{ id: 'client_8sKq2Vd0Lm3N', name: 'Shop', type: 'web', auth: 'client_secret_basic', state: 'allowed' },
  grants: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'email', 'read:tasks'],
  redirect_uris: ['https://shop.example.com/a/very/long/way/back/from/the/sign-in/callback'],
  post_logout_redirect_uris: ['https://shop.example.com/bye'],
  ...{ client_uri: 'https://shop.example.com/', policy_uri: 'https://shop.example.com/privacy', tos_uri: '' },
  ...{ is_verified: true, team_name: 'Brass Wheels', created_at: NOON - 90 * DAY, asked_at: NOON - DAY },
  ...{ has_secret: true, second_ends_at: NOON + DAY, is_declared: false, registered_by: 'ada@example.com' },
  changes: [{ field: 'scopes', before: ['openid', 'email'], after: ['openid', 'email', 'read:tasks'] }],
};
const waiting = { ...app, id: 'client_2', state: 'pending', is_verified: false, changes: [] };
const refused = { ...waiting, id: 'client_3', state: 'blocked', note: 'The name is that of another shop.' };

const form = {
  types: ['web', 'browser', 'native', 'service'],
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  groups: [
    { name: undefined, scopes: [{ scope: 'openid', words: 'Know who you are (an identifier)' }] },
    {
      name: { en: 'Kairos API', de: 'Kairos-API' },
      scopes: [{ scope: 'read:tasks', words: 'Alpha' }],
    },
  ],
  values: app,
};
const wrong = { words: 'Please choose what the key may do.', param: 'redirect_uris' };

function sample(view: string, title: string, locals: Record<string, unknown>) {
  return { view: `workspace/${view}`, title, person: grace, locals: { ...ofTeam, ...locals } };
}

export const appSamples = {
  apps: sample('apps', 'Apps', {
    ...{ apps: [app, waiting, refused], most: 10, is_offered: true, next: 'client_3', is_later: true },
  }),
  'apps-none': sample('apps', 'Apps', { apps: [], most: 10, is_offered: true, is_later: false }),
  'apps-no-plan': sample('apps', 'Apps', { apps: [], most: 0, is_offered: true, is_later: false }),
  'app-new': sample('new-app', 'New app', { ...form, most: 10 }),
  'app-new-wrong': sample('new-app', 'New app', {
    ...{ ...form, most: 10, error: wrong },
    typed: { type: 'browser', name: 'Shop', redirect_uris: 'shop' },
  }),
  'app-one': sample('app', 'App', { app, may_edit: true }),
  'app-waiting': sample('app', 'App', { app: waiting, may_edit: true }),
  'app-refused': sample('app', 'App', { app: refused, may_edit: true }),
  'app-edit': sample('edit-app', 'Change the app', { ...form, app }),
  'app-secret': sample('app-secret', 'Copy the secret now', {
    ...{ app: waiting, secret: 'lks_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG', life_seconds: 600 },
  }),
};
