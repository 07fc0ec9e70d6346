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
    const tokens = await world.signIn(world.notes, { scope: 'openid offline_access read:tasks' });
    const answer = await world.refresh(world.notes, tokens.refresh_token);
    expect(answer).toMatchObject({ status: 200 });
    const { body } = await world.introspect(world.api, String(answer.body.access_token));
    expect(body.active).toBe(true);
    expect((await world.introspect(world.notes, String(answer.body.refresh_token))).body.active).toBe(true);
  }
  await once();
  await once();
  const compile = vi.spyOn(world.app.parts.database.builder.client, 'queryCompiler');
  const prepare = vi.spyOn(sqlitePrototype, 'prepare');
  await once();
  expect(prepare.mock.calls.map(([text]) => text)).toEqual([]);
  expect(compile).not.toHaveBeenCalled();
});
