// The command line beside a running server, on both databases: what an operator ends is felt by the very next call.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type TokenSet, type World } from '../support/world.ts';
import { type Cli, createClisBeside } from './cli.ts';

const LASTING = { scope: 'openid offline_access read:tasks', prompt: 'consent' };

type Grant = { id: string; client_id: string; email: string; scope: string; last_used_at: number | null };

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: World;
  let cli: Cli;
  let quick: Cli;

  beforeAll(async () => {
    world = await createWorld({ dialect });
    ({ cli, quick } = createClisBeside(world.app));
  });
  afterAll(() => world.close());

  async function isActive(tokens: TokenSet): Promise<unknown> {
    return (await world.introspect(world.api, tokens.access_token)).body.active;
  }

  test('tokens introspect tells an operator all that is known of a token, and why one is dead', async () => {
    const tokens = await world.signIn(world.notes, LASTING);
    const access = await cli.json(['tokens', 'introspect'], `${tokens.access_token}\n`);
    expect(access).toEqual({
      active: true,
      kind: 'access_token',
      client_id: world.notes.id,
      sub: world.ada.id,
      username: 'ada@example.com',
      scope: expect.stringContaining('read:tasks'),
      aud: null,
      iss: world.app.config.issuer,
      iat: expect.any(Number),
      exp: expect.any(Number),
      grant_id: expect.stringMatching(/^grant_/),
      token_type: 'Bearer',
    });
    const refresh = await quick.json(['tokens', 'introspect', tokens.refresh_token]);
    expect(refresh).toMatchObject({ active: true, kind: 'refresh_token', grant_id: access.grant_id });

    await world.refresh(world.notes, tokens.refresh_token);
    const reasons = [tokens.refresh_token, `lka_${'0'.repeat(54)}`, 'a text', tokens.id_token].map((token) =>
      quick.json(['tokens', 'introspect'], token),
    );
    expect(await Promise.all(reasons)).toEqual(
      ['used', 'unknown', 'malformed', 'malformed'].map((reason) => ({ active: false, reason })),
    );
    expect(await quick.refusal(['tokens', 'introspect'], '\n')).toMatchObject({ error: 'invalid_request' });
  });

  test('a token that is revoked is dead at once; a refresh token takes its grant along', async () => {
    const tokens = await world.signIn(world.notes, LASTING);
    const spared = await world.signIn(world.notes, LASTING);
    const revoked = await quick.json(['tokens', 'revoke'], tokens.access_token);
    expect(revoked).toMatchObject({ revoked: true, kind: 'access_token', client_id: world.notes.id });
    expect([await isActive(tokens), await isActive(spared)]).toEqual([false, true]);
    expect(await quick.json(['tokens', 'introspect', tokens.access_token])).toEqual({
      active: false,
      reason: 'revoked',
    });

    const renewed = (await world.refresh(world.notes, tokens.refresh_token)).body as TokenSet;
    expect(await isActive(renewed)).toBe(true);
    await quick.json(['tokens', 'revoke', renewed.refresh_token]);
    expect(await isActive(renewed)).toBe(false);
    expect((await world.refresh(world.notes, renewed.refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive(spared)).toBe(true);
    expect(await quick.refusal(['tokens', 'revoke', 'a text'])).toMatchObject({ error: 'not_found' });
  });

  test('a grant is listed with its person, and revoked with all its tokens', async () => {
    const tokens = await world.signIn(world.notes, LASTING);
    const { grant_id: id } = await quick.json<{ grant_id: string }>([
      'tokens',
      'introspect',
      tokens.access_token,
    ]);
    const listed = await quick.json<Grant[]>(['grants', 'list', '--account', 'ada@example.com']);
    expect(listed[0]).toEqual({
      id,
      account_id: world.ada.id,
      email: 'ada@example.com',
      client_id: world.notes.id,
      kind: 'authorization',
      scope: 'openid offline_access read:tasks',
      created_at: expect.any(Number),
      last_used_at: expect.any(Number),
      expires_at: expect.any(Number),
    });
    expect(await quick.json<Grant[]>(['grants', 'list', '--limit', '1'])).toEqual([listed[0]]);

    expect(await cli.json(['grants', 'revoke', id])).toEqual({
      id,
      account_id: world.ada.id,
      client_id: world.notes.id,
    });
    expect(await isActive(tokens)).toBe(false);
    const left = await quick.json<Grant[]>(['grants', 'list', '--account', world.ada.id]);
    expect(left.map((grant) => grant.id)).not.toContain(id);
    expect(await quick.refusal(['grants', 'revoke', id])).toMatchObject({ error: 'not_found' });
    expect(await quick.json(['audit', 'list', '--type', 'grant.revoked', '--limit', '1'])).toMatchObject([
      { actor: 'operator', grant_id: id, reason: 'revoked_by_operator', client_id: world.notes.id },
    ]);
  });

  test('I05 T19: a client that is blocked is refused at once, and what it had stays dead', async () => {
    const app = await world.registerClient({ name: 'Blocked' });
    const tokens = await world.signIn(app, LASTING);
    await cli.json(['clients', 'block', app.id]);
    expect(await isActive(tokens)).toBe(false);
    expect((await world.refresh(app, tokens.refresh_token)).status).toBe(401);
    expect(await quick.json(['tokens', 'introspect', tokens.access_token])).toEqual({
      active: false,
      reason: 'client_not_active',
    });
    await quick.json(['clients', 'allow', app.id]);
    expect(await isActive(tokens)).toBe(false);
  });

  test('both secrets work while a secret is changed', async () => {
    const app = await world.registerClient({ name: 'Turning' });
    const { client_secret: secret } = await quick.json<{ client_secret: string }>([
      'clients',
      'rotate-secret',
      app.id,
    ]);
    const before = await world.signIn(app, LASTING);
    const after = await world.refresh({ ...app, secret }, before.refresh_token);
    expect(after.status).toBe(200);
  });

  test('I05: a person who is disabled has nothing left', async () => {
    const tokens = await world.signIn(world.notes, LASTING);
    await cli.json(['accounts', 'disable', world.ada.id]);
    expect(await isActive(tokens)).toBe(false);
    expect(await quick.json(['grants', 'list', '--account', world.ada.id])).toEqual([]);
    await quick.json(['accounts', 'enable', world.ada.id]);
    expect(await isActive(tokens)).toBe(false);
  });

  test('the doctor looks at a running deployment without disturbing it', async () => {
    const findings = await cli.json<{ check: string; level: string }[]>(['doctor']);
    const levels = Object.fromEntries(findings.map(({ check, level }) => [check, level]));
    expect(levels).toMatchObject({
      database: 'ok',
      schema: 'ok',
      durability: expect.any(String),
      keys: 'ok',
      audit: 'ok',
    });
    expect(await quick.json(['audit', 'verify'])).toEqual({ intact: true, breaks: [] });
    expect(await quick.json(['migrate'])).toEqual({ applied: [] });
  });
});
