// A world with keys: Ada and Grace, a team of Ada's, and an API that may say where a key comes from and is told why one ended.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { MadeKey, NewKey } from '../../server/api-keys/api-keys.ts';
import { asOperator, asPerson } from '../../server/teams/admission.ts';
import { startTestApp, type TestAppOptions } from '../support/app.ts';
import { basic, createWorldIn, PASSWORD } from '../support/world.ts';

export const TRACKER = 'https://tracker.example.com/';
const SECRET = 'a secret of the tracker';
export const OPERATOR = asOperator('operator');

type Settings = Record<string, unknown>;
type Resource = Settings & { identifier: string };

function callerOf(clientId: string, settings: Settings = {}): Settings {
  const hash = createHash('sha256').update(SECRET).digest('hex');
  return { client_id: clientId, auth: 'client_secret_basic', secret_sha256: [hash], ...settings };
}

const tracker: Resource = {
  ...{ identifier: TRACKER, name: 'Tracker' },
  scopes: { read: 'See issues', write: 'Change issues', admin: 'Administer the tracker' },
};

/** The fragment of a product in config/products, as settings. */
export function readProduct(name: string): Settings & { resources: Resource[] } {
  const { version: _, ...settings } = parse(
    readFileSync(new URL(`../../config/products/${name}.yaml`, import.meta.url), 'utf8'),
  );
  return settings;
}

export async function createKeyWorld(options: TestAppOptions = {}) {
  const { resources = [tracker], ...settings } = (options.settings ?? {}) as { resources?: Resource[] };
  const introspection = callerOf('tracker', { client_ip: true, inactive_reason: true });
  const declared = resources.map((one, index) => (index === 0 ? { ...one, introspection } : one));
  const app = await startTestApp({ ...options, settings: { ...settings, resources: declared } });
  const world = await createWorldIn(app);
  const { parts } = app;
  const api = { id: 'tracker', secret: SECRET };
  const grace = await parts.accounts.register(
    { email: 'grace@example.com', name: 'Grace Hopper', password: PASSWORD },
    'operator',
  );
  const team = await parts.teams.create(OPERATOR, world.ada, { name: 'Looms' });

  /** Ada's, with the scope read, unless something else is said. */
  function make(wanted: Partial<NewKey> = {}, actor = asPerson(world.ada)): Promise<MadeKey> {
    const owner = { kind: 'personal', accountId: actor.account?.id ?? world.ada.id } as const;
    const said = wanted.level === undefined && wanted.scopes === undefined ? { scopes: ['read'] } : {};
    return parts.apiKeys.create(actor, { name: 'Zapier', owner, ...said, ...wanted });
  }

  /** What the tracker is told; `from` are parameters beside the token. */
  async function ask(key: string, from: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const answer = await world.post('/introspect', { token: key, ...from }, basic(api));
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    return answer.body;
  }

  return {
    ...{ ...world, app, parts, tracker: api, grace, team, make, ask },
    /** Any request, as a program sends it. */
    request: world.ask,
    asAda: asPerson(world.ada),
    asGrace: asPerson(grace),
    ofTeam: { kind: 'team', teamId: team.id } as const,
  };
}

export type KeyWorld = Awaited<ReturnType<typeof createKeyWorld>>;
