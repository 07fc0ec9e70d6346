// Every way in which a session ends is told to its apps, and kills what lives as long as it does (row L08).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { disableAccount, endAccountSessions } from '../../server/admin/account-commands.ts';
import { linkTo, RESET } from '../accounts/mailbox.ts';
import { browserOf, emailOf, PASSWORD, signIn, signUp } from '../accounts/people.ts';
import type { FormRobot } from '../support/form-robot.ts';
import { createVerifier, type TokenSet } from '../support/world.ts';
import { createLogoutWorld, type Listener, type LogoutWorld } from './logout-world.ts';

let world: LogoutWorld;
let notes: Listener;
beforeAll(async () => {
  world = await createLogoutWorld({ settings: { trusted_proxies: ['127.0.0.0/8'] } });
  notes = await world.listen();
});
afterAll(() => world.close());
beforeEach(() => {
  notes.receiver.asked.length = 0;
});

type Somebody = {
  name: string;
  email: string;
  robot: FormRobot;
  tokens: TokenSet;
  sid: string;
  signUpUid?: string;
};

/** The person signs in at the app with a browser of its own. */
async function useApp(name: string, browser: string): Promise<Somebody> {
  const robot = browserOf(world.app, browser);
  const person = { email: emailOf(name), password: PASSWORD };
  const { verifier, challenge } = createVerifier();
  const start = await robot.get(world.authorizationPath(notes, challenge));
  const back = await world.walk(robot, start, person);
  const code = back.searchParams.get('code') ?? '';
  const tokens = (await world.redeem(notes, { code, verifier })).body as TokenSet;
  return { name, email: person.email, robot, tokens, sid: world.sidOf(tokens.id_token) ?? '' };
}

/** Somebody new, signed in at the app. */
async function somebody(name: string): Promise<Somebody> {
  await signUp(browserOf(world.app, `${name} signing up`), name);
  const { id } = await world.app.parts.accounts.get(emailOf(name));
  const [{ uid: signUpUid } = { uid: '' }] = await world.app.parts.sessions.listOf(id);
  return { ...(await useApp(name, name)), signUpUid };
}

async function isLive({ tokens }: Somebody): Promise<boolean> {
  return (await world.introspect(world.api, tokens.access_token)).body.active === true;
}

async function toldSids(): Promise<(string | undefined)[]> {
  await world.deliver();
  return (await world.toldOf(notes.receiver)).map(({ sid }) => sid);
}

function accountOf({ email }: Somebody) {
  return world.app.parts.accounts.get(email);
}

/** By name, the ways to end the session of a person. The browser of theirs is another one where it matters. */
const ways: Record<string, (who: Somebody) => Promise<unknown>> = {
  'signs out at the request of an app': async ({ robot, tokens }) =>
    robot.submit(await robot.get(`/logout?id_token_hint=${tokens.id_token}`), {}, { button: 'logout=yes' }),
  'signs out on a page of ours': async ({ robot }) =>
    robot.submit(await robot.visit('/account'), {}, { button: 'Sign out' }),
  'ends it on the page of sessions': async (who) => {
    const { id } = await accountOf(who);
    const [mine] = (await world.app.parts.sessions.listOf(id)).filter(({ uid }) => uid !== who.signUpUid);
    const elsewhere = browserOf(world.app, `${who.name} elsewhere`);
    await signIn(elsewhere, who.email);
    const page = await elsewhere.visit('/account/sessions');
    await elsewhere.submit(page, {}, { action: `/account/sessions/${mine?.uid}/end` });
  },
  'ends all others': async (who) => {
    const elsewhere = browserOf(world.app, `${who.name} elsewhere`);
    await signIn(elsewhere, who.email);
    await elsewhere.submit(
      await elsewhere.visit('/account/sessions'),
      {},
      { action: '/account/sessions/end-others' },
    );
  },
  'changes the password elsewhere': async (who) => {
    const elsewhere = browserOf(world.app, `${who.name} elsewhere`);
    await signIn(elsewhere, who.email);
    await elsewhere.submit(await elsewhere.visit('/account/password'), {
      password: PASSWORD,
      new_password: 'slow wheels of brass turn',
    });
  },
  'resets the password': async (who) => {
    const elsewhere = browserOf(world.app, `${who.name} elsewhere`);
    await elsewhere.send(await elsewhere.visit('/forgot-password'), { email: who.email });
    const link = await linkTo(world.app, who.email, RESET);
    await elsewhere.send(await elsewhere.get(link), { password: 'slow wheels of brass turn' });
  },
  'deletes the account': async (who) =>
    who.robot.submit(
      await who.robot.visit('/account/data'),
      { password: PASSWORD },
      { action: '/account/data/deletion' },
    ),
  'is disabled by an operator': (who) => disableAccount(world.app.parts as never, who.email),
  'is signed out by an operator': (who) => endAccountSessions(world.app.parts as never, who.email),
  'leaves the browser to somebody else': async ({ robot }) => {
    await signUp(browserOf(world.app, 'Grace signing up'), 'Grace').catch(() => undefined);
    await signIn(robot, emailOf('Grace'));
  },
};

const names = ['Ada', 'Alan', 'Barbara', 'Donald', 'Edsger', 'Frances', 'Hedy', 'Ida', 'Jean', 'Karen'];

describe.each(Object.keys(ways).map((way, index) => [way, `${names[index]}${index}`] as const))(
  'a person who %s',
  (way, name) => {
    test('L08: has the app told, with the sid of its ID token, and the tokens of the session are dead', async () => {
      const who = await somebody(name);
      expect(await isLive(who)).toBe(true);
      expect(await toldSids()).toEqual([]);
      await ways[way]?.(who);
      expect(await toldSids()).toEqual([who.sid]);
      expect(await isLive(who)).toBe(false);
      await world.deliver();
      expect(notes.receiver.asked).toHaveLength(1);
    });
  },
);

test('L08: whoever changes the password stays signed in where they did it: the app there is not told', async () => {
  const who = await somebody('Margaret');
  await who.robot.submit(await who.robot.visit('/account/password'), {
    password: PASSWORD,
    new_password: 'slow wheels of brass turn',
  });
  expect(await toldSids()).toEqual([]);
});

test('L08: whoever stays signed in here is signed out of the app that asked, and of no other', async () => {
  const who = await somebody('Radia');
  const shop = await world.listen({ name: 'Shop' }, { receiver: world.receivers[1] });
  await world.walk(who.robot, await who.robot.get(world.authorizationPath(shop, 'A'.repeat(43))));
  const page = await who.robot.get(`/logout?id_token_hint=${who.tokens.id_token}`);
  await who.robot.submit(page, {}, { button: 'Stay signed in' });
  expect(await toldSids()).toEqual([who.sid]);
  expect(shop.receiver.asked).toEqual([]);
  expect((await who.robot.get('/account')).status).toBe(200);

  const again = await useApp('Radia', 'Radia');
  expect(again.sid).not.toBe(who.sid);
});

test('L08: an ending that is not committed is told to nobody', async () => {
  const who = await somebody('Sophie');
  const { database, sessions } = world.app.parts;
  const { id } = await accountOf(who);
  const failing = database.transact(() => {
    sessions.endAllOf(id, undefined);
    throw new Error('the act failed');
  });
  await expect(failing).rejects.toThrow('the act failed');
  expect(await toldSids()).toEqual([]);
  expect(await isLive(who)).toBe(true);
});

test('L08: a code of a session that ended in the same moment is told to be over at once', async () => {
  const who = await somebody('Shafi');
  const { database, sessions, sessionClients } = world.app.parts;
  const { id } = await accountOf(who);
  const [session] = await sessions.listOf(id);
  const sessionUid = session?.uid ?? '';
  await world.app.parts.accounts.endSessions(await accountOf(who), 'operator');
  const late = { sid: 'a-late-one', sessionUid, clientId: notes.id, accountId: id };
  await database.transact(() => sessionClients.register(late, Math.floor(Date.now() / 1000) + 600));
  expect((await toldSids()).toSorted()).toEqual([who.sid, 'a-late-one'].toSorted());
});
