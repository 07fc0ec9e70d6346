// A world with administrators: Grace and Margaret, Ada with all that a person can have, machines, and an id that came asking.
import * as rules from '../../config/registrations.ts';
import { trustIssuer } from '../../server/admin/issuer-commands.ts';
import type { ConsoleRoute } from '../../server/console/console-route.ts';
import { sql } from '../../server/storage/statement.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { createServiceAccount } from '../service-accounts/accounts.ts';
import { createSigner } from '../service-accounts/issuers.ts';
import type { TestAppOptions } from '../support/app.ts';
import type { FormRobot } from '../support/form-robot.ts';
import { createWorld, PASSWORD } from '../support/world.ts';

export const GRACE = 'grace@example.com';
export const MARGARET = 'margaret@example.com';
export const ADA = 'ada@example.com';
export const WAITING = 'acme-cli';

const OPERATOR = asOperator('operator');

export async function createConsoleWorld(options: TestAppOptions = {}) {
  const world = await createWorld(options);
  const { app, ada, notes } = world;
  const { parts } = app;
  const [grace, margaret] = [
    await parts.accounts.register(
      { email: GRACE, name: 'Grace Hopper', password: PASSWORD, isAdmin: true },
      'operator',
    ),
    await parts.accounts.register(
      { email: MARGARET, name: 'Margaret Hamilton', password: PASSWORD, isAdmin: true },
      'operator',
    ),
  ];
  const adas = app.robot();
  const tokens = await world.signIn(
    notes,
    { scope: 'openid read:tasks offline_access', prompt: 'consent' },
    adas,
  );
  const [grant] = await parts.grants.listOf(ada.id);
  const owner = { kind: 'personal', accountId: ada.id } as const;
  const key = await parts.apiKeys.create(OPERATOR, { name: 'Zapier', owner, scopes: ['read:tasks'] });
  const team = await parts.teams.create(OPERATOR, ada, { name: 'Analytical Engines' });
  const signer = await createSigner();
  const issuer = await trustIssuer(
    { ...parts, rules },
    {
      ...{ issuer: 'https://ci.example.com', name: 'CI', profile: 'strict', jwks: { keys: [signer.jwk] } },
      ...{ subjects: ['repo:shop'], clients: [], scopes: ['write:tasks'] },
    },
  );
  const machine = await createServiceAccount(world);
  await comeAsking(WAITING);

  async function comeAsking(clientId: string): Promise<void> {
    await world.post('/device/code', { client_id: clientId, scope: 'read:tasks' });
    await parts.clients.flushRequests();
  }

  /** A browser in which this person has just signed in. */
  async function signedIn(email: string): Promise<FormRobot> {
    const robot = app.robot();
    const answer = await robot.submit(await robot.get('/sign-in'), { email, password: PASSWORD });
    if (answer.status !== 303) throw new Error(`not signed in: ${answer.status}`);
    return robot;
  }

  const ids: Readonly<Record<string, string>> = {
    ...{ client: notes.id, issuer: issuer.client_id, key: key.key.id },
    revision: 'of-before',
    grant: grant === undefined ? '' : `grant_${grant.id.toString(36).padStart(11, '0')}`,
  };

  return {
    ...world,
    ...{ grace, margaret, adas, tokens, key, team, issuer, signer, machine, signedIn, comeAsking },

    /** The path of a route, where it leads to something of this world. */
    pathOf({ path }: Pick<ConsoleRoute, 'path'>): string {
      const known = path.startsWith('/admin/service-accounts')
        ? { ...ids, account: machine.id }
        : { ...ids, account: ada.id, ...(path.startsWith('/admin/requests') && { client: WAITING }) };
      return path.replace(/:(\w+)/g, (_all, name: keyof typeof known) =>
        encodeURIComponent(known[name] ?? ''),
      );
    },

    /** How many events there are: whoever was refused has changed nothing. */
    async countEvents(): Promise<number> {
      const row = await parts.database.find<{ count: number }>(
        sql`SELECT COUNT(*) AS count FROM audit_events`,
      );
      return Number(row?.count);
    },

    async lastEvent(type: string) {
      const [event] = await parts.audit.list({ type, limit: 1 });
      return event;
    },
  };
}

export type ConsoleWorld = Awaited<ReturnType<typeof createConsoleWorld>>;
