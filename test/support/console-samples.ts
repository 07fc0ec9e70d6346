// The administrator's pages in each of their states, for the tests of all pages.

const NOON = 1_795_356_300;
const HOUR = 3600;

const grace = { name: 'Grace Hopper', email: 'grace@example.com', is_admin: true };
const counted = { count: 3, isMore: false };
const many = { count: 10_000, isMore: true };
const halves = { allowed: counted, blocked: { count: 1, isMore: false } };

const ada = {
  ...{
    id: 'acct_1',
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    role: 'member',
    admin: false,
    plan: 'pro',
  },
  ...{ email_verified_at: NOON, created_at: NOON - 900 * HOUR, disabled_at: null },
};
const people = [
  ada,
  { ...ada, id: 'acct_2', name: 'Ida', admin: true, email_verified_at: null, disabled_at: NOON },
];

const event = {
  ...{ type: 'client.blocked', words: 'A client was blocked; everything issued to it is dead', at: NOON },
  ...{ has_failed: false, reason: null, actor: 'account:acct_2', grant_id: null, request_id: 'req_1' },
  person: { id: 'acct_1', email: 'ada@example.com', is_here: true },
  client: { id: 'notes', name: 'Notes', is_here: true },
  by: { id: 'acct_2', email: 'grace@example.com', is_here: true },
  details: [{ name: 'name', value: 'Notes' }],
};
const events = [
  event,
  ...['operator', 'system', 'anonymous', 'api_key:key_1'].map((actor) => ({
    ...{ ...event, actor, by: undefined, has_failed: true, reason: 'wrong_password', grant_id: 'grant_1' },
    ...{ person: { id: 'acct_3', is_here: false }, client: { id: 'iss_1', name: 'CI', is_here: false } },
  })),
  {
    ...event,
    person: undefined,
    client: undefined,
    by: undefined,
    by_client: { id: 'gone', is_here: false },
  },
];

const asking = [
  {
    ...{ client_id: 'client_1', name: 'Loom board', team_name: 'Looms', state: 'pending', asked_at: NOON },
    blocked_at: NOON,
  },
  { client_id: 'client_2', name: 'Shed', team_name: 'Looms', state: 'allowed', asked_at: NOON - HOUR },
];
const changes = [
  { field: 'name', before: ['Shed'], after: ['The shed of the Looms'] },
  { field: 'redirect_uris', before: [], after: ['https://shed.example.com/cb'] },
];
const ofTeam = {
  ...{ team_id: 'team_1', team_name: 'Looms', registered_by: 'ada@example.com', asked_at: NOON - HOUR },
  revision: 'Zm9vYmFyYmF6cXV4',
};
const requests = [{ client_id: 'acme-cli', first_at: NOON - HOUR, last_at: NOON, count: 4 }];
const findings = [
  {
    ...{ title: 'Trusted issuers', level: 'error', values: { names: 'https://ci.example.com/a/b', more: 2 } },
    sentence:
      'Nobody gets a token from these issuers, whose keys cannot be fetched: {names}{more, plural, =0 {} other { and # more}}.',
  },
  {
    ...{ title: 'Mail', level: 'warning' },
    sentence: 'There is no SMTP server, so nobody can reset a password. Set LATCHKEY_SMTP_URL.',
  },
  { title: 'PKCE', level: 'ok', sentence: 'Every client needs PKCE.' },
];

const client = {
  ...{ client_id: 'notes', name: 'Notes', type: 'web', state: 'allowed', source: 'database', resource: null },
  ...{
    auth: 'client_secret_basic',
    grants: ['authorization_code'],
    redirect_uris: ['https://notes.example.com/cb'],
  },
  ...{ origins: ['https://notes.example.com'], scopes: ['openid', 'read:tasks'], jwks_uri: null, pkce: true },
  ...{
    backchannel_logout_uri: null,
    first_party: false,
    verified: false,
    created_at: NOON,
    blocked_at: null,
  },
};
const grant = {
  ...{
    id: 'grant_1',
    account_id: 'acct_1',
    email: 'ada@example.com',
    client_id: 'notes',
    kind: 'authorization',
  },
  ...{
    scopes: ['openid', 'read:tasks'],
    created_at: NOON,
    last_used_at: NOON,
    client: { id: 'notes', name: 'Notes' },
  },
};

const person = {
  ...{ person: ada, is_own: false, grants: [grant, { ...grant, kind: 'device', last_used_at: null }] },
  sessions: [{ uid: 'ses_1', address: '203.0.113.7', program: 'Firefox', createdAt: NOON, lastSeenAt: NOON }],
  keys: [
    {
      ...{ id: 'key_1', name: 'Zapier', prefix: 'lk_', last_four: 'aB3d', scopes: ['read:tasks'] },
      ...{ created_at: NOON, disabled_at: NOON, last_used_at: null },
    },
  ],
  teams: [{ id: 'team_1', name: 'Looms', role: 'owner', plan: 'pro' }],
};

const keys = ['in_force', 'disabled', 'ended', 'unusable'].map((state) => ({
  ...{ kid: `key-${state}`, thumbprint: 'abc', state },
}));
const issuer = {
  ...{
    issuer: 'https://ci.example.com',
    client_id: 'iss_1',
    name: 'CI',
    profile: 'strict',
    source: 'file',
    keys,
  },
  ...{ jwks_uri: null, subjects: ['repo:shop'], account_id: 'acct_1', scopes: ['write:tasks'] },
  ...{ created_at: NOON, disabled_at: null },
};
const machine = {
  ...{ id: 'sa_1', name: 'Reports', state: 'active', team_id: 'team_1', keys, scopes_now: ['read:tasks'] },
  ...{ created_at: NOON, disabled_at: null },
};
const resource = {
  ...{ identifier: 'https://api.example.com/', name: 'Tasks', format: 'jwt', alg: 'ES256', default: true },
  ...{
    scopes: { 'read:tasks': 'Read your tasks' },
    access_token_seconds: 900,
    team_scoped: true,
    source: 'file',
  },
  ...{ client_id: 'tasks-api', created_at: NOON },
};

const question = {
  title: 'Block this client?',
  words: 'Everything issued to it is dead at once.',
  button: 'Block the client',
  subject: 'Notes',
};

const filter = { type: 'client.blocked', account: 'ada@example.com', client: 'notes' };
const types = ['client.allowed', 'client.blocked'];

function sample(view: string, section: string, locals: Record<string, unknown>) {
  return { view: `console/${view}`, title: 'Administration', person: grace, locals: { section, ...locals } };
}

export const consoleSamples = {
  'console-overview': sample('overview', 'overview', {
    counts: {
      people: { everybody: many, administrators: counted, disabled: counted, sessions: counted },
      ...{
        requests: counted,
        asking: counted,
        clients: halves,
        issuers: halves,
        service_accounts: halves,
        apis: counted,
      },
    },
    ...{ people, asking, requests, events, findings },
  }),
  'console-people': sample('people', 'people', {
    people,
    filter: 'everybody',
    next: 'acct_2',
    is_later: true,
  }),
  'console-people-found': sample('people', 'people', { people, email: 'ada', has_more: true }),
  'console-people-none': sample('people', 'people', { people: [], email: 'zoe' }),
  'console-person': sample('person', 'people', person),
  'console-person-own': sample('person', 'people', { ...person, is_own: true, grants: [], sessions: [] }),
  'console-person-disabled': sample('person', 'people', { ...person, person: { ...ada, disabled_at: NOON } }),
  'console-clients': sample('clients', 'clients', {
    clients: [client, { ...client, blocked_at: NOON }],
    filter: 'all',
  }),
  'console-clients-none': sample('clients', 'clients', { clients: [], filter: 'blocked' }),
  'console-client': sample('client', 'clients', {
    client,
    may_rotate: true,
    may_verify: true,
    grants: [grant],
  }),
  'console-client-blocked': sample('client', 'clients', {
    client: {
      ...client,
      blocked_at: NOON,
      verified: true,
      source: 'file',
      resource: 'https://api.example.com/',
    },
    ...{ may_verify: true, grants: [] },
  }),
  'console-requests': sample('requests', 'requests', { requests, asking }),
  'console-requests-none': sample('requests', 'requests', { requests: [], asking: [] }),
  'console-clients-asking': sample('clients', 'clients', { clients: asking, filter: 'asking' }),
  'console-clients-asking-none': sample('clients', 'clients', { clients: [], filter: 'asking' }),
  'console-client-pending': sample('client', 'clients', {
    client: {
      ...{
        ...client,
        ...ofTeam,
        state: 'pending',
        blocked_at: NOON,
        client_uri: 'https://shed.example.com/',
      },
      ...{ policy_uri: 'https://shed.example.com/privacy', tos_uri: 'https://shed.example.com/terms' },
    },
    ...{ may_rotate: true, may_verify: true, grants: [], changes: [] },
  }),
  'console-client-change': sample('client', 'clients', {
    client: { ...client, ...ofTeam, note: 'Whose name is this?' },
    ...{ may_rotate: true, may_verify: true, grants: [], changes },
  }),
  'console-apis': sample('resources', 'apis', { resources: [resource] }),
  'console-apis-none': sample('resources', 'apis', { resources: [] }),
  'console-issuers': sample('issuers', 'issuers', {
    issuers: [
      issuer,
      { ...issuer, client_id: 'iss_2', jwks_uri: 'https://ci.example.com/jwks', disabled_at: NOON },
    ],
    next: 'iss_2',
  }),
  'console-issuers-none': sample('issuers', 'issuers', { issuers: [] }),
  'console-service-accounts': sample('service-accounts', 'service_accounts', {
    accounts: [machine, { ...machine, id: 'sa_2', team_id: null, keys: [], disabled_at: NOON }],
  }),
  'console-service-accounts-none': sample('service-accounts', 'service_accounts', { accounts: [] }),
  'console-audit': sample('audit', 'audit', { filter, types, events, next: '1.2.a', is_later: true }),
  'console-audit-none': sample('audit', 'audit', { filter: {}, types, events: [] }),
  'console-audit-error': sample('audit', 'audit', {
    ...{ filter, types, events: [], error: { words: 'Nobody has this address.', param: 'account' } },
  }),
  'console-doctor': sample('doctor', 'doctor', { findings }),
  'console-question': sample('confirm', 'clients', { question, back: '/admin/clients/notes' }),
  'console-question-error': sample('confirm', 'clients', {
    ...{ question, back: '/admin/clients/notes', error: { words: 'You cannot do this.' } },
  }),
  'console-secret': sample('secret', 'clients', {
    made: { client_id: 'notes', client_secret: 'lks_secret', previous_expires_at: NOON },
    back: '/admin/clients/notes',
  }),
};
