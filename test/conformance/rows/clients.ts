// Rows of native apps, metadata, resources and bound requests (RFC 8252, 8414, 8707, 9126, 9449), OpenID Connect and logout.
import type { Section } from './section.ts';

export const surroundings: Section = {
  title: 'Native apps, metadata, resources, pushed requests, DPoP',
  rows: {
    N01: 'loopback redirects on any port',
    N02: 'private-use schemes have a dot and one owner',
    N03: 'native public clients always ask',
    M01: 'both metadata documents, with the issuer as configured',
    M02: 'every address begins with the issuer',
    M03: 'what is advertised works, and nothing else',
    M04: 'keys: public members, different ids, cached an hour at most',
    M05: 'S256 and iss are advertised',
    M06: 'foreign and broken Host headers are refused first',
    U01: 'APIs by resource: known, granted, one audience',
    Q01: 'pushed requests: proven, short, once, for their client',
    X01: 'DPoP: proofs checked and never taken twice, tokens bound',
  },
};

export const openidConnect: Section = {
  title: 'OpenID Connect',
  rows: {
    O01: 'the claims of an ID token',
    O02: 'a sub is never given to somebody else',
    O03: 'alg none never',
    O04: 'an ID token opens nothing',
    O05: 'the claims parameter',
  },
};

export const logout: Section = {
  title: 'Logout',
  rows: {
    L01: 'back to registered addresses only',
    L02: 'without a good hint people are asked, or it is an error',
    L03: 'the confirmation cannot be sent from elsewhere',
    L04: 'afterwards everything of the session is dead',
    L05: 'the logout token',
    L06: 'a dead app does not hold up a logout',
    L07: 'logout addresses lead outside and are not followed on',
    L08: 'every end of a session is told',
  },
};
