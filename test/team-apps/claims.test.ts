// What apps claim outside of this server, by teams that may ask for anything: the schemes of other apps (RFC 8252 section 8.4), and
// the origins of others (RFC 6454).
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewApp } from '../../server/team-apps/team-apps.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { type AppWorld, CALLBACK, createAppWorld } from './app-world.ts';

let world: AppWorld;
beforeAll(async () => {
  world = await createAppWorld({
    settings: {
      plans: { standard: { max_apps: 500 } },
      limits: { 'team_app.registration': { max: 1000, window_seconds: 60 } },
    },
  });
});
afterAll(() => world.close());

const native: NewApp = {
  ...{ name: 'Shed', type: 'native', auth: 'none', grants: ['authorization_code'], scopes: ['openid'] },
  ...{ redirect_uris: [], post_logout_redirect_uris: [] },
};

function register(change: Partial<NewApp>, actor = world.asAda) {
  return world.parts.teamApps.register(actor, world.team.id, { ...native, ...change });
}

function change(id: string, redirectUris: readonly string[]) {
  const place = { teamId: world.team.id, id };
  return world.parts.teamApps.change(world.asAda, place, { redirect_uris: redirectUris });
}

const taken = { code: 'invalid_request', param: 'redirect_uris' };

test("G07 H02: an app that has a scheme of its own takes no other app's beside it, allowed or not", async () => {
  await world.registerClient({ type: 'native', auth: 'none', redirectUris: ['com.example.bank:/cb'] });
  const both = ['com.example.shed:/cb', 'com.example.bank:/cb'];
  const { id } = await register({ redirect_uris: ['com.example.shed:/cb'] });
  await expect(change(id, both)).rejects.toMatchObject(taken);
  await world.allow(id);
  await expect(change(id, both)).rejects.toMatchObject(taken);
});

test('H02: a scheme is had by who was allowed, not by who asked first', async () => {
  const wanted = { redirect_uris: ['com.example.loom:/cb'] };
  const squatter = await register(wanted);
  const owner = await register(wanted, asOperator('operator'));
  const answer = await world.allow(squatter.id);
  expect(answer.status).toBe(409);
  expect((await world.parts.clients.get(squatter.id)).owner?.isPending).toBe(true);
  expect((await world.parts.clients.get(owner.id)).blockedAt).toBeUndefined();
  await expect(register(wanted)).rejects.toMatchObject(taken);
});

test('H02: one address with a comma that becomes two is a change, and both who asks and who allows see it', async () => {
  const evil = 'https://evil.example.com/cb';
  const { app, path } = await world.make({ redirect_uris: `${CALLBACK},${evil}` });
  await world.allow(app.id);
  await world.edit(path, { redirect_uris: `${CALLBACK}\n${evil}` });
  for (const page of [await world.operator.get(`/admin/clients/${app.id}`), await world.browser.get(path)])
    expect(page.html).toContain(`>${evil}</bdi>`);
});

test('H02: however many wait, they crowd nobody out: not the scheme of an app, nor the origin of another', async () => {
  const origin = 'https://desk.example.com';
  const others = { type: 'web', auth: 'none', redirect_uris: [`${origin}/cb`], client_uri: origin } as const;
  for (let number = 0; number < 100; number += 1) await register(others);
  for (let number = 0; number < 100; number += 1)
    await register({
      redirect_uris: [`com.example.crowd${number}:/cb`],
      post_logout_redirect_uris: ['com.example.desk:/'],
    });
  await world.registerClient({
    ...{ type: 'browser', auth: 'none', redirectUris: [`${origin}/cb`], origins: [origin] },
  });
  // The last by id.
  await world.parts.clients.register(
    {
      ...(await world.parts.clients.get(world.notes.id)).registration,
      redirectUris: ['com.example.desk:/cb'],
    },
    { id: 'zzz' },
  );
  expect(await world.parts.clients.hasOrigin(origin)).toBe(true);
  await expect(register({ redirect_uris: ['com.example.desk:/cb'] })).rejects.toMatchObject(taken);
});
