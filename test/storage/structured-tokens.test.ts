// The engine's storage contract for JWT access tokens, on every database: kept under their whole text, found where they are presented.
import type { Adapter } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { present } from '../../server/protocol/structured-tokens.ts';
import { createJwtId, parseAccessToken } from '../../server/storage/token-format.ts';
import { ADA, type AdapterWorld, createAdapterWorld, payloadOf } from './adapters.ts';
import { createGround, dialects, type Place, registerPeople } from './ground.ts';

const MODELS = ['AccessToken', 'ClientCredentials'] as const;

function makeJwt(jti: string, signature = 'c2lnbmF0dXJl'): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'ES256', typ: 'at+jwt' })}.${encode({ jti, sub: ADA })}.${signature}`;
}

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let world: AdapterWorld;
  beforeAll(async () => {
    ground = await createGround(dialect);
    world = createAdapterWorld(ground.open());
    await registerPeople(world.database, [ADA]);
  });
  afterAll(() => ground.close());

  /** As the engine meets one, in a request that revokes. */
  function within<T>(model: string, text: string, act: (adapter: Adapter, name: string) => Promise<T>) {
    return world.within(model, (adapter) => {
      const key = parseAccessToken(text);
      return act(adapter, key === undefined ? text : present(world.database.memory(), key));
    });
  }
  const find = (model: string, text: string) =>
    within(model, text, async (adapter, name) => adapter.find(name));
  const destroy = (model: string, text: string) =>
    within(model, text, async (adapter, name) => adapter.destroy(name));

  async function saveOne(model: string) {
    const jti = createJwtId();
    const text = makeJwt(jti);
    const payload = payloadOf(model, jti);
    await world.save(model, text, payload);
    return { jti, text, payload };
  }

  test.each(MODELS)('%s: is found by its whole text, with what was saved', async (model) => {
    const { text, payload } = await saveOne(model);
    const { jti: _, ...rest } = payload;
    expect(await find(model, text)).toMatchObject(rest);
  });

  test('B02: sent by anybody the text is no id: the engine finds only what was presented in this very unit', async () => {
    const { text } = await saveOne('AccessToken');
    expect(await world.find('AccessToken', text)).toBeUndefined();
    const name = await within('AccessToken', text, async (_adapter, presented) => presented);
    expect(await world.find('AccessToken', name)).toBeUndefined();
    await world.destroy('AccessToken', name);
    await world.destroy('AccessToken', text);
    expect(await find('AccessToken', text)).toBeDefined();
  });

  test.each(MODELS)('%s: another text with its jti finds nothing and ends nothing', async (model) => {
    const { jti, text } = await saveOne(model);
    const forged = makeJwt(jti, 'YW5vdGhlcg');
    for (const other of [forged, jti, `lka_${jti.slice(3)}`]) {
      expect(await find(model, other), other).toBeUndefined();
      await destroy(model, other);
    }
    expect(await find(model, text)).toBeDefined();
  });

  test('V06: destroyed it is found no more, and its namesake of the same moment lives on', async () => {
    const { jti, text } = await saveOne('AccessToken');
    const namesake = makeJwt(`${jti.slice(0, 14)}AAAAAAAAAAAA`);
    expect(parseAccessToken(namesake)?.id).toBe(parseAccessToken(text)?.id);
    await world.save('AccessToken', namesake, payloadOf('AccessToken', jti));
    await destroy('AccessToken', text);
    expect(await find('AccessToken', text)).toBeUndefined();
    expect(await find('AccessToken', namesake)).toBeDefined();
  });

  test('security.md 3.1: one kind is not found as the other', async () => {
    for (const [model, other] of [MODELS, MODELS.toReversed()]) {
      const { text } = await saveOne(model ?? '');
      expect(await find(other ?? '', text)).toBeUndefined();
    }
  });

  test('H06: what is stored of it cannot be sent anywhere: the text, its signature and its jti are not there', async () => {
    const { jti, text } = await saveOne('AccessToken');
    const rows = await world.database.list({ sql: 'SELECT * FROM access_tokens LIMIT 100', bindings: [] });
    const everything = JSON.stringify(rows);
    expect(everything).toContain(ADA);
    for (const part of [text, text.split('.')[2] ?? '', jti.slice(14)])
      expect(everything).not.toContain(part);
  });
});
