// /v1/teams and /v1/plans: the acts of the command line, over HTTP and under the name of who calls (rows G18, S17).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Calls, createCalls, createManagementWorld, type ManagementWorld } from './support.ts';

type Made = { id: string };

let world: ManagementWorld;
let call: Calls['call'];
beforeAll(async () => {
  world = await createManagementWorld({
    settings: {
      plans: { standard: {}, pro: { scopes: ['read:tasks'], max_members: 2 } },
      default_plans: { team: 'standard', person: 'standard' },
    },
  });
  ({ call } = createCalls(world));
});
afterAll(() => world.close());

const PATH = '/v1/teams';

async function makeTeam(change: object = {}): Promise<string> {
  const body = { name: 'Looms', owner_account_id: world.ada.id, ...change };
  const { status, body: made, text } = await call('POST', PATH, body);
  expect(status, text).toBe(201);
  return (made as Made).id;
}

async function register(name: string): Promise<string> {
  const wanted = { email: `${name}@example.com`, name, password: 'a long walk over the hills' };
  return (await world.app.parts.accounts.register(wanted, 'operator')).id;
}

async function listRoles(team: string): Promise<Record<string, string>> {
  const { data } = (await call('GET', `${PATH}/${team}/members`)).body as {
    data: { account_id: string; role: string }[];
  };
  return Object.fromEntries(data.map(({ account_id: id, role }) => [id, role]));
}

test('plans are those of the configuration, by name, with whose default they are', async () => {
  const { status, body } = await call('GET', '/v1/plans');
  expect([status, body.next]).toEqual([200, null]);
  expect(body.data).toEqual([
    {
      ...{ name: 'pro', scopes: ['read:tasks'], default_for: [] },
      ...{ max_personal_keys: 100, max_team_keys: 100, max_service_accounts: 100, max_members: 2 },
      max_apps: 10,
    },
    {
      ...{ name: 'standard', scopes: ['*'], default_for: ['person', 'team'] },
      ...{ max_personal_keys: 100, max_team_keys: 100, max_service_accounts: 100, max_members: 500 },
      max_apps: 10,
    },
  ]);
});

test('S17: a person is put on another plan and back, an administrator is not; one that is none is 400 at plan', async () => {
  const id = await register('ida');
  const path = `/v1/accounts/${id}/plan`;
  expect((await call('PUT', path, { plan: 'pro' })).body).toMatchObject({ id, plan: 'pro' });
  expect((await call('GET', `/v1/accounts/${id}`)).body.plan).toBe('pro');
  const unknown = await call('PUT', path, { plan: 'gold' });
  expect([unknown.status, unknown.body.error, unknown.body.param]).toEqual([400, 'invalid_request', 'plan']);
  expect((await call('GET', `/v1/accounts/${id}`)).body.plan).toBe('pro');
  expect((await call('PUT', path, { plan: null })).body.plan).toBeNull();
  expect((await call('PUT', `/v1/accounts/${world.grace.id}/plan`, { plan: 'pro' })).status).toBe(403);
});

test('a team is made, shown, changed in one step and ended, under the name of who called', async () => {
  const id = await makeTeam({ plan: 'pro' });
  const shown = { id, name: 'Looms', plan: 'pro', created_at: expect.any(Number) };
  expect((await call('GET', `${PATH}/${id}`)).body).toEqual(shown);
  expect((await call('GET', `${PATH}?account_id=${world.ada.id}`)).body.data).toContainEqual(shown);
  expect(await listRoles(id)).toEqual({ [world.ada.id]: 'owner' });

  const changed = await call('PATCH', `${PATH}/${id}`, { name: 'Engines', plan: null });
  expect(changed.body).toEqual({ ...shown, name: 'Engines', plan: 'standard' });
  for (const [body, param] of [
    [{ name: 'Mills', plan: 'gold' }, 'plan'],
    [{ name: 'see www.example.com', plan: 'pro' }, 'name'],
    [{ owner_account_id: world.grace.id }, 'owner_account_id'],
  ] as const) {
    const refused = await call('PATCH', `${PATH}/${id}`, body);
    expect([refused.status, refused.body.param]).toEqual([400, param]);
  }
  expect((await call('GET', `${PATH}/${id}`)).body).toEqual(changed.body);

  expect((await call('DELETE', `${PATH}/${id}`)).status).toBe(204);
  for (const path of [`${PATH}/${id}`, `${PATH}/${id}/members`, `${PATH}/${id}/invitations`])
    expect((await call('GET', path)).status).toBe(404);
  const events = await world.app.parts.audit.list({ limit: 100 });
  const own = events.filter(({ details }) => details.includes(id));
  expect(own.map(({ type }) => type).sort()).toEqual([
    ...['team.created', 'team.deleted', 'team.plan_changed', 'team.renamed'],
  ]);
  expect(new Set(own.map(({ actor }) => actor))).toEqual(new Set([`client:${world.service.id}`]));
});

test('a creation that is sent again makes one team, and one invitation', async () => {
  const headers = { 'Idempotency-Key': 'once' };
  const body = { name: 'Once', owner_account_id: world.ada.id };
  const first = await world.call(world.right, 'POST', PATH, { body, headers });
  const again = await world.call(world.right, 'POST', PATH, { body, headers });
  expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  const { data } = (await call('GET', `${PATH}?limit=100`)).body as { data: { name: string }[] };
  expect(data.filter(({ name }) => name === 'Once')).toHaveLength(1);

  const path = `${PATH}/${first.body.id}/invitations`;
  const invited = { body: { email: 'Friend@example.com', role: 'member' }, headers };
  const sent = await world.call(world.right, 'POST', path, invited);
  // The key was used with another request.
  expect(sent.status).toBe(422);
  const second = { ...invited, headers: { 'Idempotency-Key': 'twice' } };
  const made = await world.call(world.right, 'POST', path, second);
  expect((await world.call(world.right, 'POST', path, second)).text).toBe(made.text);
  expect((await call('GET', path)).body.data).toMatchObject([{ id: made.body.id }]);
});

test('a team without a plan that is one, an owner who is there or a name is not made', async () => {
  for (const [change, status, param] of [
    [{ plan: 'gold' }, 400, 'plan'],
    [{ name: '' }, 400, 'name'],
    [{ owner_account_id: 'ada@example.com' }, 400, 'owner_account_id'],
    [{ owner_account_id: 'acct_none' }, 404, undefined],
    [{ role: 'owner' }, 400, 'role'],
  ] as const) {
    const body = { name: 'Not made', owner_account_id: world.ada.id, ...change };
    const answer = await call('POST', PATH, body);
    expect(answer.status, answer.text).toBe(status);
    if (param !== undefined) expect(answer.body.param).toBe(param);
  }
  const { data } = (await call('GET', `${PATH}?limit=100`)).body as { data: { name: string }[] };
  expect(data.filter(({ name }) => name === 'Not made' || name === '')).toEqual([]);
});

test('G18: members come, get another role and go; the last owner stays, in the team and in the role', async () => {
  const team = await makeTeam({ plan: 'pro' });
  const [eve, mary] = [await register('eve'), await register('mary')];
  const memberPath = (account: string) => `${PATH}/${team}/members/${account}`;
  const put = (account: string, role: string) => call('PUT', memberPath(account), { role });

  const added = await put(eve, 'member');
  expect([added.status, added.body]).toEqual([
    200,
    expect.objectContaining({ account_id: eve, email: 'eve@example.com', role: 'member' }),
  ]);
  expect((await put(eve, 'member')).body).toEqual(added.body);
  expect((await put(mary, 'member')).body.error).toBe('conflict');
  const unknown = await put(eve, 'king');
  expect([unknown.status, unknown.body.param]).toEqual([400, 'role']);
  expect((await put('acct_none', 'member')).status).toBe(404);

  for (const refused of [await put(world.ada.id, 'member'), await call('DELETE', memberPath(world.ada.id))]) {
    expect([refused.status, refused.body.error]).toEqual([409, 'conflict']);
    expect(refused.body.error_description).toMatch(/^A team needs an owner/);
  }
  expect(await listRoles(team)).toEqual({ [world.ada.id]: 'owner', [eve]: 'member' });

  expect((await put(eve, 'owner')).status).toBe(200);
  expect((await call('DELETE', memberPath(world.ada.id))).status).toBe(204);
  expect((await call('DELETE', memberPath(world.ada.id))).status).toBe(404);
  expect(await listRoles(team)).toEqual({ [eve]: 'owner' });
});

test('an invitation is sent, listed and withdrawn, and only through its own team', async () => {
  const [team, other] = [await makeTeam(), await makeTeam()];
  const path = `${PATH}/${team}/invitations`;
  const made = await call('POST', path, { email: ' Joan@Example.com ', role: 'admin' });
  expect(made.status, made.text).toBe(201);
  const { id } = made.body as Made;
  expect(made.body).toMatchObject({ email: 'joan@example.com', role: 'admin' });
  expect((await call('GET', path)).body.data).toEqual([
    { ...made.body, invited_by: null, created_at: expect.any(Number) },
  ]);
  for (const [body, param] of [
    [{ email: 'joan', role: 'member' }, 'email'],
    [{ email: 'joan@example.com', role: 'king' }, 'role'],
  ] as const) {
    const refused = await call('POST', path, body);
    expect([refused.status, refused.body.param]).toEqual([400, param]);
  }
  expect((await call('DELETE', `${PATH}/${other}/invitations/${id}`)).status).toBe(404);
  expect((await call('GET', path)).body.data).toHaveLength(1);
  expect((await call('DELETE', `${path}/${id}`)).status).toBe(204);
  expect((await call('DELETE', `${path}/${id}`)).status).toBe(404);
  expect((await call('GET', path)).body.data).toEqual([]);
});
