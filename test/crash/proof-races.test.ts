// Two server processes on one database: a pushed request gives one code (RFC 9126 section 2.2), a DPoP proof is good once (RFC 9449 section 11.1).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { createProver, type Prover } from '../support/dpop.ts';
import { createFormRobot, type FormRobot } from '../support/form-robot.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import {
  type AppClient,
  basic,
  createVerifier,
  createWorldIn,
  describeWorld,
  type World,
} from '../support/world.ts';

const ROUNDS = 5;
const AT_ONCE = 50;
const OFFLINE = { scope: 'openid offline_access' };

type Door = Pick<World, 'post' | 'ask'>;

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let servers: ServerProcess[];
  let world: World;
  let doors: Door[];
  let prover: Prover;
  let spa: AppClient;

  beforeAll(async () => {
    place = await createServerPlace({ dialect });
    servers = await Promise.all([place.start(), place.start({ port: await place.findFreePort() })]);
    await Promise.all(servers.map((server) => server.ready));
    world = await createWorldIn(place);
    doors = servers.map(({ port }) => describeWorld({ ...place, port }));
    prover = await createProver(place.config.issuer);
    spa = await world.registerClient({ type: 'browser', auth: 'none' });
  });
  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.kill()));
    await place?.close();
  });

  /** The same fifty times at once, at either process in turn. */
  function storm(send: (door: Door) => Promise<Answer>): Promise<Answer[]> {
    return Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => send(doors[index % doors.length] as Door)),
    );
  }

  function check(answers: Answer[], lost: [number, string]): Answer {
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const { status, body } of answers) if (status !== 200) expect([status, body.error]).toEqual(lost);
    return won[0] as Answer;
  }

  /** One browser at each process, with the same cookies: they are good at either. */
  function spread(robot: FormRobot): FormRobot[] {
    return servers.map(({ port }) => {
      const twin = createFormRobot({ origin: place.config.issuer, port });
      for (const name of ['lk-session', 'lk-session.sig']) twin.setCookie(name, robot.cookie(name) ?? '');
      return twin;
    });
  }

  test(`Q01: of ${AT_ONCE} uses of one pushed request at once, ${ROUNDS} times, one gets a code`, async () => {
    const robot = place.robot();
    // Somebody who is signed in and has allowed the app is asked nothing, so that each use is one request.
    await world.authorize(world.notes, {}, robot);
    const twins = spread(robot);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { verifier, challenge } = createVerifier();
      const query = world.authorizationPath(world.notes, challenge).split('?')[1];
      const form = Object.fromEntries(new URLSearchParams(query));
      const { body } = await world.post('/par', form, basic(world.notes));
      const asked = new URLSearchParams({ client_id: world.notes.id, request_uri: String(body.request_uri) });
      const pages = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) =>
          (twins[index % twins.length] as FormRobot).get(`/authorize?${asked}`),
        ),
      );
      const answers = pages.map((page) =>
        page.location === undefined ? page.status : new URL(page.location).searchParams,
      );
      const codes = answers.flatMap((one) => (typeof one === 'number' ? [] : (one.get('code') ?? [])));
      expect(codes).toHaveLength(1);
      for (const one of answers) {
        if (typeof one === 'number') expect(one).toBe(400);
        else expect([null, 'invalid_request_uri']).toContain(one.get('error'));
      }
      expect((await world.redeem(world.notes, { code: codes[0] ?? '', verifier })).status).toBe(200);
    }
  });

  test('Q01: no pushed request can be read or replayed from the database', async () => {
    const { challenge } = createVerifier();
    const query = world.authorizationPath(world.notes, challenge, { state: 'very-private' }).split('?')[1];
    const form = Object.fromEntries(new URLSearchParams(query));
    const { body } = await world.post('/par', form, basic(world.notes));
    const [, id = ''] = String(body.request_uri).split('request_uri:');
    const rows = await place.parts.database.list<Record<string, unknown>>(
      sql`SELECT * FROM artifacts WHERE model = 'PushedAuthorizationRequest' LIMIT 100`,
    );
    const text = rows
      .flatMap((row) => Object.values(row))
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
      .join('\n');
    expect(rows.length).toBeGreaterThan(0);
    for (const secret of [id, 'very-private', challenge]) expect(text).not.toContain(secret);
  });

  test(`X01: of ${AT_ONCE} refreshes with one proof at once, ${ROUNDS} times, one is answered`, async () => {
    const got = await world.authorize(spa, OFFLINE);
    const first = await world.post(
      '/token',
      {
        grant_type: 'authorization_code',
        client_id: spa.id,
        code: got.code,
        redirect_uri: spa.redirectUri,
        code_verifier: got.verifier,
      },
      await prover.header('/token'),
    );
    let token = String(first.body.refresh_token);
    for (let round = 0; round < ROUNDS; round += 1) {
      const headers = await prover.header('/token');
      const form = { grant_type: 'refresh_token', client_id: spa.id, refresh_token: token };
      const answers = await storm((door) => door.post('/token', form, headers));
      const won = check(answers, [400, 'invalid_dpop_proof']);
      token = String(won.body.refresh_token);
    }
  });

  test(`X01: of ${AT_ONCE} calls of userinfo with one proof at once, one is answered`, async () => {
    const got = await world.authorize(spa, { scope: 'openid' });
    const form = {
      grant_type: 'authorization_code',
      client_id: spa.id,
      code: got.code,
      redirect_uri: spa.redirectUri,
      code_verifier: got.verifier,
    };
    const { body } = await world.post('/token', form, await prover.header('/token'));
    const token = String(body.access_token);
    const proof = await prover.prove('GET', '/userinfo', { token });
    const headers = { Authorization: `DPoP ${token}`, DPoP: proof };
    const answers = await storm((door) => door.ask('/userinfo', { headers }));
    check(answers, [401, 'invalid_token']);
    for (const { status, headers: sent } of answers)
      if (status === 401) expect(sent.get('www-authenticate')).toMatch(/^DPoP /);
  });
});
