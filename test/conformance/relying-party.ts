// A relying party that checks every answer as strictly as the OpenID Foundation's conformance suite (OpenID Connect Core 1.0).
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { expect } from 'vitest';
import type { Registration } from '../../server/clients/clients.ts';
import type { FormRobot, Page } from '../support/form-robot.ts';
import type { World } from '../support/world.ts';
import { checkIdTokenClaims, checkStandardClaims, checkTokenResponse, entropyBits } from './checks.ts';
import { createPerson, type Landing, type Mode, type Walk } from './person.ts';

const INSECURE = { [oauth.allowInsecureRequests]: true };
export const REDIRECT_URI = 'https://rp.example.com/cb';
export const GOODBYE_URI = 'https://rp.example.com/bye';
const ERROR_PARAMETERS = ['error', 'error_description', 'error_uri', 'state', 'iss'];

export type Parameters = Readonly<Record<string, string | undefined>>;

/** What is asked, by whom; `send` puts the request on its way where a plain GET is not meant. */
export type Request = {
  parameters?: Parameters;
  robot?: FormRobot;
  send?: (query: URLSearchParams, robot: FormRobot) => Promise<Page>;
};

export type Asked = Walk & {
  readonly robot: FormRobot;
  readonly state: string | undefined;
  readonly nonce: string | undefined;
};

export type SignedIn = {
  readonly seen: readonly string[];
  readonly robot: FormRobot;
  readonly code: string;
  readonly tokens: oauth.TokenEndpointResponse;
  readonly idToken: string;
  readonly claims: JWTPayload;
};

export type Options = { mode?: Mode; change?: Partial<Registration> };

/** Reads the metadata once, registers itself, and then asks, redeems and checks. */
export async function createRelyingParty(world: World, { mode = 'query', change = {} }: Options = {}) {
  const { issuer } = world.app.config;
  const server = await discover(issuer);
  const keys = createRemoteJWKSet(new URL(server.jwks_uri ?? ''));
  const person = createPerson(world);
  const app = await world.registerClient({
    name: 'Conformance',
    // The plan's client knows no PKCE but in the module that is about it.
    needsPkce: false,
    redirectUris: [REDIRECT_URI],
    postLogoutRedirectUris: [GOODBYE_URI],
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    ...change,
  });
  const client: oauth.Client = { client_id: app.id };
  const authentication =
    change.auth === 'client_secret_post'
      ? oauth.ClientSecretPost(app.secret ?? '')
      : oauth.ClientSecretBasic(app.secret ?? '');

  /** An authorization request and Ada's way through it; a parameter given as undefined is left out. */
  async function ask(request: Request = {}): Promise<Asked> {
    const { parameters = {}, robot = world.app.robot(), send = sendByGet } = request;
    const asked: Parameters = {
      client_id: app.id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid',
      // What a careless server would decode twice, or not at all.
      state: `${oauth.generateRandomState()}%20+&=/é`,
      nonce: oauth.generateRandomNonce(),
      response_mode: mode === 'form_post' ? mode : undefined,
      ...parameters,
    };
    const walk = await person.walk(robot, await send(toQuery(asked), robot));
    return { ...walk, robot, state: asked.state, nonce: asked.nonce };
  }

  function landed({ landing, page }: Asked): Landing {
    if (landing === undefined)
      throw new Error(`the browser stays at ${page.status} ${page.url}: ${page.html.slice(0, 500)}`);
    expect(landing.address).toBe(REDIRECT_URI);
    return landing;
  }

  /** The answer of success: in the right mode, for this request, from this issuer, and nothing beside (RFC 9207). */
  function checkSuccess(asked: Asked): URLSearchParams {
    const { by, parameters } = landed(asked);
    expect(by).toBe(mode);
    expect([...parameters.keys()].toSorted()).toEqual(['code', 'iss', 'state']);
    const code = parameters.get('code') ?? '';
    expect(code.length).toBeGreaterThanOrEqual(22);
    expect(entropyBits(code)).toBeGreaterThan(96);
    return oauth.validateAuthResponse(server, client, parameters, asked.state ?? oauth.expectNoState);
  }

  /** The answer of refusal: one of these errors, in legal letters, and no code. */
  function checkError(asked: Asked, errors: readonly string[]): void {
    const { by, parameters } = landed(asked);
    expect(by).toBe(mode);
    expect([...parameters.keys()].filter((name) => !ERROR_PARAMETERS.includes(name))).toEqual([]);
    expect(errors).toContain(parameters.get('error'));
    expect(parameters.get('error_description') ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
    expect(parameters.get('iss')).toBe(issuer);
    expect(parameters.get('state')).toBe(asked.state ?? null);
  }

  function redeem(parameters: URLSearchParams, verifier: string | typeof oauth.nopkce = oauth.nopkce) {
    return oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      REDIRECT_URI,
      verifier,
      INSECURE,
    );
  }

  async function verifyIdToken(idToken: string, accessToken: string): Promise<JWTPayload> {
    const { kid, alg } = decodeProtectedHeader(idToken);
    expect([typeof kid, alg]).toEqual(['string', 'RS256']);
    const { payload } = await jwtVerify(idToken, keys, { issuer, audience: app.id, algorithms: ['RS256'] });
    checkIdTokenClaims(payload, accessToken);
    return payload;
  }

  /** The token response to a code, with its ID token. */
  async function readTokens(response: Response, asked: Asked): Promise<SignedIn> {
    await checkTokenResponse(response);
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: asked.nonce ?? oauth.expectNoNonce,
      requireIdToken: true,
    });
    const idToken = tokens.id_token ?? '';
    const claims = await verifyIdToken(idToken, tokens.access_token);
    const code = asked.landing?.parameters.get('code') ?? '';
    return { seen: asked.seen, robot: asked.robot, code, tokens, idToken, claims };
  }

  /** The whole flow: request, answer, tokens, ID token and userinfo, each checked. */
  async function signIn(request: Request & { verifier?: string } = {}): Promise<SignedIn> {
    const asked = await ask(request);
    const signedIn = await readTokens(await redeem(checkSuccess(asked), request.verifier), asked);
    await userinfo(signedIn);
    return signedIn;
  }

  /** Userinfo about the person of the ID token (section 5.3.2). */
  async function userinfo({ tokens, claims }: SignedIn, method = 'GET'): Promise<oauth.UserInfoResponse> {
    const address = server.userinfo_endpoint ?? '';
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    return checkUserinfo(await fetch(address, { method, headers }), String(claims.sub));
  }

  async function checkUserinfo(response: Response, sub: string): Promise<oauth.UserInfoResponse> {
    expect(response.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
    const profile = await oauth.processUserInfoResponse(server, client, sub, response);
    checkStandardClaims(profile);
    return profile;
  }

  function requestRefresh(token: string, parameters: Record<string, string> = {}): Promise<Response> {
    const options = { additionalParameters: parameters, ...INSECURE };
    return oauth.refreshTokenGrantRequest(server, client, authentication, token, options);
  }

  async function refresh(token: string, parameters: Record<string, string> = {}) {
    const response = await requestRefresh(token, parameters);
    await checkTokenResponse(response);
    return oauth.processRefreshTokenResponse(server, client, response);
  }

  return {
    ...{ app, server, issuer },
    ...{ ask, checkSuccess, checkError, signIn, redeem, readTokens, verifyIdToken },
    ...{ userinfo, checkUserinfo, requestRefresh, refresh },
    /** Where Ada is sent to be signed out (RP-Initiated Logout section 2). */
    logoutPath(parameters: Parameters): string {
      const asked = { post_logout_redirect_uri: GOODBYE_URI, ...parameters };
      return `${new URL(server.end_session_endpoint ?? '').pathname}?${toQuery(asked)}`;
    },
    /** Where Ada's browser begins. */
    robot: () => world.app.robot(),
    secondClient: () => createRelyingParty(world, { mode, change: { ...change, name: 'Second' } }),
    /** Userinfo with only the access token, whatever comes of it. */
    tryUserinfo: (token: string): Promise<Response> =>
      fetch(server.userinfo_endpoint ?? '', { headers: { Authorization: `Bearer ${token}` } }),
  };
}

export type RelyingParty = Awaited<ReturnType<typeof createRelyingParty>>;

function toQuery(parameters: Parameters): URLSearchParams {
  const sent = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return new URLSearchParams(sent);
}

function sendByGet(query: URLSearchParams, robot: FormRobot): Promise<Page> {
  return robot.get(`/authorize?${query}`);
}

async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const response = await oauth.discoveryRequest(new URL(issuer), INSECURE);
  return oauth.processDiscoveryResponse(new URL(issuer), response);
}
