// The pages for keys and teams in each of their states, for the tests of all pages.

const NOON = 1_795_356_300;
const DAY = 86_400;

const lastUse = {
  at: NOON - 3 * DAY,
  address: '203.0.113.7',
  program: 'curl/8.5.0',
  resource: 'https://api.example/',
};
const key = {
  ...{
    id: 'key_1',
    name: 'Zapier',
    prefix: 'lk_',
    last_four: 'x4Qz',
    state: 'active',
    scopes: ['read:tasks'],
  },
  ...{ has_every_scope: false, networks: ['203.0.113.0/24'], resource: 'https://api.example/' },
  ...{ created_at: NOON - 90 * DAY, expires_at: NOON + 7 * DAY, last_use: lastUse },
  ...{ is_unused: false, is_ending: true, is_final: false, team_name: 'Looms' },
};
const keys = [
  key,
  { ...key, id: 'key_2', state: 'disabled', level: 'Read only', is_ending: false, team_name: undefined },
  { ...key, id: 'key_3', scopes: ['*'], has_every_scope: true, is_unused: true, last_use: undefined },
  { ...key, id: 'key_4', state: 'revoked', is_final: true, expires_at: undefined, is_ending: false },
  { ...key, id: 'key_5', state: 'expired', is_final: true, is_ending: false },
];
const own = { section: 'keys', typed: {} };
const looms = { id: 'team_1', name: 'Looms' };
const ofTeam = { section: 'teams', team: looms, typed: {} };
const form = {
  apis: [
    {
      ...{ identifier: 'https://api.example/', name: 'Kairos API' },
      scopes: [
        { scope: 'read:tasks', words: 'See your tasks' },
        { scope: 'write:tasks', words: '' },
      ],
    },
    {
      identifier: 'https://b.example/',
      name: 'Boards',
      scopes: [{ scope: 'read:boards', words: 'See boards' }],
    },
  ],
  ...{ levels: [{ level: 'read', name: 'Read only' }], lives: [7, 30, 90, 365], most: 20, teams: [looms] },
};
const member = {
  ...{ id: 'acct_1', name: 'Ada Lovelace', email: 'ada@example.com', role: 'owner', since: NOON - 9 * DAY },
  ...{ is_self: true, may_change: false, may_receive: false },
};
const grace = { ...member, id: 'acct_2', name: 'Grace Hopper', email: 'grace@example.com', role: 'admin' };
const invitation = { id: 'inv_1', email: 'zoe@example.com', role: 'member', expires_at: NOON + 7 * DAY };
const team = {
  ...{
    section: 'teams',
    typed: {},
    role: 'owner',
    manages: true,
    is_owner: true,
    has_keys: true,
    has_apps: true,
  },
  team: { ...looms, plan: 'pro', created_at: NOON - 90 * DAY },
  members: [member, { ...grace, is_self: false, may_change: true, may_receive: true }],
  ...{ roles: ['owner', 'admin', 'member'], invitations: [invitation] },
};
const invited = {
  id: 'inv_1',
  team_name: 'Looms',
  role: 'admin',
  expires_at: NOON,
  inviter: 'ada@example.com',
};

const machineKey = {
  ...{ kid: '0ovLKHXoxzjz2dAQj3yNXDYVqHOkFxzA6P0-NcvVlqE', algorithms: ['RS256'], state: 'in_force' },
  ...{ added_at: NOON - 40 * DAY, expires_at: undefined },
};
const machine = {
  ...{ id: 'sa_5rL2pQ9sT0vW1xY3zA4b', name: 'Reports', state: 'active', scopes: ['read:tasks'], lost: [] },
  ...{
    has_key: true,
    has_every: false,
    keepable: ['read:tasks', 'write:tasks'],
    responsible: 'ada@example.com',
    resource: 'https://api.example/',
  },
  ...{ created_at: NOON - 40 * DAY, last_used_at: NOON - 3 * DAY, not_before: NOON - 9 * DAY },
  ...{ last_used_address: '203.0.113.9', last_used_program: 'reports/2.1' },
  keys: [
    machineKey,
    { ...machineKey, kid: 'second', state: 'disabled', algorithms: ['EdDSA', 'Ed25519'] },
    { ...machineKey, kid: 'third', state: 'ended', added_at: undefined, expires_at: NOON - DAY },
  ],
};
const bare = { ...machine, id: 'sa_2', name: 'Nightly', keys: [], has_key: false, last_used_at: undefined };
const machines = [
  machine,
  { ...bare, state: 'disabled', responsible: undefined },
  { ...machine, id: 'sa_3', state: 'not_in_plan', scopes: [], lost: ['read:tasks'] },
];
const snippets = {
  node: "import { SignJWT } from 'jose';\n\nconst body = new URLSearchParams({ grant_type, assertion });",
  curl: 'curl https://id.example/token \\\n  --data-urlencode assertion@assertion.jwt',
};
const workloads = [
  {
    ...{ issuer: 'https://ci.example', name: 'CI', is_trusted: false },
    rules: [
      { claim: 'aud', values: ['https://id.example'] },
      { claim: 'repository', values: ['acme/shop', 'acme/mail'] },
    ],
  },
];

const ada = { name: 'Ada Lovelace', email: 'ada@example.com', is_admin: false };

const app = {
  ...{ id: 'client_4Yq1mX0Qw2bT', name: 'Loom board', type: 'web', auth: 'client_secret_basic' },
  ...{ state: 'allowed', is_verified: false, team_name: 'Looms', created_at: NOON - 9 * DAY },
  grants: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://board.example.com/cb', 'https://board.example.com/other'],
  post_logout_redirect_uris: ['https://board.example.com/bye'],
  ...{ scopes: ['openid', 'profile'], has_secret: true, changes: [], registered_by: 'ada@example.com' },
};
const pendingApp = { ...app, id: 'client_1', state: 'pending', asked_at: NOON - DAY, name: 'Shed' };
const changes = [
  { field: 'name', before: ['Loom board'], after: ['The board of the Looms'] },
  { field: 'team_name', before: ['Looms'], after: ['The Looms'] },
  { field: 'grants', before: ['authorization_code'], after: ['authorization_code', 'refresh_token'] },
  { field: 'scopes', before: ['openid'], after: ['openid', 'email'] },
  { field: 'redirect_uris', before: [], after: ['https://board.example.com/cb'] },
  { field: 'post_logout_redirect_uris', before: [], after: ['https://board.example.com/bye'] },
  { field: 'client_uri', before: [], after: ['https://board.example.com/'] },
  { field: 'policy_uri', before: ['https://board.example.com/privacy'], after: [] },
  { field: 'tos_uri', before: [], after: ['https://board.example.com/terms'] },
];
const appForm = {
  types: ['web', 'native', 'browser', 'service'],
  grants: [
    ...['authorization_code', 'refresh_token', 'client_credentials'],
    'urn:ietf:params:oauth:grant-type:device_code',
  ],
  groups: [
    {
      scopes: [
        { scope: 'openid', words: 'Know who you are (an identifier)' },
        { scope: 'profile', words: 'See your name' },
      ],
    },
    { name: 'Kairos API', scopes: [{ scope: 'read:tasks', words: '' }] },
  ],
  values: { ...app, client_uri: 'https://board.example.com/' },
  most: 10,
};

function sample(view: string, title: string, locals: Record<string, unknown>) {
  return { view, title, person: ada, locals };
}

export const workspaceSamples = {
  keys: sample('workspace/keys', 'API keys', { ...own, keys, most: 20, next: 'key_5' }),
  'keys-none': sample('workspace/keys', 'API keys', { ...own, keys: [], most: 20 }),
  'keys-team': sample('workspace/keys', 'API keys', {
    ...ofTeam,
    keys: keys.map((one) => ({ ...one, responsible: 'ada@example.com' })),
    most: 0,
  }),
  'key-new': sample('workspace/new-key', 'New API key', { ...own, ...form }),
  'key-new-wrong': sample('workspace/new-key', 'New API key', {
    ...{ ...ofTeam, ...form, teams: [], longest_seconds: 90 * DAY, lives: [7, 30, 90] },
    typed: { name: 'Zapier', may: 'chosen', scope_0: 'read:tasks', expires_at: 'date', cidr: 'everywhere' },
    error: { words: 'Please choose what the key may do.', param: 'scope' },
  }),
  'key-new-no-plan': sample('workspace/new-key', 'New API key', { ...own, ...form, most: 0 }),
  'key-one': sample('workspace/key', 'API key', {
    ...own,
    key,
    keepable: ['read:tasks', 'write:tasks'],
    lesser_levels: [],
  }),
  'key-team': sample('workspace/key', 'API key', {
    ...ofTeam,
    key: keys[1],
    keepable: [],
    lesser_levels: [{ level: 'read', name: 'Read only' }],
  }),
  'key-ended': sample('workspace/key', 'API key', { ...own, key: keys[3], keepable: [], lesser_levels: [] }),
  'key-reveal': sample('workspace/reveal', 'Copy your key now', {
    ...own,
    key: { id: 'key_1', name: 'Zapier', secret: 'lk_4fT0sample', resource: 'https://api.example/' },
  }),
  'key-reveal-everywhere': sample('workspace/reveal', 'Copy your key now', {
    ...own,
    key: { id: 'key_1', name: 'Zapier', secret: 'lk_4fT0sample' },
  }),
  'key-question': sample('workspace/question', 'Revoke this key?', {
    ...own,
    back: '/account/keys/key_1',
    question: {
      ...{ title: 'Revoke this key?', button: 'Revoke the key', subject: 'Zapier' },
      words: 'Whatever uses it stops working at once, and it never comes back.',
    },
  }),
  teams: sample('workspace/teams', 'Teams', {
    section: 'teams',
    typed: {},
    may_make: true,
    teams: [{ ...looms, role: 'owner' }],
    invitations: [invited],
  }),
  'teams-none': sample('workspace/teams', 'Teams', {
    section: 'teams',
    typed: {},
    may_make: true,
    teams: [],
    invitations: [],
  }),
  'teams-of-operators': sample('workspace/teams', 'Teams', {
    section: 'teams',
    typed: {},
    may_make: false,
    teams: [],
    invitations: [],
  }),
  team: sample('workspace/team', 'Team', team),
  'team-member': sample('workspace/team', 'Team', {
    ...team,
    role: 'member',
    manages: false,
    is_owner: false,
    has_keys: false,
    invitations: [],
  }),
  'team-no-invitation': sample('workspace/team', 'Team', {
    ...team,
    role: 'admin',
    is_owner: false,
    invitations: [],
  }),
  'service-accounts': sample('workspace/service-accounts', 'Service accounts', {
    ...{ ...ofTeam, accounts: machines, most: 100, snippets, next: 'sa_3' },
  }),
  'service-accounts-none': sample('workspace/service-accounts', 'Service accounts', {
    ...{ ...ofTeam, accounts: [], most: 100, snippets },
  }),
  'service-accounts-no-plan': sample('workspace/service-accounts', 'Service accounts', {
    ...{ ...ofTeam, accounts: [], most: 0, snippets },
  }),
  'service-account-new': sample('workspace/new-service-account', 'New service account', {
    ...{ ...ofTeam, apis: form.apis, most: 100 },
  }),
  'service-account-new-wrong': sample('workspace/new-service-account', 'New service account', {
    ...{ ...ofTeam, apis: form.apis, most: 100 },
    typed: { name: 'Reports', scope_0: 'read:tasks', source: 'given', key: 'nonsense' },
    error: { words: 'This is neither a JWK nor a PEM that can be read.', param: 'key' },
  }),
  'service-account-new-no-plan': sample('workspace/new-service-account', 'New service account', {
    ...{ ...ofTeam, apis: form.apis, most: 0 },
  }),
  'service-account-new-no-api': sample('workspace/new-service-account', 'New service account', {
    ...{ ...ofTeam, apis: [], most: 100 },
  }),
  'service-account': sample('workspace/service-account', 'Service account', {
    ...{ ...ofTeam, account: machine, workloads, snippets },
  }),
  'service-account-bare': sample('workspace/service-account', 'Service account', {
    ...{ ...ofTeam, account: { ...bare, state: 'disabled', lost: ['read:tasks'] }, workloads: [], snippets },
  }),
  'service-account-wrong': sample('workspace/service-account', 'Service account', {
    ...{ ...ofTeam, account: machine, workloads: [], snippets },
    typed: { source: 'given', expires_at: 'date', expires_on: '' },
    error: { words: 'Please give the day on which it ends.', param: 'expires_on' },
  }),
  'service-account-more': sample('workspace/widen-service-account', 'Let it do more', {
    ...{ ...ofTeam, account: { id: machine.id, name: machine.name, has_every: false }, apis: form.apis },
  }),
  'service-account-all': sample('workspace/widen-service-account', 'Let it do more', {
    ...{ ...ofTeam, account: { id: machine.id, name: machine.name, has_every: true }, apis: [] },
  }),
  'service-account-file': sample('workspace/service-account-file', 'Save the file now', {
    ...{ ...ofTeam, account: { id: machine.id, name: machine.name } },
    file: {
      name: `${machine.id}.json`,
      text: '{\n  "type": "service_account"\n}',
      base64: 'e30=',
    },
  }),
  apps: sample('workspace/apps', 'Apps', {
    ...{ ...ofTeam, most: 10, is_offered: true, next: 'client_3' },
    apps: [pendingApp, { ...app, asked_at: NOON }, { ...app, id: 'client_3', state: 'blocked' }],
  }),
  'apps-none': sample('workspace/apps', 'Apps', { ...ofTeam, most: 10, is_offered: true, apps: [] }),
  'apps-no-plan': sample('workspace/apps', 'Apps', { ...ofTeam, most: 0, is_offered: true, apps: [] }),
  'apps-not-offered': sample('workspace/apps', 'Apps', {
    ...ofTeam,
    most: 0,
    is_offered: false,
    apps: [app],
  }),
  'app-new': sample('workspace/new-app', 'New app', { ...ofTeam, ...appForm }),
  'app-new-wrong': sample('workspace/new-app', 'New app', {
    ...{ ...ofTeam, ...appForm },
    typed: { name: 'Shed', type: 'browser', redirect_uris: 'http://shed.example.com/cb', grant_0: 'x' },
    error: { words: 'This cannot be registered so.', param: 'redirect_uris' },
  }),
  'app-new-no-plan': sample('workspace/new-app', 'New app', { ...ofTeam, ...appForm, most: 0 }),
  'app-edit': sample('workspace/edit-app', 'Change the app', { ...ofTeam, ...appForm, app }),
  'app-edit-pending': sample('workspace/edit-app', 'Change the app', {
    ...{ ...ofTeam, ...appForm, app: pendingApp },
  }),
  'app-edit-blocked': sample('workspace/edit-app', 'Change the app', {
    ...{ ...ofTeam, ...appForm, app: { ...app, state: 'blocked' } },
    typed: { name: 'Shed', tos_uri: 'nowhere' },
    error: { words: 'This cannot be registered so.', param: 'tos_uri' },
  }),
  app: sample('workspace/app', 'App', {
    ...{ ...ofTeam, may_edit: true },
    app: { ...app, changes, asked_at: NOON, is_verified: true, second_ends_at: NOON + DAY },
  }),
  'app-pending': sample('workspace/app', 'App', { ...ofTeam, may_edit: true, app: pendingApp }),
  'app-declined': sample('workspace/app', 'App', {
    ...{ ...ofTeam, may_edit: true },
    app: {
      ...{ ...app, state: 'blocked', note: 'Whose name is this?', team_name: 'The Looms' },
      ...{ client_uri: 'https://board.example.com/', policy_uri: 'https://board.example.com/privacy' },
      tos_uri: 'https://board.example.com/terms',
    },
  }),
  'app-secret': sample('workspace/app-secret', 'Copy the secret now', {
    ...{ ...ofTeam, app: pendingApp, secret: 'lks_4fT0sample' },
  }),
  invitation: sample('workspace/invitation', 'Invitation', {
    section: 'teams',
    typed: {},
    invitation: invited,
  }),
};
