// Every page with sample locals, for the tests of the pages and for looking at them.
import { nouns } from '../../server/management/nouns.ts';
import { describeReference } from '../../server/management/reference.ts';
import { createAssets } from '../../server/web/assets.ts';
import { createViews } from '../../server/web/views.ts';
import { appSamples } from './app-samples.ts';
import { consoleSamples } from './console-samples.ts';
import { workspaceSamples } from './workspace-samples.ts';

const branding = {
  name: 'Latchkey',
  support_url: 'https://help.example.com/',
  privacy_url: 'https://example.com/privacy',
  terms_url: 'https://example.com/terms',
};

const NOON = 1_795_356_300;
const HOUR = 3600;

const ada = { name: 'Ada Lovelace', email: 'ada@example.com', is_admin: false };
const client = {
  name: 'Kairos Tasks',
  redirect_host: 'app.kairos.example',
  is_verified: false,
  is_first_party: false,
};

export const wrongCredentials = { words: 'The e-mail or the password is not right.' };

const ofTeam = {
  team_name: 'Looms',
  pages: [
    { kind: 'home', url: 'https://board.example.com/' },
    { kind: 'policy', url: 'https://board.example.com/privacy' },
    { kind: 'terms', url: 'https://board.example.com/terms' },
  ],
};
const consent = {
  client,
  account: ada,
  groups: [
    {
      scopes: [
        {
          name: 'openid email',
          words: 'Know your name and e-mail address',
          is_optional: false,
          is_new: false,
        },
      ],
    },
    {
      title: 'Kairos API',
      identifier: 'https://api.kairos.example',
      scopes: [
        { name: 'read:tasks', words: 'See your tasks and projects', is_optional: false, is_new: false },
        {
          name: 'write:tasks',
          words: 'Create and change tasks',
          is_optional: true,
          is_new: true,
          field: 'scope_2',
        },
        { name: 'read:documents', words: '', is_optional: true, is_new: false, field: 'scope_3' },
      ],
    },
  ],
  access_seconds: HOUR,
  offline: true,
  action: '/interaction/abc/consent',
  switch_action: '/interaction/abc/switch',
};

const sessions = [
  {
    id: 'ses_1',
    is_current: true,
    address: '203.0.113.7',
    program: 'Firefox on Linux',
    since: NOON - 9 * HOUR,
    last_seen: NOON,
  },
  {
    id: 'ses_2',
    is_current: false,
    address: '2001:db8::1',
    program: 'Safari on iPhone',
    since: NOON - 90 * HOUR,
    last_seen: NOON - 5 * HOUR,
  },
];

const grants = [
  {
    id: 'grant_1',
    client: { name: 'Kairos Tasks', id: 'kairos-web' },
    scopes: ['See your tasks and projects', 'Create and change tasks'],
    since: NOON - 900 * HOUR,
    last_used: NOON - 2 * HOUR,
    is_device: false,
  },
  {
    id: 'grant_2',
    client: { name: 'Kaneo CLI', id: 'kaneo-cli' },
    scopes: ['See your tasks and projects'],
    since: NOON - 30 * HOUR,
    last_used: undefined,
    ends_at: NOON + 600 * HOUR,
    is_device: true,
  },
];

const device = {
  client: {
    ...{ id: 'kaneo-cli', name: 'Kaneo CLI', is_first_party: false, is_verified: false, ...ofTeam },
  },
  account: ada,
  return_to: '/device?user_code=WDJB-MJHT',
  code: 'WDJB-MJHT',
  reference: 'reference',
  here: '198.51.100.7',
  groups: [
    {
      scopes: [{ name: 'openid', words: 'Know who you are', is_optional: false, field: 'scope_0' }],
    },
    {
      title: 'Kairos API',
      identifier: 'https://api.kairos.example',
      scopes: [
        { name: 'read:tasks', words: 'See your tasks and projects', is_optional: true, field: 'scope_1' },
        { name: 'write:tasks', words: '', is_optional: true, field: 'scope_2' },
      ],
    },
  ],
  requester: { address: '203.0.113.9', program: 'curl', asked_at: NOON, is_elsewhere: true },
  lifetimes: [
    { value: '8_hours', is_chosen: false },
    { value: '30_days', is_chosen: true },
  ],
  access_seconds: HOUR,
  idle_seconds: 336 * HOUR,
};

const forgot = {
  can_send: true,
  action: '/forgot-password?return_to=%2Finteraction%2Fabc',
  sign_in_url: '/interaction/abc',
};

type Sample = { view: string; title: string; person?: typeof ada; locals: Record<string, unknown> };

const newAccount = { action: '/sign-up', name: 'Ada Lovelace', email: 'ada@example', password_min: 12 };

/** Each page in each of its states, by a name of its own. */
export const samples: Record<string, Sample> = {
  ...consoleSamples,
  ...workspaceSamples,
  ...appSamples,
  'home-stranger': { view: 'home', title: 'Welcome', locals: { sign_up_url: '/sign-up' } },
  'home-person': { view: 'home', title: 'Welcome', person: ada, locals: {} },
  'sign-in': {
    view: 'interactions/sign-in',
    title: 'Sign in',
    locals: {
      client,
      action: '/i/abc/login',
      email: '',
      forgot_url: '/forgot-password',
      sign_up_url: '/sign-up',
      cancel_action: '/i/abc/abort',
    },
  },
  'sign-in-error': {
    view: 'interactions/sign-in',
    title: 'Sign in',
    locals: { action: '/sign-in', email: ada.email, forgot_url: '/forgot-password', error: wrongCredentials },
  },
  consent: { view: 'interactions/consent', title: 'Allow access', person: ada, locals: consent },
  'consent-verified': {
    view: 'interactions/consent',
    title: 'Allow access',
    person: ada,
    locals: { ...consent, client: { ...client, is_verified: true, ...ofTeam }, offline: false },
  },
  'consent-first-party': {
    view: 'interactions/consent',
    title: 'Allow access',
    person: ada,
    locals: { ...consent, client: { ...client, is_first_party: true } },
  },
  'consent-teams': {
    view: 'interactions/consent',
    title: 'Allow access',
    person: ada,
    locals: {
      ...consent,
      teams: [
        { id: 'team_1', name: 'Looms', is_chosen: true, lacks: [] },
        {
          id: 'team_2',
          name: 'Brass Wheels',
          is_chosen: false,
          lacks: [{ name: 'write:tasks', words: 'Create and change tasks' }],
        },
      ],
      error: { words: 'Please choose a team, or deny.', param: 'team' },
    },
  },
  'consent-no-team': {
    view: 'interactions/consent',
    title: 'Allow access',
    person: ada,
    locals: {
      ...consent,
      teams: [],
      no_team: 'This app acts for a team, and you are in none that may allow it.',
    },
  },
  logout: {
    view: 'interactions/logout',
    title: 'Sign out',
    person: ada,
    locals: { form_action: 'http://localhost:3000/logout/confirm', xsrf: 'xsrf-secret', client },
  },
  'form-post': {
    view: 'interactions/form',
    title: 'Back to the app',
    locals: {
      client,
      action: 'https://app.kairos.example/callback',
      fields: { code: 'lkc_x', state: '"<&' },
    },
  },
  'form-sign-out': {
    view: 'interactions/form',
    title: 'Signing you out',
    locals: { action: '/logout/confirm', fields: { xsrf: 'xsrf-secret', logout: 'yes' } },
  },
  'logged-out': { view: 'interactions/logged-out', title: 'Signed out', locals: { client } },
  'sign-up': {
    view: 'accounts/sign-up',
    title: 'Create your account',
    locals: { ...newAccount, client, sign_in_url: '/sign-in' },
  },
  'sign-up-error': {
    view: 'accounts/sign-up',
    title: 'Create your account',
    locals: { ...newAccount, error: { words: 'This is not an e-mail address we can use.', param: 'email' } },
  },
  'first-administrator': {
    view: 'accounts/first-administrator',
    title: 'First administrator',
    locals: {
      ...newAccount,
      action: '/first-administrator/token',
      error: 'The password is too easy to guess.',
    },
  },
  'device-entry': {
    view: 'interactions/device-entry',
    title: 'Connect a device',
    person: ada,
    locals: {
      code: 'WDJB-MJHT',
      return_to: '/device?user_code=WDJB-MJHT',
      error: { words: 'This code was withdrawn. Ask your device for a new one.', param: 'user_code' },
    },
  },
  'device-decision': {
    view: 'interactions/device-decision',
    title: 'Connect this device?',
    person: ada,
    locals: { ...device, error: { words: 'Choose at least one thing, or deny.' } },
  },
  'device-decision-near': {
    view: 'interactions/device-decision',
    title: 'Connect this device?',
    person: ada,
    locals: {
      ...device,
      client: { ...device.client, is_first_party: true },
      requester: { asked_at: NOON, is_elsewhere: false },
      lifetimes: [],
    },
  },
  ...Object.fromEntries(
    ['allow', 'deny', 'report'].map((decision) => [
      `device-${decision}`,
      {
        view: 'interactions/device-result',
        title: 'Your device',
        person: ada,
        locals: { client: device.client, decision },
      },
    ]),
  ),
  overview: {
    view: 'accounts/overview',
    title: 'Your account',
    person: { ...ada, is_admin: true },
    locals: {
      is_verified: true,
      languages: [
        { locale: 'en', name: 'English', is_chosen: false },
        { locale: 'de', name: 'Deutsch', is_chosen: true },
      ],
    },
  },
  'overview-unverified': { view: 'accounts/overview', title: 'Your account', person: ada, locals: {} },
  email: {
    view: 'accounts/email',
    title: 'E-mail',
    person: ada,
    locals: { email: ada.email, is_verified: true, sent_to: 'ada@new.example' },
  },
  'email-error': {
    view: 'accounts/email',
    title: 'E-mail',
    person: ada,
    locals: {
      email: ada.email,
      wanted: 'ada@new.example',
      error: { ...wrongCredentials, param: 'password' },
    },
  },
  'verify-email': {
    view: 'accounts/verify-email',
    title: 'Confirm your e-mail address',
    person: ada,
    locals: { email: ada.email, action: '/verify-email/secret' },
  },
  'verify-email-done': {
    view: 'accounts/verify-email',
    title: 'Confirm your e-mail address',
    person: ada,
    locals: { done: true },
  },
  'forgot-password': {
    view: 'accounts/forgot-password',
    title: 'Forgotten password',
    locals: {
      ...forgot,
      email: 'ada@',
      error: { words: 'This is not an e-mail address we can use.', param: 'email' },
    },
  },
  'forgot-password-done': {
    view: 'accounts/forgot-password',
    title: 'Forgotten password',
    locals: { ...forgot, done: true },
  },
  'forgot-password-without-mail': {
    view: 'accounts/forgot-password',
    title: 'Forgotten password',
    locals: { ...forgot, can_send: false },
  },
  'reset-password': {
    view: 'accounts/reset-password',
    title: 'Choose a new password',
    locals: { action: '/reset-password/secret', email: ada.email, password_min: 12 },
  },
  'reset-password-done': {
    view: 'accounts/reset-password',
    title: 'Choose a new password',
    locals: { done: true },
  },
  'reset-password-on-the-way': {
    view: 'accounts/reset-password',
    title: 'Choose a new password',
    locals: { done: true, continue_url: '/interaction/abc' },
  },
  data: {
    view: 'accounts/data',
    title: 'Your data',
    person: ada,
    locals: { error: { ...wrongCredentials, param: 'password' } },
  },
  deleted: { view: 'accounts/deleted', title: 'Your account is deleted', locals: {} },
  mailbox: {
    view: 'mail/mailbox',
    title: 'Mail',
    locals: {
      mails: [
        {
          to: ada.email,
          subject: 'A word from us',
          text: 'Choose one here:\n\nhttps://example.com/reset-password/secret\n',
          link: 'https://example.com/reset-password/secret',
          at: NOON,
        },
      ],
    },
  },
  'mailbox-empty': { view: 'mail/mailbox', title: 'Mail', locals: { mails: [] } },
  password: {
    view: 'accounts/password',
    title: 'Password',
    person: ada,
    locals: { done: true, password_min: 12 },
  },
  'password-error': {
    view: 'accounts/password',
    title: 'Password',
    person: ada,
    locals: { error: { words: 'The password of today is not right.', param: 'password' } },
  },
  sessions: { view: 'accounts/sessions', title: 'Sessions', person: ada, locals: { sessions } },
  'sessions-empty': { view: 'accounts/sessions', title: 'Sessions', person: ada, locals: { sessions: [] } },
  access: {
    view: 'accounts/access',
    title: 'What has access',
    person: ada,
    locals: { grants, blocked: [{ client: { name: 'Kaneo TV', id: 'kaneo-tv' }, since: NOON }] },
  },
  'access-empty': {
    view: 'accounts/access',
    title: 'What has access',
    person: ada,
    locals: { grants: [], blocked: [] },
  },
  grant: { view: 'accounts/grant', title: 'Take access away', person: ada, locals: { grant: grants[1] } },
  'grant-over': { view: 'accounts/grant', title: 'Take access away', person: ada, locals: {} },
  'api-reference': {
    view: 'management/reference',
    title: 'Management API',
    // The others are made as these are; all of them are a picture of sixty screens.
    locals: describeReference(nouns.slice(0, 2), 'https://id.example.com'),
  },
  error: {
    view: 'error',
    title: 'Not found',
    locals: {
      status: 404,
      title: 'There is nothing here',
      words: 'Check the address.',
      request_id: 'req_1',
      back_url: '/',
    },
  },
};

const views = createViews({ branding, assets: createAssets() });

/** Renders a sample; `change` may replace its locals, those of the page included. */
export function renderSample(
  name: string,
  change: (locals: Record<string, unknown>) => unknown = (same) => same,
  locale = 'en',
): string {
  const sample = samples[name];
  if (sample === undefined) throw new Error(`there is no sample ${name}`);
  const language = views.words.choose([locale]);
  const page = {
    title: language.say(sample.title),
    csrf: 'csrf-token',
    person: sample.person,
    request_id: 'req_1',
  };
  const { error } = sample.locals as { error?: { words?: string } };
  // As server/web/page.ts does with a refusal.
  const said = error?.words === undefined ? {} : { error: { ...error, words: language.say(error.words) } };
  const locals = change({ page, ...sample.locals, ...said }) as Record<string, unknown>;
  return views.render(sample.view, locals, language);
}
