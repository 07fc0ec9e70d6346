// The main job, end to end, on both databases: a person is logged in by redirect, and an API learns who is calling.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ dialect });
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

  test('Notes refreshes, and a retry of the same refresh gets the same successor', async () => {
    const { refresh_token } = await world.signIn(world.notes, { scope: 'openid offline_access read:tasks' });
    const first = await world.refresh(world.notes, refresh_token);
    const retry = await world.refresh(world.notes, refresh_token);
    expect([first.status, retry.status]).toEqual([200, 200]);
    expect(retry.body.refresh_token).toBe(first.body.refresh_token);
    expect(retry.body.access_token).not.toBe(first.body.access_token);
  });

  test('every act stands in a chain of audit events that verifies', async () => {
    const events = await world.app.parts.audit.list({ accountId: world.ada.id, limit: 100 });
    const types = events.map((event) => event.type);
    for (const type of [
      'account.created',
      'sign_in.succeeded',
      'consent.granted',
      'grant.created',
      'token.issued',
    ]) {
      expect(types).toContain(type);
    }
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
  });
});
