// A service account that is good at one API alone, and one whose team has no service accounts on its plan any more (row G06).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOperator } from '../../server/teams/admission.ts';
import { API, basic, createWorld, type World } from '../support/world.ts';
import { createServiceAccount, createTeam } from './accounts.ts';

const OTHER = 'https://other.example.com/';
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

let world: World;
let other: { id: string; secret: string | undefined };
beforeAll(async () => {
  world = await createWorld({ settings: { plans: { standard: {}, none: { max_service_accounts: 0 } } } });
  const registration = {
    name: 'Other',
    scopes: { 'read:tasks': 'See tasks' },
    tokenFormat: 'opaque',
  } as const;
  const made = await world.app.parts.resources.register(
    { identifier: OTHER, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  other = { id: made.clientId, secret: made.secret };
});
afterAll(() => world.close());

function exchange(assertion: string, resource?: string) {
  const form = { grant_type: BEARER, assertion, ...(resource === undefined ? {} : { resource }) };
  return world.post('/token', form);
}

test('G06: what it signs is good at its API and nowhere else', async () => {
  const account = await createServiceAccount(world, { resource: OTHER });
  const ask = async (jwt: string, at: typeof other) =>
    (await world.post('/introspect', { token: jwt }, basic(at))).body.active;
  expect(await ask(account.sign({ aud: OTHER }), other)).toBe(true);
  expect(await ask(account.sign({ aud: API }), world.api)).toBe(false);
  const free = await createServiceAccount(world);
  expect(await ask(free.sign({ aud: API }), world.api)).toBe(true);
});

test('G06: it gets tokens for its API, also where it names none, and for no other', async () => {
  const account = await createServiceAccount(world, { resource: OTHER });
  const assertion = () => account.sign({ aud: `${world.app.config.issuer}/token` });
  for (const resource of [undefined, OTHER]) {
    const { status, body } = await exchange(assertion(), resource);
    expect([status, resource]).toEqual([200, resource]);
    const token = String(body.access_token);
    expect((await world.post('/introspect', { token }, basic(other))).body).toMatchObject({ aud: OTHER });
  }
  const refused = await exchange(assertion(), API);
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_target']);
});

test('an API that is not there is none to be good at', async () => {
  await expect(createServiceAccount(world, { resource: 'https://nowhere.example/' })).rejects.toMatchObject({
    code: 'invalid_request',
    param: 'resource',
  });
});

test('G06: on a plan without service accounts those of the team are good for nothing, until it has them again', async () => {
  const teamId = await createTeam(world);
  const account = await createServiceAccount(world, { teamId });
  const { teams } = world.app.parts;
  const jwt = account.sign();
  const isActive = async () => (await world.introspect(world.api, jwt)).body.active;
  expect(await isActive()).toBe(true);
  await teams.setPlan(asOperator('operator'), teamId, 'none');
  expect(await isActive()).toBe(false);
  const assertion = account.sign({ aud: `${world.app.config.issuer}/token` });
  expect((await exchange(assertion)).body.error).toBe('invalid_grant');
  await teams.setPlan(asOperator('operator'), teamId, undefined);
  expect(await isActive()).toBe(true);
});
