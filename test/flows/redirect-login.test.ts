// The main job, end to end: a stock client logs a person in by redirect, refreshes, and an API learns who is calling.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test('Ada signs in at Notes, allows it, and its API learns that it is she', async () => {
  const tokens = await world.signIn(world.notes);
  expect(tokens.access_token).toMatch(/^lka_/);
  const { body } = await world.introspect(world.api, tokens.access_token);
  expect(body).toMatchObject({
    active: true,
    scope: 'read:tasks',
    client_id: world.notes.id,
    sub: world.ada.id,
    username: 'ada@example.com',
    aud: 'https://api.example.com/',
    iss: world.app.config.issuer,
    token_type: 'Bearer',
    credential_type: 'access_token',
  });
});
