// The world with an API that takes JWT access tokens (RFC 9068), an app that may use it for people, and a service.

import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import type { Answer } from './program.ts';
import { type AppClient, createWorldIn, type TokenSet, type World } from './world.ts';

export const MAIL = 'https://mail.example.com/';
export const MAIL_SCOPES = { 'read:mail': 'Read your mail', 'send:mail': 'Send mail for you' };
export type TokenAlg = 'ES256' | 'RS256' | 'EdDSA';

export async function createJwtWorld(options: TestAppOptions = {}) {
  return createJwtWorldIn(await startTestApp(options));
}

export async function createJwtWorldIn(app: TestApp) {
  const world = await createWorldIn(app);
  const mail = await registerJwtApi(world, MAIL, { scopes: MAIL_SCOPES });
  const desk = await world.registerClient({
    name: 'Desk',
    scopes: ['openid', 'offline_access', 'read:tasks', ...Object.keys(MAIL_SCOPES)],
  });
  const service = await registerService(world);

  return {
    ...world,
    mail,
    desk,
    service,

    /** Signs Ada in at Desk for the mail API. */
    signInForMail: (scope = 'openid offline_access read:mail'): Promise<TokenSet> =>
      world.signIn(desk, { scope, resource: MAIL }),

    /** A token in the service's own name, for the mail API unless the parameters say otherwise. */
    askInOwnName: (
      parameters: Record<string, string | undefined> = {},
      client: AppClient = service,
    ): Promise<Answer> =>
      world.token(client, {
        grant_type: 'client_credentials',
        resource: MAIL,
        scope: 'read:mail',
        ...parameters,
      }),
  };
}

export type JwtWorld = Awaited<ReturnType<typeof createJwtWorld>>;

/** Registers an API with JWT access tokens; answers the credentials with which it introspects. */
export async function registerJwtApi(
  { app }: Pick<World, 'app'>,
  identifier: string,
  choice: { scopes: Record<string, string>; tokenAlg?: TokenAlg },
): Promise<{ id: string; secret: string | undefined }> {
  const registration = { name: 'An API', tokenFormat: 'jwt', ...choice } as const;
  const made = await app.parts.resources.register(
    { identifier, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  return { id: made.clientId, secret: made.secret };
}

type Change = Parameters<World['registerClient']>[0];

/** A client without people: nothing but client_credentials. */
export function registerService({ registerClient }: Pick<World, 'registerClient'>, change: Change = {}) {
  return registerClient({
    name: 'Reports',
    type: 'service',
    grants: ['client_credentials'],
    redirectUris: [],
    postLogoutRedirectUris: [],
    scopes: ['read:tasks', 'write:tasks', 'read:mail'],
    ...change,
  });
}
