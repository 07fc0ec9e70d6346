// Rows of tokens: endpoint, refresh, use, revocation and introspection (RFC 6749, 6750, 7009, 7662, 9068, 9700).
import type { Section } from './section.ts';

export const tokenEndpoint: Section = {
  title: 'Token endpoint',
  rows: {
    T01: 'POST only',
    T02: 'forms only',
    T03: 'answers are not stored',
    T04: 'the members of an answer',
    T05: 'a repeated parameter is refused',
    T06: 'the right error code',
    T07: 'a client that fails to prove itself gets 401',
    T08: 'one way of client authentication at a time',
    T09: 'Basic credentials are form-encoded',
    T10: 'secrets are kept as hashes and compared in constant time',
    T11: 'PKCE at the exchange',
    T12: 'a code belongs to its client and redirect_uri',
    T13: 'a replayed code ends what it gave',
    T14: 'of fifty redemptions at once one wins',
    T15: 'a mistake does not burn a code, guessing does',
    T16: 'no password grant, no implicit grant',
    T17: 'errors in legal letters, the same for every dead code',
    T18: 'the person is checked at every redemption',
    T19: 'the client is checked at every redemption',
    T20: 'CORS for registered origins only',
    T21: 'bodies are bounded',
    T22: 'no refresh token without a person',
    T23: 'a failed request changes nothing',
  },
};

export const refresh: Section = {
  title: 'Refresh',
  rows: {
    R01: 'rotation at every use',
    R02: 'reuse outside the window ends the family',
    R03: 'of fifty refreshes at once one successor',
    R04: 'a lost answer is not a lost session',
    R05: 'two rotations in one second',
    R06: 'a replay is known after a restart',
    R07: 'refresh against revocation',
    R08: 'scopes may shrink and not grow',
    R09: 'bound to the client, and to its key',
    R10: 'idle and absolute end',
    R11: 'refresh tokens only where they are meant',
    R12: 'a change of password and a disabled account end them',
    R13: 'one kind of token is not another',
    R14: 'the API cannot be widened by a refresh',
    R15: 'lifetimes are told in the answer',
  },
};

export const bearer: Section = {
  title: 'Bearer tokens and userinfo',
  rows: {
    B01: 'without credentials a plain challenge',
    B02: 'dead tokens are invalid_token',
    B03: 'a missing scope is insufficient_scope',
    B04: 'no token in the query',
    B05: 'two places in one request are refused',
    B06: 'the scheme in any case; two headers are refused',
    B07: 'the same checks whatever the transport',
    B08: 'JWT access tokens as RFC 9068 has them',
    B09: 'a resource server refuses every other JWT',
    B10: 'RS256 among the algorithms',
    B11: 'userinfo is not stored and speaks of the same person',
  },
};

export const revocation: Section = {
  title: 'Revocation',
  rows: {
    V01: 'clients prove themselves; an unknown token is no error',
    V02: 'a foreign token stays',
    V03: 'a refresh token takes its grant along',
    V04: 'a fault of storage is 503, never 200',
    V05: 'what was acknowledged survives kill -9',
    V06: 'JWT access tokens can be revoked or are not issued',
    V07: 'POST only',
  },
};

export const introspection: Section = {
  title: 'Introspection',
  rows: {
    I01: 'callers prove themselves or get 401',
    I02: 'every dead token gets the same bytes',
    I03: 'an API learns of its own tokens only',
    I04: 'the members of an answer',
    I05: 'disabled people and clients are inactive at once',
    I06: 'API keys in the same shape',
    I07: 'not stored; scanning is noticed',
    I08: 'refresh tokens are hidden from APIs',
    I09: 'no stale active after a revocation',
  },
};
