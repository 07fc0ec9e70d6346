// The back-channel logout plan (oidcc-backchannel-rp-initiated-logout-certification-test-plan): the app is told from behind.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogoutWorld, type LogoutWorld } from '../logout/logout-world.ts';
import { createRelyingParty, GOODBYE_URI, type RelyingParty } from './relying-party.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

let world: LogoutWorld;
let rp: RelyingParty;
beforeAll(async () => {
  world = await createLogoutWorld();
  const backchannelLogout = { uri: world.receivers[0].url('/backchannel_logout'), needsSid: true };
  rp = await createRelyingParty(world, { change: { backchannelLogout } });
});
afterAll(() => world.close());

/** The one request that came, with nothing in it but a logout token (Back-Channel Logout section 2.5). */
function readLogoutToken(): string {
  const [request, ...others] = world.receivers[0].asked;
  expect(others).toEqual([]);
  expect(request).toMatchObject({
    method: 'POST',
    path: '/backchannel_logout',
    headers: { 'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded(;|$)/) },
  });
  const parameters = new URLSearchParams(request?.body);
  expect([...parameters.keys()]).toEqual(['logout_token']);
  return parameters.get('logout_token') ?? '';
}

test('oidcc-backchannel-rp-initiated-logout: the app gets a logout token for the session of its ID token, Ada comes back to it, and silence is refused', async () => {
  const { robot, idToken, claims } = await rp.signIn();
  const page = await robot.visit(rp.logoutPath({ id_token_hint: idToken, state: 'some-state' }));
  const back = await robot.send(page, {}, { button: 'logout=yes' });
  await world.deliver();

  const keys = createRemoteJWKSet(new URL(rp.server.jwks_uri ?? ''));
  const required = { issuer: rp.issuer, audience: rp.app.id, algorithms: ['RS256'], typ: 'logout+jwt' };
  const { payload } = await jwtVerify(readLogoutToken(), keys, required);
  expect(payload).toMatchObject({
    iat: expect.any(Number),
    jti: expect.any(String),
    events: { [EVENT]: {} },
  });
  expect(claims.sid).toBeTypeOf('string');
  expect([payload.sub, payload.sid]).toEqual([claims.sub, claims.sid]);
  expect(payload).not.toHaveProperty('nonce');

  expect(back.location).toBe(`${GOODBYE_URI}?state=some-state`);
  rp.checkError(await rp.ask({ robot, parameters: { prompt: 'none' } }), ['login_required']);
});
