// Looms, Ada's team: Grace manages it, Mary is in it, Ida was removed; Eve owns another one. Each in a browser of her own.
import { sql } from '../../server/storage/statement.ts';
import { asPerson } from '../../server/teams/admission.ts';
import type { WorkspaceRoute } from '../../server/workspace/workspace-route.ts';
import { createKeyWorld, OPERATOR } from '../api-keys/key-world.ts';
import { createServiceAccount } from '../service-accounts/accounts.ts';
import type { TestAppOptions } from '../support/app.ts';
import type { FormRobot } from '../support/form-robot.ts';
import { PASSWORD } from '../support/world.ts';

export async function createWorkspaceWorld(options: TestAppOptions = {}) {
  const world = await createKeyWorld(options);
  const { parts, app, ada, grace, team } = world;
  const { accounts, members, teams, invitations, apiKeys, database } = parts;

  async function register(email: string) {
    const { id } = await accounts.register({ email, name: email, password: PASSWORD }, 'operator');
    return accounts.get(id);
  }
  const [mary, ida, eve] = [
    await register('mary@example.com'),
    await register('ida@example.com'),
    await register('eve@example.com'),
  ];
  await database.transact(() => database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE 1 = 1`));
  await members.add(OPERATOR, { teamId: team.id, role: 'admin' }, grace);
  await members.add(OPERATOR, { teamId: team.id, role: 'member' }, mary);
  await members.add(OPERATOR, { teamId: team.id, role: 'member' }, ida);
  await members.remove(OPERATOR, { teamId: team.id, accountId: ida.id });
  await teams.create(OPERATOR, eve, { name: 'Others' });
  const owned = await world.make({ owner: { kind: 'personal', accountId: ada.id } });
  const teamKey = await apiKeys.create(OPERATOR, { name: 'Deployer', owner: world.ofTeam, scopes: ['read'] });
  const machine = await createServiceAccount(world, { teamId: team.id, scopes: ['read'] });
  const teamApp = await parts.teamApps.register(asPerson(ada), team.id, {
    ...{ name: 'Loom board', type: 'web', auth: 'client_secret_basic', scopes: ['openid'] },
    ...{ grants: ['authorization_code'], redirect_uris: ['https://board.example.com/cb'] },
    post_logout_redirect_uris: [],
  });
  const invited = await invitations.invite(OPERATOR, team.id, { email: 'zoe@example.com', role: 'member' });

  /** A browser in which this person has just signed in. */
  async function signedIn(email: string): Promise<FormRobot> {
    const robot = app.robot();
    const answer = await robot.submit(await robot.get('/sign-in'), { email, password: PASSWORD });
    if (answer.status !== 303) throw new Error(`not signed in: ${answer.status}`);
    return robot;
  }

  return {
    ...{ ...world, mary, ida, eve, owned, teamKey, machine, teamApp, invited, signedIn },

    /** The path of a route, where it leads to something of Ada or of Looms. */
    pathOf({ path }: Pick<WorkspaceRoute, 'path'>): string {
      const key = path.startsWith('/account/') ? owned.key.id : teamKey.key.id;
      const ids: Record<string, string> = {
        ...{ key, team: team.id, account: mary.id, invitation: invited.id, ticket: 'x'.repeat(43) },
        ...{ machine: machine.id, kid: 'key-1', app: teamApp.id },
      };
      return path.replace(/:(\w+)/g, (_all, name: string) => encodeURIComponent(ids[name] ?? ''));
    },

    /** How many events there are: whoever was refused has changed nothing. */
    async countEvents(): Promise<number> {
      const row = await database.find<{ count: number }>(sql`SELECT COUNT(*) AS count FROM audit_events`);
      return Number(row?.count);
    },
  };
}

export type WorkspaceWorld = Awaited<ReturnType<typeof createWorkspaceWorld>>;
