// What an authorization request may not bring along: request objects, addresses of them, registrations (OpenID Connect Core section 3.1.2.6).
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReceiver } from '../outbound/receiver.ts';
import { answerOf, createVisits } from '../support/visits.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** The app is told by the error's own name, nobody is asked for anything. */
async function checkRefused(parameters: Record<string, string>, error: string): Promise<void> {
  const { page } = await createVisits(world).begin(world.notes, parameters);
  expect(answerOf(page)).toMatchObject({ error, state: 'a-state', iss: world.app.config.issuer });
  expect(answerOf(page)).not.toHaveProperty('code');
}

test('A16: a request object is refused, signed by nobody or by somebody', async () => {
  const claims = {
    client_id: world.notes.id,
    response_type: 'code',
    redirect_uri: 'https://evil.example/cb',
  };
  await checkRefused({ request: new UnsecuredJWT(claims).encode() }, 'request_not_supported');
  await checkRefused({ request: 'x.y.z' }, 'request_not_supported');
});

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'https://notes.example.com/request.jwt',
  'file:///etc/passwd',
  'urn:nothing',
])('A16: a request_uri is refused: %s', async (uri) => {
  await checkRefused({ request_uri: uri }, 'request_uri_not_supported');
});

test('A16: nobody fetches a request_uri', async () => {
  const receiver = await startReceiver();
  await checkRefused({ request_uri: receiver.url('/request.jwt') }, 'request_uri_not_supported');
  expect(receiver.asked).toEqual([]);
  await receiver.close();
});

test('A16: a registration in the request is refused', async () => {
  await checkRefused(
    { registration: '{"redirect_uris":["https://evil.example/cb"]}' },
    'registration_not_supported',
  );
});
