// What a machine stands on: the plan of its team, and the row that says who it is. Where that gives way, so does what it has.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { createWorld, type World } from '../support/world.ts';
import { createServiceAccount, createTeam } from './accounts.ts';
import { expectRefusal, present, trustIssuer } from './issuers.ts';

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: World;
  beforeAll(async () => {
    const plans = { standard: {}, modest: { max_service_accounts: 0 } };
    world = await createWorld({ dialect, settings: { plans } });
  });
  afterAll(() => world.close());

  const isActive = async (text: string) => (await world.introspect(world.api, text)).body.active;

  function write(statement: ReturnType<typeof sql>): Promise<unknown> {
    const { database } = world.app.parts;
    return database.transact(() => database.write(statement));
  }

  test('G06: a plan without service accounts ends their tokens with what they sign themselves, until there is one again', async () => {
    const team = await createTeam(world, 'standard');
    const account = await createServiceAccount(world, { teamId: team });
    const { body } = await present(world, account.sign({ aud: world.app.config.issuer }));
    const states = async () => [await isActive(String(body.access_token)), await isActive(account.sign())];
    expect(await states()).toEqual([true, true]);
    await write(sql`UPDATE teams SET plan = ${'modest'} WHERE id = ${team}`);
    expect(await states()).toEqual([false, false]);
    await write(sql`UPDATE teams SET plan = ${'standard'} WHERE id = ${team}`);
    expect(await states()).toEqual([true, true]);
  });

  test('F30: an issuer or a service account whose row is damaged is nobody, and all others go on', async () => {
    const [ci, other] = [await trustIssuer(world), await trustIssuer(world)];
    const account = await createServiceAccount(world);
    for (const id of [ci.id, account.id])
      await write(sql`UPDATE clients SET registration = ${'{"auth":'} WHERE id = ${id}`);
    await expectRefusal(world, ci.assert(), 'unknown_issuer');
    await expectRefusal(world, account.sign({ aud: world.app.config.issuer }), 'unknown_issuer');
    expect((await present(world, other.assert())).status).toBe(200);
  });
});
