// Modules of the basic plan about what a request may carry besides: hints, claims, request objects, unknown parameters.
import { UnsecuredJWT } from 'jose';
import { expect } from 'vitest';
import { startReceiver } from '../outbound/receiver.ts';
import type { Module } from './modules.ts';
import { type Asked, type Parameters, REDIRECT_URI, type RelyingParty } from './relying-party.ts';

/** A hint changes nothing for a server that does not take it (OpenID Connect Core section 15.1). */
function createHint(module: Omit<Module, 'run'>, parameters: Parameters): Module {
  return {
    ...module,
    async run(rp) {
      expect((await rp.signIn({ parameters })).seen).toEqual(['sign-in', 'consent']);
    },
  };
}

/** The whole request as an object without signature (section 6.1); outside stands what it is sent with. */
function addRequestObject(query: URLSearchParams): void {
  query.set('request', new UnsecuredJWT(Object.fromEntries(query)).encode());
}

/** The app is told in the error's own name, before anybody is asked for anything. */
function checkRefused(rp: RelyingParty, asked: Asked, name: 'request' | 'request_uri'): void {
  expect(rp.server[`${name}_parameter_supported`]).toBe(false);
  expect(asked.seen).toEqual([]);
  rp.checkError(asked, [`${name}_not_supported`]);
}

/** An error page of our own: the address is not one to send anybody to. */
function checkErrorPage({ landing, page, seen }: Asked): void {
  expect([landing, page.status, seen]).toEqual([undefined, 400, []]);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.html).not.toContain('rp.example.com/cb');
}

export const hintModules: readonly Module[] = [
  createHint({ name: 'display-page', says: 'display=page changes nothing' }, { display: 'page' }),
  createHint({ name: 'display-popup', says: 'display=popup changes nothing' }, { display: 'popup' }),
  createHint(
    { name: 'ui-locales', says: 'ui_locales that are not spoken are no error' },
    { ui_locales: 'se' },
  ),
  createHint({ name: 'claims-locales', says: 'claims_locales are no error' }, { claims_locales: 'se' }),
  createHint(
    { name: 'ensure-request-with-unknown-parameter-succeeds', says: 'what is not known is ignored' },
    {
      extra: 'foobar',
    },
  ),
  {
    name: 'ensure-request-with-acr-values-succeeds',
    says: 'acr_values are no error; without classes of our own no acr is claimed',
    async run(rp) {
      expect(rp.server.acr_values_supported).toBeUndefined();
      const { claims } = await rp.signIn({ parameters: { acr_values: '1 2' } });
      expect(claims).not.toHaveProperty('acr');
    },
  },
  {
    name: 'login-hint',
    says: 'login_hint stands in the sign-in page, ready to be changed',
    async run(rp) {
      const robot = rp.robot();
      const { seen } = await rp.signIn({
        parameters: { login_hint: 'grace@example.com' },
        robot,
        async send(query) {
          const page = await robot.visit(`/authorize?${query}`);
          expect(page.html).toMatch(/<input[^>]*name="email"[^>]*value="grace@example.com"/);
          return page;
        },
      });
      expect(seen).toContain('sign-in');
    },
  },
  {
    name: 'claims-essential',
    says: 'an essential name is no error; it comes with the scope profile, not with the claims parameter',
    async run(rp) {
      expect(rp.server.claims_parameter_supported).toBe(false);
      const claims = JSON.stringify({ userinfo: { name: { essential: true } } });
      const asked = await rp.signIn({ parameters: { claims } });
      expect(await rp.userinfo(asked)).not.toHaveProperty('name');
      const scoped = await rp.signIn({ parameters: { claims, scope: 'openid profile' } });
      expect(await rp.userinfo(scoped)).toHaveProperty('name', 'Ada Lovelace');
      expect(scoped.claims).not.toHaveProperty('name');
    },
  },
  {
    name: 'ensure-registered-redirect-uri',
    says: 'an address that is not registered gets nobody, and an error page stands instead',
    async run(rp) {
      checkErrorPage(await rp.ask({ parameters: { redirect_uri: `${REDIRECT_URI}/a1B2c3D4e5` } }));
    },
  },
  {
    name: 'unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
    says: 'a request object is refused with request_not_supported',
    async run(rp) {
      const asked = await rp.ask({
        send(query, robot) {
          addRequestObject(query);
          return robot.get(`/authorize?${query}`);
        },
      });
      checkRefused(rp, asked, 'request');
    },
  },
  {
    name: 'request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
    says: 'a request_uri is refused with request_uri_not_supported, and nobody fetches it',
    async run(rp) {
      const receiver = await startReceiver();
      const asked = await rp.ask({ parameters: { request_uri: receiver.url('/request.jwt') } });
      checkRefused(rp, asked, 'request_uri');
      expect(receiver.asked).toEqual([]);
      await receiver.close();
    },
  },
  {
    name: 'ensure-request-object-with-redirect-uri',
    says: 'the good address of a request object does not cover for a bad one beside it',
    async run(rp) {
      const asked = await rp.ask({
        send(query, robot) {
          addRequestObject(query);
          query.set('redirect_uri', `${REDIRECT_URI}_invalid`);
          return robot.get(`/authorize?${query}`);
        },
      });
      checkErrorPage(asked);
    },
  },
];
