// Everybody who may meet the things of a team, each with what they present; and a picture of all that a refused act could change.
import { ownScopes } from '../../server/resources/management.ts';
import { signInBrowser } from '../api-keys/key-browser.ts';
import type { Dialect } from '../storage/ground.ts';
import { createVerifier, PASSWORD } from '../support/world.ts';
import { createWorkspaceWorld } from './workspace-world.ts';

const TABLES = [
  ...['teams', 'memberships', 'team_invitations', 'api_keys', 'api_key_secrets', 'service_accounts'],
  ...['clients', 'resources', 'grants', 'consents', 'outbox', 'audit_events'],
];

/** Looms on a database of either kind, where keys manage keys; Eve's team Others has a key and an app, too. */
export async function createTenants(dialect: Dialect) {
  const settings = { api_keys: { managed_by_keys: true } };
  const world = await createWorkspaceWorld({ dialect, settings });
  const { apiKeys, teams } = world.parts;
  const operator = { name: 'operator', account: undefined };
  const [others] = await teams.listOf(world.eve.id);
  if (others === undefined) throw new Error('Eve owns no team');

  /** A key of a team that may manage its keys. */
  async function keyOf(teamId: string): Promise<string> {
    const owner = { kind: 'team', teamId } as const;
    const scopes = ['keys:read', 'keys:write', 'read'];
    return (await apiKeys.create(operator, { name: 'Tenant', owner, scopes })).secret;
  }

  /** What an app of the product gets from Eve for the API of this server. */
  async function tokenOfEve(): Promise<string> {
    const resource = `${world.app.config.issuer}/v1`;
    const scope = `openid ${Object.keys(ownScopes).join(' ')}`;
    const app = await world.registerClient({ name: 'Console', isFirstParty: true, scopes: scope.split(' ') });
    const { verifier, challenge } = createVerifier();
    const robot = world.app.robot();
    const start = await robot.get(world.authorizationPath(app, challenge, { scope, resource }));
    const back = await world.walk(robot, start, { email: 'eve@example.com', password: PASSWORD });
    const { body } = await world.redeem(app, { code: back.searchParams.get('code') ?? '', verifier });
    return String(body.access_token);
  }

  const ownKey = await keyOf(world.team.id);
  const otherKey = await keyOf(others.id);
  const otherToken = await tokenOfEve();

  return {
    ...{ ...world, others, ownKey, otherKey, otherToken },
    browserOf: (email: string) => signInBrowser(world, email),

    /** Every row that a refused act could have changed, the audit log among them. No credential stands in any. */
    async takePicture(): Promise<string> {
      const rows = await Promise.all(
        TABLES.map((table) =>
          world.parts.database.list({ sql: `SELECT * FROM ${table} ORDER BY 1, 2 LIMIT 5000`, bindings: [] }),
        ),
      );
      const picture = JSON.stringify(rows);
      const kept = [ownKey, otherKey, otherToken].filter((text) => picture.includes(text));
      if (kept.length > 0) throw new Error('a credential stands in the database');
      return picture;
    },
  };
}

export type Tenants = Awaited<ReturnType<typeof createTenants>>;
