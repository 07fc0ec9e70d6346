// Every mail with sample locals, for the tests of the mails and for looking at them.
import { createMailRenderer, type RenderedMail } from '../../server/mail/render.ts';
import { createAssets } from '../../server/web/assets.ts';
import { createViews } from '../../server/web/views.ts';

const NOON = 1_795_356_300;
const HOUR = 3600;
const issuer = 'https://id.example.com';
const url = `${issuer}/somewhere`;

const device = {
  client_id: 'kaneo-cli',
  client_name: 'Kaneo CLI',
  address: '203.0.113.9',
  program: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  at: NOON,
};
const key = { name: 'Build', prefix: 'lk_', last_four: 'a1b2', key_id: 'key_1', url };

type Locals = Readonly<Record<string, unknown>>;

/** Each mail in each of its states, by a name of its own that begins with the template's. */
export const mailSamples: Readonly<Record<string, Locals>> = {
  'account-deleted': { at: NOON },
  'api-key-ending': { ...key, ends_at: NOON },
  'api-key-ending/team': { ...key, is_team: 'yes', ends_at: NOON },
  'api-key-found': { ...key, is_revoked: 'yes', at: NOON, found_url: 'https://code.example.com/a' },
  'api-key-found/team': { ...key, is_team: 'yes', at: NOON },
  'api-key-revoked': { ...key, at: NOON, address: device.address },
  'api-key-revoked/team': { ...key, is_team: 'yes', at: NOON },
  'app-blocked': { app_name: 'Loom board', url },
  'app-decided': { app_name: 'Loom board', is_allowed: 'yes', url },
  'app-decided/change': { app_name: 'Loom board', is_allowed: 'yes', is_change: 'yes', url },
  'app-decided/declined': { app_name: 'Loom board', note: 'Whose name is this?', url },
  'app-decided/change-declined': { app_name: 'Loom board', is_change: 'yes', url },
  'app-waiting': {
    app_name: 'Loom board',
    client_id: 'client_1',
    team_name: 'Looms',
    team_id: 'team_1',
    url,
  },
  'app-waiting/change': {
    ...{ app_name: 'Loom board', client_id: 'client_1', team_name: 'Looms', team_id: 'team_1', url },
    is_change: 'yes',
  },
  'device-approved': { ...device, scopes: ['See your name', 'See your tasks'], ends_at: NOON + HOUR, url },
  'device-approved/bare': { client_id: 'tv', client_name: '', scopes: ['See your name'], at: NOON, url },
  'device-reported': { ...device, account_id: 'acct_1' },
  'device-reported/bare': { account_id: 'acct_1', client_id: 'tv', client_name: '', at: NOON },
  'email-change-asked': { email: 'ada@new.example', url },
  'email-changed': { email: 'ada@new.example' },
  'new-place': { at: NOON, program: device.program, address: device.address, url },
  'new-place/bare': { at: NOON, url },
  'password-changed': { at: NOON, url },
  'reset-password': { url },
  'service-key-ending': { name: 'Reports', kid: '2027-01', account_id: 'sa_1', ends_at: NOON, url },
  'service-key-ending/team': {
    ...{ name: 'Reports', kid: '2027-01', account_id: 'sa_1', is_team: 'yes', ends_at: NOON, url },
  },
  'team-invitation': {
    team_name: 'Engines',
    inviter: 'grace@example.com',
    email: 'ada@example.com',
    ends_at: NOON,
    url,
  },
  'team-invitation/bare': { team_name: '', email: 'ada@example.com', ends_at: NOON, url },
  'verify-email': { email: 'ada@example.com', url },
};

const renderers = [undefined, 'https://help.example.com/'].map((support_url) =>
  createMailRenderer({
    views: createViews({ branding: { name: 'Latchkey', support_url }, assets: createAssets() }),
    issuer,
    sender: 'Latchkey',
  }),
);

/** The sample as it is sent, without and with an address for support in the configuration. */
export function renderMailSamples(name: string, locale: string): RenderedMail[] {
  const template = name.replace(/\/.*/, '');
  const locals = (mailSamples[name] ?? {}) as Record<string, string>;
  return renderers.map((render) =>
    render({ template, to: 'ada@example.com', accountId: '', locale, locals }),
  );
}
