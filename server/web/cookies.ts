// Our cookies: their names and attributes (RFC 6265bis section 4.1.3; rows C01, 5.2).

/** `__Host-` keeps a cookie to this host and the whole of it; `__Secure-` leaves the engine its own paths. */
function cookieNames(isHttps: boolean) {
  const host = isHttps ? '__Host-' : '';
  const secure = isHttps ? '__Secure-' : '';
  return {
    session: `${host}lk-session`,
    interaction: `${secure}lk-interaction`,
    resume: `${secure}lk-resume`,
    csrf: `${host}lk-csrf`,
    device: `${host}lk-device`,
    return: `${host}lk-return`,
  };
}

/**
 * Names and attributes for an issuer: with https the prefixes and Secure, on a loopback http issuer neither.
 * `options` are for host cookies; `engineOptions` leave the path to the engine, which binds interactions to theirs.
 */
export function createCookies(issuer: string) {
  const isHttps = issuer.startsWith('https:');
  const engineOptions = { httpOnly: true, sameSite: 'lax', secure: isHttps, overwrite: true } as const;
  return { names: cookieNames(isHttps), options: { ...engineOptions, path: '/' } as const, engineOptions };
}

export type Cookies = ReturnType<typeof createCookies>;
