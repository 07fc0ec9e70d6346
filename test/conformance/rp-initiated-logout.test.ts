// The RP-initiated logout plan (oidcc-rp-initiated-logout-certification-test-plan): an app sends Ada to be signed out.
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import type { FormRobot, Page } from '../support/form-robot.ts';
import type { World } from '../support/world.ts';
import { createRelyingParty, GOODBYE_URI, type Parameters, type RelyingParty } from './relying-party.ts';

// Long, and with what a careless server would decode or cut.
const STATE = `${'s'.repeat(110)}%20+&=/é~"<end>`;

let world: World;
let rp: RelyingParty;
beforeAll(async () => {
  world = await startListeningWorld();
  rp = await createRelyingParty(world);
});
afterAll(() => world.close());

/** Ada signs in and is sent to be signed out, with what the suite sends unless it is changed. */
async function askForLogout(change: (idToken: string) => Parameters | Promise<Parameters> = () => ({})) {
  const { robot, idToken } = await rp.signIn();
  const path = rp.logoutPath({ id_token_hint: idToken, state: STATE, ...(await change(idToken)) });
  return { robot, page: await robot.visit(path) };
}

function confirm(robot: FormRobot, page: Page): Promise<Page> {
  return robot.send(page, {}, { button: 'logout=yes' });
}

/** Silence is refused where nobody is signed in, as the suite tries it after every sign-out. */
async function checkSignedOut(robot: FormRobot): Promise<void> {
  rp.checkError(await rp.ask({ robot, parameters: { prompt: 'none' } }), ['login_required']);
}

async function checkStillSignedIn(robot: FormRobot): Promise<void> {
  rp.checkSuccess(await rp.ask({ robot, parameters: { prompt: 'none' } }));
}

/** What is wrong with the request is told on a page of ours; Ada stays where she is, and signed in. */
async function checkRefused({ robot, page }: { robot: FormRobot; page: Page }): Promise<void> {
  expect([page.status, page.location]).toEqual([400, undefined]);
  expect(page.headers.get('content-type')).toContain('text/html');
  await checkStillSignedIn(robot);
}

/** She is asked, and then told on a page of ours that she is signed out. */
async function checkOwnPage({ robot, page }: { robot: FormRobot; page: Page }): Promise<void> {
  await checkStillSignedIn(robot);
  const done = await confirm(robot, page);
  expect([done.status, done.location]).toEqual([200, undefined]);
  expect(new URL(done.url).origin).toBe(rp.issuer);
  expect(done.html).toContain('You are signed out');
  await checkSignedOut(robot);
}

test('oidcc-rp-initiated-logout: Ada confirms, is back at the app with its state, and silence is refused from then on', async () => {
  const { robot, page } = await askForLogout();
  const back = new URL((await confirm(robot, page)).location ?? '');
  expect(back.origin + back.pathname).toBe(GOODBYE_URI);
  expect([...back.searchParams]).toEqual([['state', STATE]]);
  await checkSignedOut(robot);
});

test('oidcc-rp-initiated-logout-no-state: without a state there is none on the way back', async () => {
  const { robot, page } = await askForLogout(() => ({ state: undefined }));
  expect((await confirm(robot, page)).location).toBe(GOODBYE_URI);
  await checkSignedOut(robot);
});

test('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri: an address that is not registered gets nobody', async () => {
  await checkRefused(await askForLogout(() => ({ post_logout_redirect_uri: `${GOODBYE_URI}/a1B2c3` })));
});

test('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri: nor does the registered one with a query', async () => {
  await checkRefused(await askForLogout(() => ({ post_logout_redirect_uri: `${GOODBYE_URI}?foo=bar` })));
});

test('oidcc-rp-initiated-logout-modified-id-token-hint: a hint whose signature was taken away is an error', async () => {
  const asked = await askForLogout((idToken) => {
    return { id_token_hint: new UnsecuredJWT(decodeJwt(idToken)).encode() };
  });
  await checkRefused(asked);
});

test('oidcc-rp-initiated-logout-bad-id-token-hint: a hint that somebody else signed is an error', async () => {
  const { privateKey } = await generateKeyPair('RS256');
  const asked = await askForLogout(async (idToken) => {
    // With the name of our own key, so that nothing but the signature is wrong.
    const { kid = '' } = decodeProtectedHeader(idToken);
    const forged = new SignJWT(decodeJwt(idToken)).setProtectedHeader({ alg: 'RS256', kid });
    return { id_token_hint: await forged.sign(privateKey) };
  });
  await checkRefused(asked);
});

test('oidcc-rp-initiated-logout-no-id-token-hint: without a hint the address is not believed', async () => {
  await checkOwnPage(await askForLogout(() => ({ id_token_hint: undefined })));
});

test('oidcc-rp-initiated-logout-no-params: without anything Ada is asked, and told that it is done', async () => {
  const nothing = { id_token_hint: undefined, post_logout_redirect_uri: undefined, state: undefined };
  await checkOwnPage(await askForLogout(() => nothing));
});

test('oidcc-rp-initiated-logout-no-post-logout-redirect-uri: without an address there is nowhere to go back to', async () => {
  await checkOwnPage(await askForLogout(() => ({ post_logout_redirect_uri: undefined, state: undefined })));
});

test('oidcc-rp-initiated-logout-only-state: a state alone leads nowhere', async () => {
  await checkOwnPage(
    await askForLogout(() => ({ id_token_hint: undefined, post_logout_redirect_uri: undefined })),
  );
});
