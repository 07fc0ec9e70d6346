// What callers send: unknown members are refused, and a change is judged with all that it leaves as it was (rows G05, H02, S17).
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { operations } from '../../server/management/nouns.ts';
import {
  type Calls,
  createCalls,
  createManagementWorld,
  createRequests,
  type ManagementWorld,
} from './support.ts';

let world: ManagementWorld;
let call: Calls['call'];
let makeClient: Calls['makeClient'];
beforeAll(async () => {
  world = await createManagementWorld();
  ({ call, makeClient } = createCalls(world));
});
afterAll(() => world.close());

describe('what only the server sets', () => {
  test.each([
    ['POST', '/v1/accounts', 'is_admin', true],
    ['POST', '/v1/accounts', 'admin', true],
    ['POST', '/v1/accounts', 'role', 'owner'],
    ['POST', '/v1/accounts', 'email_verified_at', 1],
    ['POST', '/v1/accounts', 'email_verified', true],
    ['POST', '/v1/accounts', 'id', 'acct_mine'],
    ['POST', '/v1/clients', 'verified', true],
    ['POST', '/v1/clients', 'client_secret', 'chosen'],
    ['POST', '/v1/clients', 'secret_sha256', ['0'.repeat(64)]],
    ['POST', '/v1/clients', 'source', 'file'],
    ['POST', '/v1/clients', 'resource', 'https://api.example.com/'],
    ['POST', '/v1/resources', 'client_id', 'mine'],
    ['POST', '/v1/resources', 'source', 'server'],
    ['POST', '/v1/issuers', 'client_id', 'iss_mine'],
    ['POST', '/v1/issuers', 'allowed', true],
  ])('G05 S17: %s %s refuses %s, and does nothing', async (method, path, member, value) => {
    const example = operations.find(
      (one) => one.path === path && one.method === method.toLowerCase(),
    )?.example;
    const body = { ...(example?.body as object), [member]: value };
    const events = await world.app.parts.audit.list({ limit: 1 });
    const answer = await call(method, path, body);
    expect([answer.status, answer.body.error, answer.body.param]).toEqual([400, 'invalid_request', member]);
    expect(await world.app.parts.audit.list({ limit: 1 })).toEqual(events);
  });

  test('G05: and so does every change: no operation lets a member through that it does not know', async () => {
    const { pathOf, bodyOf } = await createRequests(world);
    for (const operation of operations.filter((one) => one.body !== undefined)) {
      const path = pathOf(operation);
      for (const member of ['owner', '__proto__', 'constructor']) {
        const text = JSON.stringify(bodyOf(operation)).replace('{', `{"${member}":{},`);
        const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${world.right}` };
        const answer = await world.ask(path, { method: operation.method.toUpperCase(), headers, body: text });
        expect(answer.status, `${operation.id} ${member}`).toBe(400);
      }
    }
  });

  test.each([
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
    ['a text', '"x"', 400],
    ['too much', JSON.stringify({ name: 'x'.repeat(70_000) }), 413],
  ])('a body that is %s is refused', async (_what, body, status) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${world.right}` };
    expect((await world.ask('/v1/clients', { method: 'POST', headers, body })).status).toBe(status);
  });

  test('a form is none of ours, so no page of another site can send one', async () => {
    const headers = { Authorization: `Bearer ${world.right}` };
    expect((await world.post('/v1/clients', { name: 'x' }, headers)).status).toBe(415);
  });
});

describe('PATCH', () => {
  test('what is given takes the place of what was, as a whole; the rest stays, and the secret too', async () => {
    const made = await makeClient({ default_scopes: ['read:tasks'] });
    const path = `/v1/clients/${made.client_id}`;
    const { body: before } = await call('GET', path);
    const { status, body } = await call('PATCH', path, { scopes: ['write:tasks'], default_scopes: [] });
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, scopes: ['write:tasks'], default_scopes: [] });
    expect((await call('GET', path)).body).toEqual(body);
    const client = { id: made.client_id, secret: made.client_secret, redirectUri: '' };
    expect((await world.token(client, { grant_type: 'client_credentials' })).body.scope).toBe('write:tasks');
  });

  test('R09 T19: a client that need not prove itself any more keeps nothing that it got by doing so', async () => {
    const asked = { scope: 'openid offline_access read:tasks', prompt: 'consent' };
    const lasting = await world.signIn(world.notes, asked);
    const path = `/v1/clients/${world.notes.id}`;
    const isActive = async () => (await world.introspect(world.api, lasting.access_token)).body.active;
    expect((await call('PATCH', path, { name: 'Notes 2' })).status).toBe(200);
    expect(await isActive()).toBe(true);
    expect((await call('PATCH', path, { auth: 'none' })).body.auth).toBe('none');
    const open = { ...world.notes, secret: undefined };
    expect((await world.refresh(open, lasting.refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive()).toBe(false);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 2000);
    const { refresh_token: again } = await world.signIn(open, asked);
    expect((await world.refresh(open, again)).status).toBe(200);
    vi.useRealTimers();
  });

  test('null takes out what may be left out, and nothing else', async () => {
    const uri = 'https://shop.example.com/bye';
    const web = {
      type: 'web',
      grants: ['authorization_code'],
      redirect_uris: ['https://shop.example.com/cb'],
    };
    const { client_id: id } = await makeClient({ ...web, backchannel_logout_uri: uri });
    const path = `/v1/clients/${id}`;
    expect((await call('GET', path)).body.backchannel_logout_uri).toBe(uri);
    expect(
      (await call('PATCH', path, { backchannel_logout_uri: null })).body.backchannel_logout_uri,
    ).toBeNull();
    expect((await call('PATCH', path, { name: null })).status).toBe(400);
    expect((await call('PATCH', path, { scopes: null })).status).toBe(400);
    expect((await call('PATCH', path, {})).status).toBe(200);
  });

  test.each([
    ['a default scope that is none of its scopes any more', { scopes: ['write:tasks'] }, 'default_scopes'],
    [
      'a redirect that no browser may be sent to',
      { redirect_uris: ['javascript:alert(1)'] },
      'redirect_uris',
    ],
    ['a code grant without anywhere to go', { redirect_uris: [] }, 'redirect_uris'],
    ['a session that nobody is told of', { backchannel_logout_session_required: true }, 'backchannel'],
    [
      'keys here and elsewhere',
      { jwks: { keys: [{ kty: 'RSA' }] }, jwks_uri: 'https://shop.example.com/jwks' },
      'jwks',
    ],
    ['an address of the inside', { backchannel_logout_uri: 'http://169.254.169.254/' }, 'backchannel'],
  ])('H02: %s is refused, although the change alone says nothing of it', async (_what, change, param) => {
    const { client_id: id } = await makeClient({
      ...{ type: 'web', grants: ['authorization_code'], redirect_uris: ['https://shop.example.com/cb'] },
      default_scopes: ['read:tasks'],
    });
    const path = `/v1/clients/${id}`;
    const { body: before } = await call('GET', path);
    const { status, body } = await call('PATCH', path, change);
    expect([status, body.error]).toEqual([400, 'invalid_request']);
    expect(String(body.param)).toContain(param);
    expect((await call('GET', path)).body).toEqual(before);
  });

  test('H02: a public client cannot be made one that acts in its own name', async () => {
    const { client_id: id } = await makeClient({
      ...{ type: 'native', grants: ['authorization_code'], redirect_uris: ['com.example.shop:/cb'] },
    });
    expect((await call('PATCH', `/v1/clients/${id}`, { grants: ['client_credentials'] })).status).toBe(400);
    expect((await call('PATCH', `/v1/clients/${id}`, { type: 'web' })).status).toBe(400);
    expect((await call('PATCH', `/v1/clients/${id}`, { type: 'service_account' })).body.param).toBe('type');
    expect((await call('PATCH', `/v1/clients/${id}`, { name: 'Shop' })).status).toBe(200);
  });

  test('H02: an app keeps its private-use scheme, and cannot take another’s', async () => {
    const app = { type: 'native', grants: ['authorization_code'] };
    await makeClient({ ...app, redirect_uris: ['com.example.first:/cb'] });
    const { client_id: id } = await makeClient({ ...app, redirect_uris: ['com.example.second:/cb'] });
    const take = (...uris: string[]) => call('PATCH', `/v1/clients/${id}`, { redirect_uris: uris });
    expect((await take('com.example.second:/cb', 'com.example.first:/cb')).status).toBe(400);
    expect((await take('com.example.second:/other')).status).toBe(200);
  });

  test('an API: its scopes as a whole, and the next introspection knows no others', async () => {
    const path = `/v1/resources/${encodeURIComponent('https://orders.example.com')}`;
    const scopes = { 'read:orders': 'See your orders', 'write:orders': 'Place orders' };
    const made = await call('POST', '/v1/resources', {
      ...{ identifier: 'https://orders.example.com', name: 'Orders', scopes, access_token_seconds: 60 },
    });
    expect(made.status).toBe(201);
    expect((await call('PATCH', path, { format: 'jwt', alg: 'EdDSA' })).body).toMatchObject({ alg: 'EdDSA' });
    expect((await call('PATCH', path, { format: 'opaque' })).body.error).toBe('invalid_request');
    const { body } = await call('PATCH', path, {
      ...{ format: 'opaque', alg: null, access_token_seconds: null },
      scopes: { 'read:orders': 'Orders' },
    });
    expect(body).toMatchObject({ name: 'Orders', format: 'opaque', access_token_seconds: null });
    expect(body.scopes).toEqual({ 'read:orders': 'Orders' });
    expect((await call('PATCH', path, { scopes: { openid: 'Be anybody' } })).status).toBe(400);
    expect((await world.app.parts.audit.list({ type: 'resource.updated', limit: 1 }))[0]?.actor).toBe(
      `client:${world.service.id}`,
    );
  });

  test('this server’s own API is shown, and nobody changes it or takes its name', async () => {
    const path = `/v1/resources/${encodeURIComponent(world.resource)}`;
    expect((await call('GET', path)).body).toMatchObject({ source: 'server', identifier: world.resource });
    expect((await call('PATCH', path, { name: 'Mine' })).status).toBe(400);
    expect((await call('DELETE', path)).body.error).toBe('invalid_request');
    const mine = { identifier: world.resource, name: 'Mine', scopes: { 'read:mine': 'Mine' } };
    expect((await call('POST', '/v1/resources', mine)).body.error).toBe('already_exists');
    const ours = {
      identifier: 'https://mine.example',
      name: 'Mine',
      scopes: { 'latchkey:accounts:read': 'x' },
    };
    expect((await call('POST', '/v1/resources', ours)).status).toBe(400);
  });

  test('of two changes at once one wins, and the other is told 409: nothing is lost in silence', async () => {
    const { client_id: id } = await makeClient();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        call('PATCH', `/v1/clients/${id}`, { name: `Name ${number}` }),
      ),
    );
    const names = answers.filter((one) => one.status === 200).map((one) => one.body.name);
    const { body } = await call('GET', `/v1/clients/${id}`);
    expect(names).toContain(body.name);
    const events = await world.app.parts.audit.list({ clientId: id, type: 'client.updated', limit: 100 });
    expect(events).toHaveLength(names.length);
    for (const { status, body } of answers.filter((one) => one.status !== 200))
      expect([status, body.error]).toEqual([409, 'conflict']);
  });
});
