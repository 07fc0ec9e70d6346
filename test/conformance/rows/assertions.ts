// Rows of signed assertions: RFC 7521, RFC 7523 and its revision, RFC 8725.
import type { Section } from './section.ts';

export const jwtBearer: Section = {
  title: 'JWT bearer grant',
  rows: {
    J01: 'only issuers that are trusted, with their own keys',
    J02: 'the audience is us',
    J03: 'exp, iat and nbf within bounds',
    J04: 'algorithms per key',
    J05: 'keys in the header are no keys',
    J06: 'a jti is good once, for its issuer',
    J07: 'a bad signature burns no jti',
    J08: 'a replay is known until expiry and skew',
    J09: 'a replay is known after a restart',
    J10: 'the subject exists, is active and is allowed',
    J11: 'a client that needs consent is refused',
    J12: 'a retired key is refused at once',
    J13: 'large and nested assertions are refused fast',
    J14: 'no other kind of JWT',
    J15: 'one text for every refusal, the reason in the audit log',
  },
};

export const clientAssertions: Section = {
  title: 'Client assertions (private_key_jwt)',
  rows: {
    K01: 'iss and sub are the client',
    K02: 'the audience is the issuer alone',
    K03: 'five minutes at most',
    K04: 'good once',
    K05: 'no other kind of JWT',
    K06: 'no way back to a secret',
    K07: 'new keys at a JWKS URI soon, fetched within bounds and never inside',
  },
};
