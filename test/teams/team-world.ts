// A world with teams: an API that is team-scoped, an app for it, people with confirmed addresses, and what their tokens say.
import { sql } from '../../server/storage/statement.ts';
import { asOperator } from '../../server/teams/admission.ts';
import type { TestAppOptions } from '../support/app.ts';
import type { Page } from '../support/form-robot.ts';
import type { Answer } from '../support/program.ts';
import { answerOf, createVisits, stageOf } from '../support/visits.ts';
import { type AppClient, createWorld, PASSWORD, type TokenSet } from '../support/world.ts';

export const BOARDS = 'https://boards.example.com/';
export const BOTH = 'openid offline_access read:boards write:boards';
export const operator = asOperator('operator');

export const teamSettings = {
  teams: {
    roles: {
      owner: { scopes: ['*'], manages: true },
      admin: { scopes: ['*'], manages: true },
      member: { scopes: ['read:boards', 'write:boards'] },
      reader: { scopes: ['read:boards'] },
      guest: { scopes: [] },
    },
  },
  plans: {
    standard: {},
    small: { scopes: ['read:boards', 'read:tasks'], max_personal_keys: 0, max_members: 2 },
    none: { scopes: [] },
  },
};

type Parameters = Record<string, string | undefined>;
type Format = 'opaque' | 'jwt';

export async function createTeamWorld(options: TestAppOptions & { tokenFormat?: Format } = {}) {
  const { tokenFormat = 'opaque', ...app } = options;
  const world = await createWorld({ ...app, settings: { ...teamSettings, ...app.settings } });
  const { parts } = world.app;
  const { accounts, teams, members, resources, database } = parts;
  const boards = await resources.register(
    {
      identifier: BOARDS,
      isDefault: false,
      registration: {
        name: 'Boards',
        scopes: { 'read:boards': 'See your boards', 'write:boards': 'Change your boards' },
        tokenFormat,
        isTeamScoped: true,
      },
    },
    { auth: 'client_secret_basic' },
  );
  const visits = createVisits(world);
  const scopes = ['openid', 'email', 'offline_access', 'read:tasks', 'read:boards', 'write:boards'];

  /** Somebody whose address is confirmed, unless told otherwise. */
  async function register(email: string, { isConfirmed = true } = {}) {
    const { id } = await accounts.register(
      { email, name: email.split('@')[0] ?? '', password: PASSWORD },
      'operator',
    );
    if (isConfirmed) await confirm(id);
    return accounts.get(id);
  }

  async function confirm(id: string): Promise<void> {
    await database.transact(() =>
      database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE id = ${id}`),
    );
  }

  /** A team of this person, and others in it by role. */
  async function makeTeam(
    owner: { id: string },
    others: Record<string, { id: string }> = {},
    name = 'Looms',
  ) {
    const team = await teams.create(operator, await accounts.get(owner.id), { name });
    for (const [role, { id }] of Object.entries(others))
      await members.add(operator, { teamId: team.id, role }, await accounts.get(id));
    return team;
  }

  /** As this person, in a browser of their own, to the page after the sign-in. */
  async function begin(client: AppClient, email: string, parameters: Parameters = {}) {
    const begun = await visits.begin(client, { scope: BOTH, resource: BOARDS, ...parameters });
    return { ...begun, page: await visits.signIn(begun.robot, begun.page, { email, password: PASSWORD }) };
  }

  /** The tokens for a code, of the API that was asked for. */
  function redeem(client: AppClient, page: Page, { verifier, resource }: Parameters): Promise<Answer> {
    return world.token(client, {
      ...{ grant_type: 'authorization_code', code: answerOf(page).code, redirect_uri: client.redirectUri },
      ...{ code_verifier: verifier, resource },
    });
  }

  /** From the sign-in to tokens; what is asked for is allowed, on behalf of the team that is named. */
  async function signIn(
    client: AppClient,
    { email, team, ...parameters }: Parameters & { email: string; team?: string | undefined },
  ): Promise<TokenSet> {
    const { page, robot, verifier } = await begin(client, email, parameters);
    const back =
      stageOf(page) === 'app' ? page : await visits.decide(robot, page, 'allow', team ? { team } : {});
    const answer = await redeem(client, back, { verifier, resource: BOARDS, ...parameters });
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.text}`);
    return answer.body as TokenSet;
  }

  return {
    ...world,
    ...{ visits, register, confirm, makeTeam, begin, redeem, signIn },
    parts,
    registerApp: (change = {}) => world.registerClient({ name: 'Planks', scopes, ...change }),
    /** What the API learns of a token. */
    ask: async (token: string) =>
      (await world.introspect({ id: boards.clientId, secret: boards.secret }, token)).body,
  };
}

export type TeamWorld = Awaited<ReturnType<typeof createTeamWorld>>;
