// The plain introspection is answered before Koa: nobody can tell the two ways apart.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, createWorld, type World } from '../support/world.ts';

let world: World;
let token: string;
beforeAll(async () => {
  world = await createWorld();
  token = (await world.signIn(world.notes)).access_token;
});
afterAll(() => world.close());

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** The long way is taken for any other spelling of the same address. */
async function askBothWays(body: string, headers: Record<string, string>) {
  const ways = ['/introspect', '/introspect?'].map((path) =>
    world.ask(path, { method: 'POST', headers: { ...FORM, ...headers }, body }),
  );
  return (await Promise.all(ways)).map((answer) => {
    const kept = [...answer.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
    return { status: answer.status, text: answer.text, headers: Object.fromEntries(kept) };
  });
}

test.each([
  ['a live token', () => `token=${token}`],
  ['an unknown token', () => 'token=lka_0000000000000000000000000000000000000000000000000000000000'],
  ['what is no token', () => 'token=anything'],
  ['a hint', () => `token=${token}&token_type_hint=refresh_token`],
  ['empty credentials beside Basic', () => `token=${token}&client_id=&client_secret=`],
  ['no token', () => 'other=1'],
  ['a repeated parameter', () => `token=${token}&token=${token}`],
  ['broken escapes', () => 'token=%zz'],
  ['bytes that are not UTF-8', () => 'token=\u00ff'],
])('%s: both ways give the same answer', async (_name, body) => {
  const [fast, long] = await askBothWays(body(), basic(world.api));
  expect(fast).toEqual(long);
});

test.each([
  ['a wrong secret', () => basic({ id: world.api.id, secret: 'wrong' })],
  ['an unknown caller', () => basic({ id: 'nobody', secret: 'wrong' })],
  ['broken Basic', () => ({ Authorization: 'Basic !!!' })],
  ['Bearer', () => ({ Authorization: 'Bearer x' })],
])('%s: both ways refuse alike', async (_name, headers) => {
  const [fast, long] = await askBothWays(`token=${token}`, headers());
  expect(fast).toEqual(long);
  expect(fast?.status).toBeGreaterThanOrEqual(400);
});

test('H4 M06: another host is misdirected, fast or not', async () => {
  const headers = { ...FORM, ...basic(world.api), Host: 'evil.example' };
  const answer = await world.ask('/introspect', { method: 'POST', headers, body: `token=${token}` });
  expect(answer.status).toBe(421);
});
