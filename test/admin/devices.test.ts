// latchkey devices … and the allowlist of device clients, beside a running server and on both databases (RFC 8628).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEVICE_GRANT } from '../../server/clients/ready-made.ts';
import { answerCode } from '../clients/pairing.ts';
import { type AppClient, createWorld, type TokenSet, type World } from '../support/world.ts';
import { type Cli, createClisBeside } from './cli.ts';

const SCOPE = 'openid offline_access read:tasks';
const LASTING = { scope: SCOPE, prompt: 'consent' };

type Codes = { device_code: string; user_code: string; verification_uri_complete: string };
type Device = { id: string; client_id: string };

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: World;
  let cli: Cli;
  let quick: Cli;

  beforeAll(async () => {
    world = await createWorld({ dialect });
    ({ cli, quick } = createClisBeside(world.app));
  });
  afterAll(() => world.close());

  function ask(clientId: string) {
    return world.post('/device/code', { client_id: clientId, scope: SCOPE });
  }

  async function start(clientId: string): Promise<Codes> {
    const answer = await ask(clientId);
    if (answer.status !== 200) throw new Error(`no code: ${answer.status} ${answer.text}`);
    return answer.body as Codes;
  }

  function poll(clientId: string, codes: Codes) {
    const { device_code } = codes;
    return world.post('/token', { grant_type: DEVICE_GRANT, client_id: clientId, device_code });
  }

  async function pair(clientId: string): Promise<TokenSet> {
    const codes = await start(clientId);
    await answerCode(world, codes.verification_uri_complete);
    return (await poll(clientId, codes)).body as TokenSet;
  }

  async function isActive(tokens: TokenSet): Promise<unknown> {
    return (await world.introspect(world.api, tokens.access_token)).body.active;
  }

  test('D02: who came asking is listed, and pairs from the very next call on when it is allowed', async () => {
    for (const id of ['kaie-cli', 'other-cli', 'kaie-cli']) expect((await ask(id)).status).toBe(401);
    await world.app.parts.clients.flushRequests();
    const requests = await cli.json<{ client_id: string }[]>(['clients', 'requests']);
    const kaie = requests.find((one) => one.client_id === 'kaie-cli');
    expect(kaie).toEqual({
      client_id: 'kaie-cli',
      first_at: expect.any(Number),
      last_at: expect.any(Number),
      count: 2,
    });
    expect(await quick.refusal(['clients', 'show', 'kaie-cli'])).toMatchObject({ error: 'not_found' });

    expect(await cli.json(['clients', 'allow', 'kaie-cli'])).toMatchObject({
      client_id: 'kaie-cli',
      type: 'native',
      state: 'allowed',
      source: 'database',
      auth: 'none',
      grants: [DEVICE_GRANT, 'refresh_token'],
    });
    expect(await isActive(await pair('kaie-cli'))).toBe(true);
    const left = await quick.json<{ client_id: string }[]>(['clients', 'requests']);
    expect(left.map((one) => one.client_id)).toEqual(['other-cli']);
    expect((await quick.run(['clients', 'requests'])).out).toMatch(
      /^client_id +first_at +last_at +count\nother-cli/,
    );
  });

  test('an id that is registered since is no longer listed, and one that can be no id is refused', async () => {
    expect((await ask('later-cli')).status).toBe(401);
    await world.app.parts.clients.flushRequests();
    await world.registerClient({ name: 'Later', grants: [DEVICE_GRANT], redirectUris: [] }, 'later-cli');
    const requests = await quick.json<{ client_id: string }[]>(['clients', 'requests']);
    expect(requests.map((one) => one.client_id)).not.toContain('later-cli');
    expect(await quick.refusal(['clients', 'allow', 'two words'])).toMatchObject({
      error: 'invalid_request',
    });
  });

  test('a device is listed with its person and its client, and revoked with all its tokens', async () => {
    const spared = await pair('latchkey-cli');
    const tokens = await pair('latchkey-cli');
    const listed = await cli.json<Device[]>([
      'devices',
      'list',
      '--account',
      'ada@example.com',
      '--limit',
      '1',
    ]);
    expect(listed).toEqual([
      {
        id: expect.stringMatching(/^grant_/),
        account_id: world.ada.id,
        email: 'ada@example.com',
        client_id: 'latchkey-cli',
        client_name: 'latchkey-cli',
        scope: expect.stringContaining('read:tasks'),
        created_at: expect.any(Number),
        last_used_at: expect.any(Number),
        ends_at: expect.any(Number),
        expires_at: expect.any(Number),
      },
    ]);
    const id = listed[0]?.id ?? '';
    expect(await cli.json(['devices', 'revoke', id])).toEqual({
      id,
      account_id: world.ada.id,
      client_id: 'latchkey-cli',
    });
    expect(await isActive(tokens)).toBe(false);
    const refreshed = await world.post('/token', {
      grant_type: 'refresh_token',
      client_id: 'latchkey-cli',
      refresh_token: tokens.refresh_token,
    });
    expect(refreshed.body.error).toBe('invalid_grant');
    expect(await isActive(spared)).toBe(true);
    expect(await quick.refusal(['devices', 'revoke', id])).toMatchObject({ error: 'not_found' });
  });

  test('what a person reported is listed, and lifted for them by the operator', async () => {
    const { verification_uri_complete } = await start('latchkey-cli');
    await answerCode(world, verification_uri_complete, { decision: 'report' });
    const report = {
      account_id: world.ada.id,
      email: 'ada@example.com',
      client_id: 'latchkey-cli',
      client_name: 'latchkey-cli',
      reported_at: expect.any(Number),
    };
    expect(await cli.json(['devices', 'blocks'])).toEqual([report]);
    expect(await quick.json(['devices', 'blocks', '--account', world.ada.id])).toEqual([report]);
    expect((await quick.run(['devices', 'blocks'])).out).toContain('ada@example.com');
    const words = ['devices', 'unblock', '--account', 'ada@example.com', '--client', 'latchkey-cli'];
    expect(await cli.json(words)).toEqual({ account_id: world.ada.id, client_id: 'latchkey-cli' });
    expect(await quick.json(['devices', 'blocks'])).toEqual([]);
    expect(await isActive(await pair('latchkey-cli'))).toBe(true);
    expect(await quick.refusal(words)).toMatchObject({ error: 'not_found' });
    const [event] = await quick.json<unknown[]>(['audit', 'list', '--type', 'device_code.report_lifted']);
    expect(event).toMatchObject({ actor: 'operator', account_id: world.ada.id, client_id: 'latchkey-cli' });
  });

  test('the grant of an app is no device: neither listed nor revoked as one', async () => {
    const tokens = await world.signIn(world.notes, LASTING);
    const [grant] = await quick.json<Device[]>(['grants', 'list', '--limit', '1']);
    expect(grant?.client_id).toBe(world.notes.id);
    const devices = await quick.json<Device[]>(['devices', 'list']);
    expect(devices.map((one) => one.client_id)).not.toContain(world.notes.id);
    expect(await quick.refusal(['devices', 'revoke', grant?.id ?? ''])).toMatchObject({ error: 'not_found' });
    expect(await isActive(tokens)).toBe(true);
  });

  describe('a client that is blocked by another process', () => {
    let app: AppClient;
    let tokens: TokenSet;
    let paired: TokenSet;
    let code: Awaited<ReturnType<World['authorize']>>;
    let waiting: Codes;
    let approved: Codes;

    beforeAll(async () => {
      app = await world.registerClient({
        name: 'Everything',
        type: 'native',
        auth: 'none',
        redirectUris: ['com.example.everything:/cb'],
        grants: ['authorization_code', 'refresh_token', DEVICE_GRANT],
      });
      tokens = await world.signIn(app, LASTING);
      paired = await pair(app.id);
      code = await world.authorize(app, LASTING);
      waiting = await start(app.id);
      approved = await start(app.id);
      await answerCode(world, approved.verification_uri_complete);
      expect([await isActive(tokens), await isActive(paired)]).toEqual([true, true]);
      expect((await poll(app.id, waiting)).body.error).toBe('authorization_pending');
      await cli.json(['clients', 'block', app.id]);
    });

    test('has no live token from the very next call on, and may ask for nothing', async () => {
      expect([await isActive(tokens), await isActive(paired)]).toEqual([false, false]);
      const answers = [
        await world.refresh(app, tokens.refresh_token),
        await world.refresh(app, paired.refresh_token),
        await world.redeem(app, code),
        await poll(app.id, waiting),
        await poll(app.id, approved),
        await ask(app.id),
      ];
      expect(answers.map(({ status, body }) => [status, body.error])).toEqual(
        answers.map(() => [401, 'invalid_client']),
      );
      const robot = world.app.robot();
      await world.signIn(world.notes, {}, robot);
      const page = await robot.send(await robot.get(`/device?user_code=${waiting.user_code}`));
      expect(page.html).toContain('withdrawn');
      expect(page.html).not.toContain('decision');
      const devices = await quick.json<Device[]>(['devices', 'list']);
      expect(devices.map((one) => one.client_id)).not.toContain(app.id);
    });

    test('has nothing of it back when it is allowed again', async () => {
      await cli.json(['clients', 'allow', app.id]);
      expect([await isActive(tokens), await isActive(paired)]).toEqual([false, false]);
      const answers = [
        await world.refresh(app, tokens.refresh_token),
        await world.refresh(app, paired.refresh_token),
        await world.redeem(app, code),
        await poll(app.id, approved),
        await poll(app.id, waiting),
      ];
      expect(answers.map(({ body }) => body.error)).toEqual([
        ...['invalid_grant', 'invalid_grant', 'invalid_grant', 'invalid_grant'],
        'expired_token',
      ]);
    });
  });
});
