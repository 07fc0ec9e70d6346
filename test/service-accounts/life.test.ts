// How a service account, one of its keys, or one JWT of it ends: felt by the next call of any process, on both databases.
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { MAIL, registerJwtApi } from '../support/jwt-world.ts';
import { basic, createWorld, type World } from '../support/world.ts';
import { createServiceAccount, createTeam, type TestAccount } from './accounts.ts';
import { createSigner, present } from './issuers.ts';

const OPERATOR = asOperator('operator');

const SETTINGS = {
  plans: { standard: {}, small: { scopes: ['read:tasks'] }, none: { scopes: [] } },
};

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: World;
  /** What another process, or the command line, has: the same database opened a second time. */
  let elsewhere: Parts;
  beforeAll(async () => {
    world = await createWorld({ dialect, settings: SETTINGS });
    elsewhere = await createParts(world.app.config, { actor: 'operator' });
  });
  afterAll(async () => {
    await elsewhere.close();
    await world.close();
  });
  afterEach(() => vi.useRealTimers());

  async function isActive(text: string): Promise<unknown> {
    return (await world.introspect(world.api, text)).body.active;
  }

  async function getToken(account: TestAccount): Promise<string> {
    const { body } = await present(world, account.sign({ aud: world.app.config.issuer }));
    return String(body.access_token);
  }

  /** Acts of another process: nothing here may be remembered. */
  function act(account: TestAccount) {
    const { serviceAccounts } = elsewhere;
    const found = () => serviceAccounts.get(account.id);
    return {
      disable: async () => serviceAccounts.disable(await found(), OPERATOR),
      enable: async () => serviceAccounts.enable(await found(), OPERATOR),
      remove: async () => serviceAccounts.remove(await found(), OPERATOR),
      disableKey: async (kid: string) => serviceAccounts.disableKey(await found(), kid, OPERATOR),
      enableKey: async (kid: string) => serviceAccounts.enableKey(await found(), kid, OPERATOR),
      removeKey: async (kid: string) => serviceAccounts.removeKey(await found(), kid, OPERATOR),
      endBefore: async (at: number) => serviceAccounts.endBefore(await found(), at, OPERATOR),
    };
  }

  test('I05: disabled, what it signed and got is dead at the next call, and stays dead when it is enabled', async () => {
    const account = await createServiceAccount(world);
    const [text, token] = [account.sign(), await getToken(account)];
    expect([await isActive(text), await isActive(token)]).toEqual([true, true]);
    await act(account).disable();
    expect([await isActive(text), await isActive(token)]).toEqual([false, false]);
    expect((await present(world, account.sign({ aud: world.app.config.issuer }))).body.error).toBe(
      'invalid_grant',
    );
    await act(account).enable();
    expect([await isActive(text), await isActive(token)]).toEqual([false, false]);
    const iat = nowSeconds() + 2;
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(iat * 1000);
    expect(await isActive(account.sign({ iat }))).toBe(true);
    expect(await isActive(await getToken(account))).toBe(true);
  });

  test('removed, nothing of it is good, and nobody gets its id', async () => {
    const account = await createServiceAccount(world);
    const [text, token] = [account.sign(), await getToken(account)];
    expect(await isActive(text)).toBe(true);
    await act(account).remove();
    expect([await isActive(text), await isActive(token), await isActive(account.sign())]).toEqual([
      ...[false, false, false],
    ]);
    expect((await present(world, account.sign({ aud: world.app.config.issuer }))).body.error).toBe(
      'invalid_grant',
    );
    await expect(elsewhere.serviceAccounts.get(account.id)).rejects.toMatchObject({ code: 'not_found' });
    const { registration } = (await elsewhere.clients.find(account.id)) ?? expect.fail();
    expect(registration).toMatchObject({ type: 'removed', grants: [] });
  });

  test('J12: a key that is disabled or removed takes what it signed with it, and no other', async () => {
    const second = await createSigner({ kid: 'second' });
    const account = await createServiceAccount(world, { signers: [await createSigner(), second] });
    const [one, two] = [account.sign(), account.sign({}, {}, second)];
    const state = async () => [await isActive(one), await isActive(two)];
    expect(await state()).toEqual([true, true]);
    await act(account).disableKey('second');
    expect(await state()).toEqual([true, false]);
    await act(account).enableKey('second');
    expect(await state()).toEqual([true, true]);
    await act(account).removeKey('key-1');
    expect(await state()).toEqual([false, true]);
  });

  test('J12: a key ends by itself, and what it signed with it', async () => {
    const now = nowSeconds();
    const account = await createServiceAccount(world);
    const second = await createSigner({ kid: 'second' });
    await account.addKey(second.jwk, { expiresAt: now + 60 });
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(now * 1000);
    const [one, two] = [account.sign(), account.sign({}, {}, second)];
    expect([await isActive(one), await isActive(two)]).toEqual([true, true]);
    vi.setSystemTime((now + 60) * 1000);
    expect([await isActive(one), await isActive(two)]).toEqual([true, false]);
    expect(
      (await present(world, account.sign({ aud: world.app.config.issuer }, {}, second))).body.error,
    ).toBe('invalid_grant');
  });

  test('a not-before ends all that was signed and got earlier, assertions too, and never goes back', async () => {
    const now = nowSeconds();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(now * 1000);
    const account = await createServiceAccount(world);
    const aud = world.app.config.issuer;
    const signed = (iat: number) => account.sign({ iat, exp: iat + 600 });
    const token = await getToken(account);
    vi.setSystemTime((now + 10) * 1000);
    expect([await isActive(signed(now)), await isActive(token)]).toEqual([true, true]);
    await act(account).endBefore(now + 5);
    expect([await isActive(signed(now + 4)), await isActive(signed(now + 5)), await isActive(token)]).toEqual(
      [...[false, true, false]],
    );
    const redeem = async (iat: number) =>
      (await present(world, account.sign({ aud, iat, exp: iat + 600 }))).status;
    expect([await redeem(now + 4), await redeem(now + 5)]).toEqual([400, 200]);
    await act(account).endBefore(now);
    expect(await isActive(signed(now + 4))).toBe(false);
    await expect(act(account).endBefore(now + 60)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('I05: the team ends, and with it its service accounts', async () => {
    const teamId = await createTeam(world);
    const account = await createServiceAccount(world, { teamId });
    const [text, token] = [account.sign(), await getToken(account)];
    const { body } = await world.introspect(world.api, text);
    expect(body).toMatchObject({ active: true, sub: account.id, team_id: teamId, plan: 'standard' });
    expect((await world.introspect(world.api, token)).body).toMatchObject({
      ...{ active: true, sub: account.id, client_id: account.id, team_id: teamId, plan: 'standard' },
      credential_type: 'access_token',
    });
    await elsewhere.teams.remove({ name: 'operator', account: undefined }, teamId);
    expect([await isActive(text), await isActive(token)]).toEqual([false, false]);
    expect((await present(world, account.sign({ aud: world.app.config.issuer }))).body.error).toBe(
      'invalid_grant',
    );
    await expect(createServiceAccount(world, { teamId })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an API with JWT access tokens reads the team in the token itself', async () => {
    const teamId = await createTeam(world);
    const account = await createServiceAccount(world, { teamId, scopes: ['read:mail'] });
    await registerJwtApi(world, MAIL, { scopes: { 'read:mail': 'Read mail' } });
    const assertion = account.sign({ aud: world.app.config.issuer });
    const { body } = await present(world, assertion, { resource: MAIL });
    expect(decodeJwt(String(body.access_token))).toMatchObject({
      ...{ sub: account.id, client_id: account.id, aud: MAIL, team_id: teamId, scope: 'read:mail' },
    });
  });

  test('G: never more than the team may now, nor than its own plan where it is the operator’s', async () => {
    const scopes = ['read:tasks', 'write:tasks'];
    const teamId = await createTeam(world);
    const ours = await createServiceAccount(world, { teamId, scopes });
    const theirs = await createServiceAccount(world, { scopes, plan: 'small' });
    const scopeOf = async (text: string) => (await world.introspect(world.api, text)).body.scope;
    const [text, token] = [ours.sign(), await getToken(ours)];
    expect([await scopeOf(text), await scopeOf(token)]).toEqual([
      'read:tasks write:tasks',
      'read:tasks write:tasks',
    ]);
    await elsewhere.teams.setPlan({ name: 'operator', account: undefined }, teamId, 'small');
    expect([await scopeOf(text), await scopeOf(token)]).toEqual(['read:tasks', 'read:tasks']);
    expect([await scopeOf(theirs.sign()), await scopeOf(await getToken(theirs))]).toEqual([
      'read:tasks',
      'read:tasks',
    ]);
    const aud = world.app.config.issuer;
    const beyond = await present(world, ours.sign({ aud, scope: 'write:tasks' }));
    expect([beyond.status, beyond.body.error]).toEqual([400, 'invalid_scope']);
  });

  test('kaie: whoever holds a JWT revokes it by itself, and this one alone; what cannot be used is no error', async () => {
    const account = await createServiceAccount(world);
    const [text, other] = [account.sign({ jti: 'one' }), account.sign({ jti: 'two' })];
    const forged = `${text.slice(0, -4)}AAAA`;
    for (const token of [forged, account.sign({ iss: 'sa_nobody', sub: 'sa_nobody' }), text, text])
      expect((await world.post('/revoke', { token })).status).toBe(200);
    expect([await isActive(text), await isActive(other)]).toEqual([false, true]);
    const events = await elsewhere.audit.list({ type: 'service_jwt.revoked', limit: 10 });
    const own = events.filter(({ clientId }) => clientId === account.id);
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({
      actor: 'anonymous',
      reason: 'revoked_by_holder',
      details: JSON.stringify({
        sha256: createHash('sha256')
          .update(text.slice(0, text.lastIndexOf('.')))
          .digest('hex'),
      }),
    });
  });

  test('J12: a key that is disabled or removed takes the access tokens that it got, and no other', async () => {
    const second = await createSigner({ kid: 'second' });
    const account = await createServiceAccount(world, { signers: [await createSigner(), second] });
    const get = async (by = account.signer) =>
      String(
        (await present(world, account.sign({ aud: world.app.config.issuer }, {}, by))).body.access_token,
      );
    const [one, two] = [await get(), await get(second)];
    const state = async () => [await isActive(one), await isActive(two)];
    expect(await state()).toEqual([true, true]);
    await act(account).disableKey('second');
    expect(await state()).toEqual([true, false]);
    await act(account).enableKey('second');
    expect(await state()).toEqual([true, false]);
    expect(await isActive(await get(second))).toBe(true);
    await act(account).removeKey('key-1');
    expect(await state()).toEqual([false, false]);
  });

  test('I03: an API that may know is told that the key is disabled, where the signature is right', async () => {
    const identifier = `https://${dialect}.example.com/`;
    const registration = { name: 'Told', scopes: { 'read:told': 'Read' }, tokenFormat: 'opaque' as const };
    const told = await world.app.parts.resources.register(
      { identifier, isDefault: false, registration },
      { auth: 'client_secret_basic', inactiveReason: true },
    );
    const account = await createServiceAccount(world);
    const text = account.sign({ aud: identifier });
    const ask = async (token: string) =>
      (await world.introspect({ id: told.clientId, secret: told.secret }, token)).body;
    expect(await ask(text)).toMatchObject({ active: true });
    await act(account).disableKey('key-1');
    expect(await ask(text)).toEqual({ active: false, inactive_reason: 'disabled' });
    expect(await ask(`${text.slice(0, -8)}AAAAAAAA`)).toEqual({ active: false });
  });

  test('what was revoked is forgotten when it would have expired, and not before', async () => {
    const now = nowSeconds();
    const account = await createServiceAccount(world);
    const text = account.sign({ iat: now, exp: now + 60 });
    await world.post('/revoke', { token: text });
    await elsewhere.serviceAccounts.sweep(now + 60, 100);
    expect(await isActive(text)).toBe(false);
    expect(await elsewhere.serviceAccounts.sweep(now + 61, 100)).toBeGreaterThanOrEqual(1);
  });

  test('two who change keys at once: one of them hears of it, and no key is lost', async () => {
    const account = await createServiceAccount(world);
    const before = await account.get();
    const { serviceAccounts } = world.app.parts;
    const { serviceAccounts: theirs } = elsewhere;
    const ids = ['a', 'b'];
    const signers = await Promise.all(ids.map((kid) => createSigner({ kid })));
    const { readJwk } = await import('../../server/service-accounts/public-keys.ts');
    const [a, b] = signers.map(({ jwk }) => readJwk(jwk));
    await serviceAccounts.addKey(before, a ?? expect.fail(), { actor: OPERATOR });
    await expect(theirs.addKey(before, b ?? expect.fail(), { actor: OPERATOR })).rejects.toMatchObject({
      label: 'client',
    });
    const { keys } = await account.get();
    expect(keys.map(({ kid }) => kid)).toEqual(['key-1', 'a']);
  });

  test('an API that may know is told why, and nobody is told of what nobody has signed', async () => {
    const account = await createServiceAccount(world);
    const { parts } = world.app;
    const server = await parts.clients.getOwn(world.api.id);
    await parts.clients.update(server, { ...server.registration, learnsWhy: true });
    const reason = async (text: string) => (await world.introspect(world.api, text)).body.inactive_reason;
    const now = nowSeconds();
    const [text, old] = [account.sign({ jti: 'known' }), account.sign({ iat: now - 60, exp: now - 1 })];
    expect(await reason(old)).toBe('expired');
    await world.post('/revoke', { token: text });
    expect(await reason(text)).toBe('revoked');
    await act(account).disable();
    expect(await reason(account.sign())).toBe('disabled');
    expect(await reason(`${account.sign().slice(0, -4)}AAAA`)).toBe(undefined);
    const headers = basic(world.api);
    expect(
      (await world.post('/introspect', { token: account.sign({ aud: 'https://other.example' }) }, headers))
        .text,
    ).toBe('{"active":false}');
  });
});
