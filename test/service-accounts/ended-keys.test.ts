// What a trusted issuer's key got ends with the key (row J12), as that of a service account does: at once, at every process, whoever
// disabled it: an operator elsewhere, or the configuration file. Of service accounts by the command line: life.test.ts.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../server/app.ts';
import { nowSeconds } from '../../server/clock.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { thumbprintOf } from '../../server/service-accounts/keys.ts';
import { sql } from '../../server/storage/statement.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { loadSettings } from '../config/load-text.ts';
import { createWorld, type World } from '../support/world.ts';
import { createServiceAccount } from './accounts.ts';
import { createSigner, present, type Signer, trustIssuer } from './issuers.ts';

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: World;
  /** Another process on the same database. */
  let elsewhere: Parts;
  let first: Signer;
  let second: Signer;
  let port: number;
  let published: readonly object[] = [];
  const publisher = createServer((_request, response) => response.end(JSON.stringify({ keys: published })));
  beforeAll(async () => {
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
    ({ port } = publisher.address() as { port: number });
    const settings = { outbound: { allowed_hosts: [`127.0.0.1:${port}`] } };
    world = await createWorld({ dialect, settings });
    elsewhere = await createParts(world.app.config, { actor: 'operator' });
    [first, second] = await Promise.all([createSigner({ kid: 'first' }), createSigner({ kid: 'second' })]);
  });
  afterAll(async () => {
    await new Promise((resolve) => publisher.close(resolve));
    await elsewhere.close();
    await world.close();
  });
  afterEach(() => vi.useRealTimers());

  const isActive = async (text: string) => (await world.introspect(world.api, text)).body.active;

  async function get(assertion: string): Promise<string> {
    const { status, body } = await present(world, assertion);
    expect([status, body.error]).toEqual([200, undefined]);
    return String(body.access_token);
  }

  async function trust(keys: readonly object[] = [first.jwk, second.jwk], jwksUri?: string) {
    const source = jwksUri === undefined ? { jwks: { keys } } : { jwksUri };
    const ci = await trustIssuer(world, source as Parameters<typeof trustIssuer>[1]);
    const sign = (by: Signer) => by.sign(ci.claim(), { kid: by.jwk.kid });
    const { trustedIssuers } = elsewhere;
    type Change = Parameters<Parts['trustedIssuers']['changeKeys']>[1];
    return {
      ...{ ...ci, sign },
      change: async (change: Change) =>
        trustedIssuers.changeKeys(await trustedIssuers.get(ci.issuer), change),
    };
  }

  const pinned = (...signers: Signer[]) => ({ jwks: { keys: signers.map(({ jwk }) => jwk) } });

  test('J12: disabled by kid or by thumbprint: its tokens are dead and stay dead, and those of another key live', async () => {
    for (const name of ['first', thumbprintOf(first.jwk)]) {
      const ci = await trust();
      const [one, two] = [await get(ci.sign(first)), await get(ci.sign(second))];
      const state = async () => [await isActive(one), await isActive(two)];
      expect(await state()).toEqual([true, true]);
      await ci.change({ ...pinned(first, second), disabledKeys: [name] });
      expect(await state()).toEqual([false, true]);
      await ci.change({ ...pinned(first, second), disabledKeys: [] });
      expect(await state()).toEqual([false, true]);
      expect(await isActive(await get(ci.sign(first)))).toBe(true);
    }
  });

  test('J12: taken out of the pinned keys, or put under its name by another, it takes its tokens with it', async () => {
    const ci = await trust();
    const impostor = await createSigner({ kid: 'first' });
    const [one, two] = [await get(ci.sign(first)), await get(ci.sign(second))];
    await ci.change({ ...pinned(impostor, second), disabledKeys: [] });
    expect([await isActive(one), await isActive(two)]).toEqual([false, true]);
    const three = await get(ci.sign(impostor));
    expect(await isActive(three)).toBe(true);
    await ci.change({ ...pinned(first, second), disabledKeys: [] });
    expect([await isActive(three), await isActive(two)]).toEqual([false, true]);
    expect(await isActive(await get(ci.sign(first)))).toBe(true);
  });

  test('J12: a token ends with its key where the key ends by itself, and at once where that end is drawn nearer', async () => {
    const now = nowSeconds();
    const until = (seconds: number) => ({ ...first.jwk, exp: now + seconds });
    const ci = await trust([until(100), second.jwk]);
    const answer = await present(world, ci.sign(first));
    expect(Number(answer.body.expires_in)).toBeLessThanOrEqual(100);
    const [one, two] = [String(answer.body.access_token), await get(ci.sign(second))];
    expect((await world.introspect(world.api, one)).body.exp).toBeLessThanOrEqual(now + 100);
    const change = (key: object) =>
      ci.change({ jwks: { keys: [key, second.jwk] as never }, disabledKeys: [] });
    await change(until(200));
    expect(await isActive(one)).toBe(true);
    await change(until(50));
    expect([await isActive(one), await isActive(two)]).toEqual([false, true]);
    const three = await get(ci.sign(first));
    expect(await isActive(three)).toBe(true);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime((now + 50) * 1000);
    expect([await isActive(three), await isActive(two)]).toEqual([false, true]);
  });

  test('J12: of keys that are published one is disabled by either name, and with another address all are gone', async () => {
    published = [first.jwk, second.jwk];
    const uri = (path: string) => `http://127.0.0.1:${port}/${path}`;
    for (const name of ['first', thumbprintOf(first.jwk)]) {
      const ci = await trust([], uri(`${name}.json`));
      const [one, two] = [await get(ci.sign(first)), await get(ci.sign(second))];
      await ci.change({ jwksUri: uri(`${name}.json`), disabledKeys: [name] });
      expect([await isActive(one), await isActive(two)]).toEqual([false, true]);
      await ci.change({ jwksUri: uri(`${name}-2.json`), disabledKeys: [] });
      expect([await isActive(one), await isActive(two)]).toEqual([false, false]);
      expect(await isActive(await get(ci.sign(first)))).toBe(true);
    }
    const moved = await trust();
    const before = await get(moved.sign(first));
    await moved.change({ jwksUri: uri('moved.json'), disabledKeys: [] });
    expect(await isActive(before)).toBe(false);
    expect(await isActive(await get(moved.sign(first)))).toBe(true);
  });

  test('J12: a token that is issued at the moment at which its key is disabled is dead, whoever comes first', async () => {
    const ci = await trust();
    const token = await get(ci.sign(first));
    await ci.change({ ...pinned(first, second), disabledKeys: ['first'] });
    // What was judged before and is committed after that: no row has seen the end of the key.
    const { database } = world.app.parts;
    await database.transact(() =>
      database.write(sql`UPDATE access_tokens SET revoked_at = NULL WHERE asserted_by = ${ci.id}`),
    );
    expect(await isActive(token)).toBe(false);
    // Nor does it come to life when the key is believed again.
    await ci.change({ ...pinned(first, second), disabledKeys: [] });
    expect(await isActive(token)).toBe(false);
    expect(await isActive(await get(ci.sign(first)))).toBe(true);
  });

  test('J12: a key that stands there by two names is disabled by either, with what it got by the other', async () => {
    const alias = { ...first, jwk: { ...first.jwk, kid: 'alias' } };
    const both = { jwks: { keys: [first.jwk, alias.jwk, second.jwk] } };
    const ci = await trust(both.jwks.keys);
    const [one, two] = [await get(ci.sign(alias)), await get(ci.sign(second))];
    await ci.change({ ...both, disabledKeys: ['first'] });
    expect([await isActive(one), await isActive(two)]).toEqual([false, true]);
    for (const name of ['first', 'alias']) {
      const { body } = await present(world, first.sign(ci.claim(), { kid: name }));
      expect([name, body.error]).toEqual([name, 'invalid_grant']);
    }
    await ci.change({ ...both, disabledKeys: [] });
    expect(await isActive(one)).toBe(false);
    expect(await isActive(await get(ci.sign(alias)))).toBe(true);
  });

  test('J12: a service account has a key once, whatever it is called', async () => {
    const account = await createServiceAccount(world, { signers: [first] });
    const again = account.addKey({ ...first.jwk, kid: 'alias' });
    await expect(again).rejects.toMatchObject({ code: 'already_exists', param: 'key' });
  });

  test('J12: what is remembered of a key that ended goes once nothing lives on its word, and the key stays disabled', async () => {
    const ci = await trust();
    const token = await get(ci.sign(first));
    await ci.change({ ...pinned(first, second), disabledKeys: ['first'] });
    const { database, endedKeys } = world.app.parts;
    const count = async () =>
      (await database.list(sql`SELECT key_name FROM ended_keys WHERE client_id = ${ci.id}`)).length;
    // One that came after its key had ended: it lives, but for this row.
    await database.transact(() =>
      database.write(sql`UPDATE access_tokens SET revoked_at = NULL WHERE asserted_by = ${ci.id}`),
    );
    await endedKeys.sweep(nowSeconds() + 1, 100);
    expect([(await count()) > 0, await isActive(token)]).toEqual([true, false]);
    const later = nowSeconds() + 90_000;
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(later * 1000);
    await endedKeys.sweep(later, 100);
    expect([await count(), await isActive(token)]).toEqual([0, false]);
    expect((await present(world, ci.sign(first))).body.error).toBe('invalid_grant');
    expect(await isActive(await get(ci.sign(second)))).toBe(true);
  });

  test('J12: disabled or taken out in the configuration file, from the start with it, at every process', async () => {
    const account = { id: 'sa_declared', name: 'Declared', scopes: ['read:tasks'] };
    const ci = { issuer: 'https://declared.example.com', scopes: ['read:tasks'] };
    const keys = { jwks: { keys: [first.jwk, second.jwk] } };
    const now = nowSeconds();
    const common = { aud: world.app.config.issuer, iat: now, exp: now + 60 };

    /** A start with these, while the world goes on. */
    async function declare(change: object, only: readonly ('issuer' | 'account')[] = ['issuer', 'account']) {
      const { config } = world.app;
      const issuers = [{ ...ci, ...keys, ...(only.includes('issuer') ? change : {}) }];
      const accounts = [{ ...account, ...keys, ...(only.includes('account') ? change : {}) }];
      const declared = loadSettings({ trusted_issuers: issuers, service_accounts: accounts });
      const { trusted_issuers, service_accounts } = declared;
      await (await createApp({ ...config, trusted_issuers, service_accounts })).close();
    }
    function issue(by: Signer) {
      const own = { ...common, jti: randomUUID() };
      const header = { kid: by.jwk.kid };
      return Promise.all([
        get(by.sign({ ...own, iss: ci.issuer, sub: ci.issuer }, header)),
        get(by.sign({ ...own, iss: account.id }, header)),
      ]);
    }
    const states = (tokens: string[]) => Promise.all(tokens.map(isActive));

    await declare({});
    const [one, two] = [await issue(first), await issue(second)];
    expect([await states(one), await states(two)]).toEqual([
      [true, true],
      [true, true],
    ]);
    await declare({ disabled_keys: ['first'] }, ['issuer']);
    expect(await states(one)).toEqual([false, true]);
    await declare({ disabled_keys: ['first'] });
    expect([await states(one), await states(two)]).toEqual([
      [false, false],
      [true, true],
    ]);
    await declare({ jwks: { keys: [first.jwk] } });
    expect([await states(one), await states(two)]).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(await states(await issue(first))).toEqual([true, true]);
  });

  test('J12: a service account’s key that is replaced under the same name takes its tokens with it, at every process', async () => {
    const account = await createServiceAccount(world, { signers: [first] });
    const token = await get(account.sign({ aud: world.app.config.issuer }));
    await account.addKey((await createSigner({ kid: 'other' })).jwk);
    expect(await isActive(token)).toBe(true);
    const { serviceAccounts } = elsewhere;
    await serviceAccounts.removeKey(await serviceAccounts.get(account.id), 'first', asOperator('operator'));
    await account.addKey((await createSigner({ kid: 'first' })).jwk);
    expect(await isActive(token)).toBe(false);
  });
});
