// Our addresses: where each endpoint of OAuth is, what it answers, and who asks there.

export const routes = {
  authorization: '/authorize',
  token: '/token',
  introspection: '/introspect',
  revocation: '/revoke',
  userinfo: '/userinfo',
  jwks: '/jwks',
  end_session: '/logout',
  device_authorization: '/device/code',
  pushed_authorization_request: '/par',
  code_verification: '/device',
} as const;

/** What each address of the engine answers: anything else is 405 with Allow. */
export const methods: Readonly<Record<string, readonly string[]>> = {
  [routes.authorization]: ['GET', 'POST'],
  [`${routes.authorization}/:uid`]: ['GET'],
  [routes.token]: ['POST', 'OPTIONS'],
  [routes.introspection]: ['POST'],
  [routes.revocation]: ['POST', 'OPTIONS'],
  [routes.userinfo]: ['GET', 'POST', 'OPTIONS'],
  [routes.jwks]: ['GET', 'OPTIONS'],
  [routes.end_session]: ['GET', 'POST'],
  [routes.device_authorization]: ['POST', 'OPTIONS'],
  [routes.pushed_authorization_request]: ['POST', 'OPTIONS'],
  [routes.code_verification]: ['GET', 'POST'],
  [`${routes.end_session}/confirm`]: ['POST'],
  [`${routes.end_session}/success`]: ['GET'],
  '/.well-known/openid-configuration': ['GET', 'OPTIONS'],
  '/.well-known/oauth-authorization-server': ['GET', 'OPTIONS'],
};

const OAUTH: ReadonlySet<string> = new Set([
  routes.token,
  routes.introspection,
  routes.revocation,
  routes.userinfo,
  routes.jwks,
  routes.device_authorization,
  routes.pushed_authorization_request,
]);

/** OAuth's endpoints, which no person sees: they answer JSON (RFC 6749 section 5.2). */
export function isForPrograms(path: string): boolean {
  return OAUTH.has(path) || path.startsWith('/.well-known/');
}
