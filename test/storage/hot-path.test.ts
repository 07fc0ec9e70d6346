// The hot path prepares nothing anew and never asks knex: over HTTP, once everything was done once.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sqlitePrototype } from '../support/sqlite-file.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test('introspection, refresh and the redemption of a code run on statements that are prepared and kept', async () => {
  async function once(): Promise<void> {
    const tokens = await world.signIn(world.notes);
    const answer = await world.refresh(world.notes, tokens.refresh_token);
    expect(answer).toMatchObject({ status: 200 });
    const { body } = await world.introspect(world.api, String(answer.body.access_token));
    expect(body.active).toBe(true);
    expect((await world.introspect(world.notes, String(answer.body.refresh_token))).body.active).toBe(true);
  }
  await once();
  await once();
  const { counters, builder } = world.app.parts.database;
  const compile = vi.spyOn(builder.client, 'queryCompiler');
  const count = vi.spyOn(counters, 'query');
  const prepare = vi.spyOn(sqlitePrototype, 'prepare');
  await once();
  const counted = new Set(count.mock.calls.map(([text]) => text));
  const prepared = prepare.mock.calls.map(([text]) => text).filter((text) => !counted.has(text));
  expect(prepared).toEqual([]);
  expect(compile).not.toHaveBeenCalled();
});
