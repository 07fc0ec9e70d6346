// Modules of the basic plan about who is signed in already: prompt, max_age, id_token_hint (OpenID Connect Core section 3.1.2.1).
import { expect } from 'vitest';
import { type Module, passSeconds } from './modules.ts';
import type { Parameters, RelyingParty, SignedIn } from './relying-party.ts';

/** Signs in, and asks again from the same browser. */
async function signInTwice(
  rp: RelyingParty,
  first: Parameters,
  second: (first: SignedIn) => Parameters,
): Promise<[SignedIn, SignedIn]> {
  const before = await rp.signIn({ parameters: first });
  passSeconds(2);
  const after = await rp.signIn({ parameters: second(before), robot: before.robot });
  expect(after.claims.sub).toBe(before.claims.sub);
  expect(after.code).not.toBe(before.code);
  return [before, after];
}

/** Nobody was asked, and it is the same sign-in as before. */
function checkSilent([first, second]: [SignedIn, SignedIn]): void {
  expect(second.seen).toEqual([]);
  expect(second.claims.auth_time).toBe(first.claims.auth_time);
}

/** Ada gave her password again, and the ID token tells of that sign-in. */
function checkSignedInAgain([first, second]: [SignedIn, SignedIn]): void {
  expect(first.seen).toEqual(['sign-in', 'consent']);
  expect(second.seen).toEqual(['sign-in']);
  expect(second.claims.auth_time).toBeTypeOf('number');
  expect(Number(second.claims.auth_time)).toBeGreaterThan(Number(first.claims.iat));
  expect(Date.now() / 1000 - Number(second.claims.auth_time)).toBeLessThan(30);
}

export const sessionModules: readonly Module[] = [
  {
    name: 'prompt-login',
    says: 'whoever is signed in gives the password again, and auth_time is later',
    async run(rp) {
      checkSignedInAgain(await signInTwice(rp, {}, () => ({ prompt: 'login' })));
    },
  },
  {
    name: 'prompt-none-not-logged-in',
    says: 'who is not signed in is not asked: the app is told at once',
    async run(rp) {
      const asked = await rp.ask({ parameters: { prompt: 'none' } });
      expect(asked.seen).toEqual([]);
      rp.checkError(asked, ['login_required']);
    },
  },
  {
    name: 'prompt-none-logged-in',
    says: 'who is signed in and allowed it before is not asked, and is the same person of the same sign-in',
    async run(rp) {
      const silent = { prompt: 'none', max_age: '15000' };
      checkSilent(await signInTwice(rp, { max_age: '15000' }, () => silent));
      const plain = await signInTwice(rp, {}, () => ({ prompt: 'none' }));
      expect(plain[1].seen).toEqual([]);
    },
  },
  {
    name: 'max-age-1',
    says: 'a sign-in of two seconds ago is too old, and auth_time is there and later',
    async run(rp) {
      checkSignedInAgain(await signInTwice(rp, {}, () => ({ max_age: '1' })));
    },
  },
  {
    name: 'max-age-10000',
    says: 'a sign-in of two seconds ago is young enough, and auth_time is there and the same',
    async run(rp) {
      const pair = await signInTwice(rp, { max_age: '15000' }, () => ({ max_age: '10000' }));
      expect(pair[0].claims.auth_time).toBeTypeOf('number');
      checkSilent(pair);
    },
  },
  {
    name: 'id-token-hint',
    says: 'with prompt=none and her own ID token Ada is not asked',
    async run(rp) {
      const silently = ({ idToken }: SignedIn) => ({ prompt: 'none', id_token_hint: idToken });
      const [, second] = await signInTwice(rp, {}, silently);
      expect(second.seen).toEqual([]);
    },
  },
];
