// Keys on real processes: two nodes on one database, and a node that dies right after it answered (row G09).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../server/teams/admission.ts';
import { createServerPlace, type ServerPlace } from '../support/processes.ts';
import { createProgram } from '../support/program.ts';
import { basic, createWorldIn, type World } from '../support/world.ts';

const OPERATOR = asOperator('operator');
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let world: World;
  let nodes: Awaited<ReturnType<ServerPlace['start']>>[];

  beforeAll(async () => {
    place = await createServerPlace({ dialect });
    nodes = [await place.start(), await place.start({ port: await place.findFreePort() })];
    await Promise.all(nodes.map(({ ready }) => ready));
    world = { ...(await createWorldIn(place)), close: async () => undefined };
  });
  afterAll(async () => {
    await Promise.all((nodes ?? []).map((node) => node.kill()));
    await place?.close();
  });

  /** Asks one of the nodes, as the API does. */
  async function isActive(port: number, token: string): Promise<unknown> {
    const ask = createProgram({ port, host: new URL(place.config.issuer).host });
    const body = new URLSearchParams({ token }).toString();
    const headers = { ...FORM, ...basic(world.api) };
    return (await ask('/introspect', { method: 'POST', headers, body })).body.active;
  }

  async function make() {
    const owner = { kind: 'personal', accountId: world.ada.id } as const;
    return place.parts.apiKeys.create(OPERATOR, { name: 'Zapier', owner, scopes: ['read:tasks'] });
  }

  test('G09: a key that one node ends is dead on the other with the answer, and after kill -9 too', async () => {
    const [first, second] = nodes.map(({ port }) => port) as [number, number];
    const { secret } = await make();
    expect(await Promise.all([isActive(first, secret), isActive(second, secret)])).toEqual([true, true]);
    expect((await world.post('/revoke', { token: secret })).status).toBe(200);
    expect(await isActive(second, secret)).toBe(false);
    await nodes[0]?.kill();
    nodes[0] = await place.start();
    await nodes[0].ready;
    expect(await isActive(nodes[0].port, secret)).toBe(false);
  });

  test('G09: a key that was answered as made is there after kill -9', async () => {
    const { secret } = await make();
    await nodes[0]?.kill();
    nodes[0] = await place.start();
    await nodes[0].ready;
    expect(await isActive(nodes[0].port, secret)).toBe(true);
  });
});
