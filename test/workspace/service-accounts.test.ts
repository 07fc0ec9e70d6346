// The service accounts of a team at a browser: made with a file that is offered once, given keys, ended (rows G01, G06, G07).
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { signInBrowser } from '../api-keys/key-browser.ts';
import { createSigner } from '../service-accounts/issuers.ts';
import { dialects } from '../storage/ground.ts';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { fileOn } from './downloads.ts';
import { createWorkspaceWorld, type WorkspaceWorld } from './workspace-world.ts';

describe.each(dialects)('on %s', (dialect) => {
  let world: WorkspaceWorld;
  let ada: FormRobot;
  let home: string;
  beforeAll(async () => {
    world = await createWorkspaceWorld({
      dialect,
      settings: {
        plans: {
          standard: {},
          small: { scopes: ['read'], max_service_accounts: 2 },
          none: { max_service_accounts: 0 },
        },
      },
    });
    ada = await world.signedIn('ada@example.com');
    home = `/teams/${world.team.id}/service-accounts`;
  });
  afterEach(() => vi.useRealTimers());
  afterAll(() => world.close());

  const wanted = { name: 'Reports', scope_0: 'read', source: 'made' };

  async function fillIn(fields: Record<string, string> = {}): Promise<Page> {
    const page = await ada.get(`${home}/new`);
    return ada.submit(page, { ...wanted, ...fields }, { action: `${home}/new` });
  }

  /** From the form to the page that offers the file. */
  async function make(fields: Record<string, string> = {}) {
    const sent = await fillIn(fields);
    const path = new URL(sent.location ?? 'x:').pathname;
    const [id = ''] = /sa_[^/]+/.exec(path) ?? [];
    return { sent, path, id, one: `${home}/${id}` };
  }

  async function publicPem(): Promise<string> {
    const { publicKey } = generateKeyPairSync('ed25519');
    return publicKey.export({ type: 'spki', format: 'pem' }) as string;
  }

  test('G01: the file of a new pair is offered on one page, once, and nothing keeps it', async () => {
    const { sent, path, id } = await make();
    expect([sent.status, sent.html.includes('PRIVATE')]).toEqual([303, false]);
    const shown = await ada.get(path);
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { name, file } = fileOn(shown);
    expect(name).toBe(`${id}.json`);
    expect(file).toMatchObject({ type: 'service_account', client_id: id, client_email: id });
    expect(file.private_key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect((await ada.get(path)).status, 'again').toBe(410);
    const secret = String(file.private_key).split('\n')[5] ?? '';
    for (const later of [home, `${home}/${id}`, `${home}/${id}/deletion`])
      expect((await ada.get(later)).html, later).not.toContain(secret);
    for (const table of ['clients', 'service_accounts', 'artifacts', 'audit_events', 'outbox']) {
      const rows = await world.parts.database.list({ sql: `SELECT * FROM ${table} LIMIT 500`, bindings: [] });
      const values = rows.flatMap((row) => Object.values(row as Record<string, unknown>));
      const texts = values.map((value) =>
        Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
      );
      expect(texts.join('\n'), table).not.toContain(secret);
    }
  });

  test('G01: whoever comes ten seconds later, and another manager at once, gets no file', async () => {
    const grace = await world.signedIn('grace@example.com');
    const first = await make();
    expect((await grace.get(first.path)).status).toBe(410);
    expect((await ada.get(first.path)).status).toBe(200);
    const second = await make();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 10_000);
    const late = await ada.get(second.path);
    expect([late.status, late.html.includes('PRIVATE')]).toEqual([410, false]);
  });

  test('J01: a key of a kind that cannot be kept is refused in words', async () => {
    const kinds = [
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }),
    ];
    for (const { publicKey } of kinds) {
      const key = publicKey.export({ type: 'spki', format: 'pem' }) as string;
      const { sent } = await make({ source: 'given', key });
      expect([sent.status, mainTextOf(sent)], publicKey.asymmetricKeyType).toEqual([
        400,
        expect.stringContaining('A key cannot be read'),
      ]);
    }
  });

  test('a public key may be pasted, as PEM or as JWK; a private one is refused and not shown again', async () => {
    for (const key of [await publicPem(), JSON.stringify((await createSigner()).jwk)]) {
      const { sent, one } = await make({ source: 'given', key });
      expect([sent.status, new URL(sent.location ?? '').pathname]).toEqual([303, one]);
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
    for (const key of [pem, jwk, 'nonsense', '{"kty"', '']) {
      const before = await world.countEvents();
      const refused = await fillIn({ source: 'given', key });
      expect(refused.status, key).toBe(400);
      expect(refused.html).toContain('href="#field-key"');
      expect(refused.html).not.toContain(pem.split('\n')[1]);
      expect(refused.html).not.toContain(String(privateKey.export({ format: 'jwk' }).d));
      expect(await world.countEvents()).toBe(before);
    }
  });

  test('G06: it is given no scope that the team may not have, or that no API has, and no more than the plan has', async () => {
    const { teams } = world.parts;
    const operator = { name: 'operator', account: undefined };
    await teams.setPlan(operator, world.team.id, 'small');
    try {
      const form = mainTextOf(await ada.get(`${home}/new`));
      expect(form).toContain('See issues');
      expect(form).not.toContain('Change issues');
      for (const scope of ['write', 'nothing', 'latchkey:accounts:read']) {
        const page = await ada.get(`${home}/new`);
        const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page.html) ?? [];
        const before = await world.countEvents();
        const refused = await ada.post(`${home}/new`, { ...wanted, scope_0: scope, csrf });
        expect([refused.status, scope]).toEqual([400, scope]);
        expect(await world.countEvents()).toBe(before);
      }
      // There are more already than the plan has now: those stay, and there are no more.
      expect((await fillIn()).status).toBe(403);
      await teams.setPlan(operator, world.team.id, 'none');
      expect(mainTextOf(await ada.get(home))).toContain('The plan of the team has no service accounts.');
    } finally {
      await teams.setPlan(operator, world.team.id, undefined);
    }
  });

  test('G06: what is given everything has what the team may have now, whatever that is', async () => {
    const sent = await ada.submit(
      await ada.get(`${home}/new`),
      { name: 'All', scope_9999: '*', source: 'made' },
      { action: `${home}/new` },
    );
    const [id = ''] = /sa_[^/]+/.exec(sent.location ?? '') ?? [];
    expect(mainTextOf(await ada.get(`${home}/${id}`))).toContain('Everything that the team may');
    const operator = { name: 'operator', account: undefined };
    await world.parts.teams.setPlan(operator, world.team.id, 'small');
    try {
      const { mayHave } = await world.parts.serviceAccounts.get(id);
      expect(['read', 'write', 'latchkey:accounts:read'].filter(mayHave)).toEqual(['read']);
    } finally {
      await world.parts.teams.setPlan(operator, world.team.id, undefined);
    }
  });

  test('its page has its keys; one is added with an end, disabled, enabled and removed, and the log names who', async () => {
    const { path, id, one } = await make();
    await ada.get(path);
    const page = await ada.get(one);
    const added = await ada.submit(
      page,
      { source: 'given', key: await publicPem(), expires_at: '30' },
      { button: 'Add the key' },
    );
    expect(new URL(added.location ?? '').pathname).toBe(one);
    const { keys } = await world.parts.serviceAccounts.get(id);
    expect(keys).toHaveLength(2);
    const kid = String(keys[1]?.kid);
    expect(Number(keys[1]?.exp) - Number(keys[1]?.iat)).toBe(30 * 86_400);
    expect(mainTextOf(await ada.get(one))).toContain(kid);
    const at = `${one}/keys/${encodeURIComponent(kid)}`;
    await ada.submit(await ada.get(one), {}, { action: `${at}/disabling` });
    expect((await world.parts.serviceAccounts.get(id)).disabledKeys).toEqual([kid]);
    await ada.submit(await ada.get(one), {}, { action: `${at}/enabling` });
    expect((await world.parts.serviceAccounts.get(id)).disabledKeys).toEqual([]);
    const question = await ada.get(`${at}/removal`);
    expect(mainTextOf(question)).toContain(kid);
    await ada.submit(question, {}, { button: 'Remove the key' });
    expect((await world.parts.serviceAccounts.get(id)).keys).toHaveLength(1);
    expect((await ada.get(`${at}/removal`)).status).toBe(404);
    const events = await world.parts.audit.list({ clientId: id, limit: 20 });
    expect(events.map(({ type }) => type).toSorted()).toEqual(
      [...Array(4).fill('service_account.keys_changed'), 'service_account.created'].toSorted(),
    );
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([`account:${world.ada.id}`]));
  });

  test('all its tokens end, it is disabled, enabled and deleted: at the next introspection', async () => {
    const { path, one, id } = await make();
    const { file } = fileOn(await ada.get(path));
    const { SignJWT, importPKCS8 } = await import('jose');
    const key = await importPKCS8(String(file.private_key), 'RS256');
    const sign = (issuedAt: number) =>
      new SignJWT()
        .setProtectedHeader({ alg: 'RS256', kid: String(file.private_key_id) })
        .setIssuer(id)
        .setAudience('https://tracker.example.com/')
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + 600)
        .sign(key);
    const now = Math.floor(Date.now() / 1000);
    vi.useFakeTimers({ toFake: ['Date'] });
    const jwt = await sign(now);
    expect(await world.ask(jwt)).toMatchObject({ active: true, team_id: world.team.id, scope: 'read' });
    await vi.waitFor(async () =>
      expect((await world.parts.serviceAccounts.get(id)).lastUsedAt).toEqual(expect.any(Number)),
    );
    await ada.submit(await ada.get(`${one}/not-before`), {}, { button: 'End all tokens' });
    expect((await world.ask(jwt)).active).toBe(false);
    vi.setSystemTime((now + 5) * 1000);
    const next = await sign(now + 5);
    expect((await world.ask(next)).active).toBe(true);
    await ada.submit(await ada.get(`${one}/disabling`), {}, { button: 'Disable the service account' });
    expect((await world.ask(next)).inactive_reason).toBe('disabled');
    vi.setSystemTime((now + 10) * 1000);
    await ada.submit(await ada.get(one), {}, { action: `${one}/enabling` });
    expect((await world.ask(next)).active, 'what it signed before').toBe(false);
    expect((await world.ask(await sign(now + 10))).active).toBe(true);
    const gone = await ada.submit(
      await ada.get(`${one}/deletion`),
      {},
      { button: 'Delete the service account' },
    );
    expect(new URL(gone.location ?? '').pathname).toBe(home);
    expect((await ada.get(one)).status).toBe(404);
    expect((await world.ask(await sign(now + 10))).active).toBe(false);
  });

  test('the list says who made each; without one the page teaches, and workloads are shown to be read', async () => {
    const { id, path, one } = await make({ name: 'Deployer' });
    await ada.get(path);
    const list = mainTextOf(await ada.get(home));
    for (const words of ['Deployer', id, 'Made by ada@example.com', 'In use']) expect(list).toContain(words);
    const { toIssuerRegistration } = await import('../../server/service-accounts/registration.ts');
    const registration = toIssuerRegistration({
      ...{ issuer: 'https://ci.example', profile: 'workload', jwks: { keys: [(await createSigner()).jwk] } },
      ...{ disabled_keys: [], subjects: [], clients: [], scopes: [], allowed: true },
      service_accounts: [
        { id, rules: { aud: ['https://id.example'], sub: ['repo:acme/shop:*'] }, identified_by: [] },
      ],
    } as never);
    await world.parts.trustedIssuers.trust(registration as never);
    const shown = mainTextOf(await ada.get(one));
    for (const words of ['https://ci.example', 'repo:acme/shop:*']) expect(shown).toContain(words);
    const eve = await world.signedIn('eve@example.com');
    const row = await world.parts.database.find<{ id: string }>(
      sql`SELECT id FROM teams WHERE name = 'Others'`,
    );
    const empty = mainTextOf(await eve.get(`/teams/${row?.id}/service-accounts`));
    for (const words of [
      'No service account yet',
      'grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer',
      "from 'jose'",
    ])
      expect(empty).toContain(words);
  });

  test('G04 G06: it is renamed and made to do less on its page; more is given after a sign-in of now, and there alone', async () => {
    const { path, id, one } = await make({ scope_1: 'write' });
    await ada.get(path);
    const scopes = async () => (await world.parts.serviceAccounts.get(id)).scopes;
    await ada.submit(await ada.get(one), { name: ' Nightly ' }, { action: `${one}/name` });
    expect(mainTextOf(await ada.get(one))).toContain('Nightly');
    const csrf = /name="csrf" value="([^"]+)"/.exec((await ada.get(one)).html)?.[1] ?? '';
    await ada.post(`${one}/scopes`, { csrf, scope_0: 'read' });
    expect(await scopes()).toEqual(['read']);
    for (const fields of [{ scope_0: 'read', scope_1: 'write' }, { scope_0: '*' }, {}]) {
      expect((await ada.post(`${one}/scopes`, { csrf, ...fields })).status).toBe(400);
      expect(await scopes()).toEqual(['read']);
    }
    const more = await ada.get(`${one}/widening`);
    expect(mainTextOf(more)).toContain('Change issues');
    expect(mainTextOf(more)).not.toContain('See issues');
    await ada.post(`${one}/widening`, { csrf, scope_0: 'write' });
    expect(await scopes()).toEqual(['read', 'write']);
    const call = await signInBrowser(world);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 301_000);
    const late = await ada.post(`${one}/widening`, { csrf, scope_0: '*' });
    expect(new URL(late.location ?? '').pathname).toBe('/sign-in');
    await ada.post(`${one}/scopes`, { csrf, scope_0: 'write' });
    expect(await scopes(), 'less needs no sign-in').toEqual(['write']);
    const patch = (body: object) => call('PATCH', `/v1/service-accounts/${id}`, body);
    expect((await patch({ scopes: ['read', 'write'] })).body.error).toBe('access_denied');
    expect((await patch({ name: 'Daily', scopes: ['write'] })).body).toMatchObject({ name: 'Daily' });
  });
});
