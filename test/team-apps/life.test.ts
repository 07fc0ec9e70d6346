// The life of a team's app: registered, refused, allowed, used, changed, blocked, and ended with its team (RFC 6749 section 2).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { dialects } from '../storage/ground.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { createVerifier } from '../support/world.ts';
import { type AppWorld, CALLBACK, createAppWorld } from './app-world.ts';

describe.each(dialects)('on %s', (dialect) => {
  let world: AppWorld;
  beforeAll(async () => {
    world = await createAppWorld({
      dialect,
      settings: { limits: { 'team_app.registration': { max: 1000, window_seconds: 60 } } },
    });
  });
  afterEach(() => vi.useRealTimers());
  afterAll(() => world.close());

  const asked = { scope: 'openid profile', prompt: 'consent' };

  function authorizationPath(client: { id: string; secret: string | undefined; redirectUri: string }) {
    return world.authorizationPath(client, createVerifier().challenge, asked);
  }

  test('H02: an app that nobody has allowed is refused everywhere, and people are told why', async () => {
    const { app, shown } = await world.make();
    expect(mainTextOf(shown)).toContain('Nobody can use it until those who run this server have allowed it.');
    const page = await world.browser.get(authorizationPath(app));
    expect(page.status).toBe(400);
    expect(mainTextOf(page)).toContain('those who run this server have not allowed it yet');
    const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: CALLBACK, code_verifier: 'x' };
    const answers = [
      await world.token(app, code),
      await world.token(app, { grant_type: 'client_credentials', scope: 'openid' }),
      await world.token(app, { grant_type: 'refresh_token', refresh_token: 'x' }),
      await world.introspect(app, 'whatever'),
      await world.post('/device/code', { client_id: app.id, client_secret: app.secret }),
      await world.post('/par', { client_id: app.id, client_secret: app.secret, redirect_uri: CALLBACK }),
    ];
    expect(answers.map(({ status, body }) => [status, body.error])).toEqual(
      Array(answers.length).fill([401, 'invalid_client']),
    );
  });

  test('an operator allows it with a click, and a stock flow works; people read whose it is', async () => {
    const { app } = await world.make({
      client_uri: 'https://shed.example.com/',
      tos_uri: 'https://shed.example.com/terms',
    });
    expect(mainTextOf(await world.operator.get('/admin/requests'))).toContain('Shed');
    expect(mainTextOf(await world.allow(app.id))).toContain('Allowed');
    const consent = await world.browser.follow(await world.browser.get(authorizationPath(app)));
    const text = mainTextOf(consent);
    expect(text).toContain('the team Looms');
    expect(text).toContain('This is the name that the team gave itself.');
    expect(consent.html).toContain(
      'href="https://shed.example.com/terms" rel="noopener noreferrer nofollow"',
    );
    expect(await world.signIn(app, asked, world.browser)).toMatchObject({ scope: 'openid profile' });
  });

  test('H02: what was changed since an operator looked at it is not allowed unseen', async () => {
    const { app, path } = await world.make();
    const page = await world.operator.get(`/admin/clients/${app.id}`);
    const seen = await world.revisionOf(app.id);
    await world.edit(path, { name: 'Your bank' });
    const refused = await world.operator.send(
      page,
      {},
      { action: `/admin/clients/${app.id}/approval/${seen}` },
    );
    expect(refused.status).toBe(409);
    expect((await world.browser.get(authorizationPath(app))).status).toBe(400);
    expect(mainTextOf(await world.operator.get(`/admin/clients/${app.id}`))).toContain('Your bank');
  });

  test('H02: more than was allowed waits, and what was allowed stays in force; less counts at once', async () => {
    const evil = 'https://evil.example.com/cb';
    const { app, path } = await world.make({ redirect_uris: `${CALLBACK}\n${CALLBACK}2` });
    const client = { ...app, redirectUri: CALLBACK };
    await world.allow(app.id);
    await world.edit(path, { name: 'Your bank', redirect_uris: `${CALLBACK}\n${CALLBACK}2\n${evil}` });
    const shown = mainTextOf(await world.browser.get(path));
    expect(shown).toContain('A change waits');
    expect(shown).toContain(evil);
    const consent = await world.browser.follow(await world.browser.get(authorizationPath(client)));
    expect(mainTextOf(consent)).toContain('Shed wants to use your account');
    const elsewhere = await world.browser.get(authorizationPath({ ...client, redirectUri: evil }));
    expect([elsewhere.status, elsewhere.location]).toEqual([400, undefined]);

    await world.parts.teamApps.change(
      world.asAda,
      { teamId: world.team.id, id: app.id },
      { redirect_uris: [CALLBACK] },
    );
    const gone = await world.browser.get(authorizationPath({ ...client, redirectUri: `${CALLBACK}2` }));
    expect(gone.status).toBe(400);
    expect(mainTextOf(await world.browser.get(path))).toContain('Your bank');

    await world.allow(app.id);
    const renamed = await world.browser.follow(await world.browser.get(authorizationPath(client)));
    expect(mainTextOf(renamed)).toContain('Your bank wants to use your account');
  });

  test('a change that is declined is gone, and the team reads why; what was allowed goes on', async () => {
    const { app, path } = await world.make();
    await world.allow(app.id);
    await world.edit(path, { name: 'Your bank' });
    const page = await world.operator.get(`/admin/clients/${app.id}`);
    await world.operator.send(page, { reason: 'You are no bank.' }, { button: 'Decline' });
    const shown = mainTextOf(await world.browser.get(path));
    expect(shown).toContain('You are no bank.');
    expect(shown).not.toContain('Your bank');
    expect(shown).toContain('Allowed');
    expect(await world.signIn(app, asked, world.browser)).toMatchObject({ scope: 'openid profile' });
  });

  test('an app that was declined is refused; saved again it asks again', async () => {
    const { app, path } = await world.make();
    const page = await world.operator.get(`/admin/clients/${app.id}`);
    await world.operator.send(page, { reason: 'Who are you?' }, { button: 'Decline' });
    expect(mainTextOf(await world.browser.get(path))).toContain('Who are you?');
    expect(mainTextOf(await world.operator.get('/admin/requests'))).not.toContain(app.id);
    await world.edit(path, { name: 'Shed of the Looms' });
    expect((await world.browser.get(authorizationPath(app))).status).toBe(400);
    await world.allow(app.id);
    const consent = await world.browser.follow(await world.browser.get(authorizationPath(app)));
    expect(mainTextOf(consent)).toContain('Shed of the Looms wants to use your account');
  });

  test('the name of the team on the consent page is the one that an operator saw', async () => {
    const made = await world.make();
    await world.allow(made.app.id);
    await world.parts.teams.rename(world.asAda, world.team.id, 'The Bank of Example');
    try {
      const consent = await world.browser.follow(await world.browser.get(authorizationPath(made.app)));
      expect(mainTextOf(consent)).toContain('the team Looms');
      expect(mainTextOf(await world.browser.get(made.path))).toContain('The team has another name now.');
      await world.edit(made.path, {});
      expect(mainTextOf(await world.operator.get(`/admin/clients/${made.app.id}`))).toContain(
        'The Bank of Example',
      );
    } finally {
      await world.parts.teams.rename(world.asAda, world.team.id, 'Looms');
    }
  });

  test('G01 T10: a secret is shown once, changed with a day of overlap, and kept nowhere', async () => {
    const { app, path, sent } = await world.make();
    await world.allow(app.id);
    expect((await world.browser.get(new URL(sent.location ?? '').pathname)).status).toBe(410);
    const next = await world.browser.follow(
      await world.browser.submit(await world.browser.get(path), {}, { action: `${path}/rotation` }),
    );
    const [secret = ''] = /\blks_[\w-]+\b/.exec(next.html) ?? [];
    expect(secret).not.toBe(app.secret);
    for (const one of [app, { ...app, secret }])
      expect((await world.redeem(one, { code: 'x', verifier: 'y'.repeat(43) })).body.error).toBe(
        'invalid_grant',
      );
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 86_401_000);
    expect((await world.redeem(app, { code: 'x', verifier: 'y'.repeat(43) })).body.error).toBe(
      'invalid_client',
    );
    const rows = await world.parts.database.list({
      sql: 'SELECT registration, proposal FROM clients LIMIT 500',
      bindings: [],
    });
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test('blocking ends what it has at once, and deleting it too', async () => {
    const { app, path } = await world.make();
    await world.allow(app.id);
    const { access_token: first } = await world.signIn(app, asked, world.browser);
    expect((await world.introspect(world.api, first)).body).toMatchObject({ active: true });
    await world.operator.send(
      await world.operator.get(`/admin/clients/${app.id}/block`),
      {},
      { button: 'Block the client' },
    );
    expect((await world.introspect(world.api, first)).body).toEqual({ active: false });
    expect(mainTextOf(await world.browser.get(path))).toContain('Not allowed');
    await world.operator.send(
      await world.operator.get(`/admin/clients/${app.id}`),
      {},
      { button: 'Allow the client' },
    );
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 2000);
    const { access_token: second } = await world.signIn(app, asked, world.browser);
    await world.browser.send(await world.browser.get(`${path}/deletion`), {}, { button: 'Delete the app' });
    expect((await world.introspect(world.api, second)).body).toEqual({ active: false });
    expect((await world.browser.get(path)).status).toBe(404);
    expect((await world.redeem(app, { code: 'x', verifier: 'y'.repeat(43) })).body.error).toBe(
      'invalid_client',
    );
  });

  test('a page says what is wrong at its field, with what was typed', async () => {
    const page = await world.fillIn({ redirect_uris: 'http://shed.example.com/cb', name: 'Typed by Ada' });
    expect(page.status).toBe(400);
    expect(page.html).toContain('href="#field-redirect_uris"');
    expect(page.html).toContain('value="Typed by Ada"');
    expect(mainTextOf(page)).toContain('must be https');
  });
});
