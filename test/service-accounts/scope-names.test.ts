// Scopes that no API has and no assertion gets: rights over this server, and `*`.
import { describe, expect, test } from 'vitest';
import { resourceSchema } from '../../config/schema/resources.ts';
import { serviceAccountSchema } from '../../config/schema/service-accounts.ts';
import { trustedIssuerSchema } from '../../config/schema/trusted-issuers.ts';

const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x' }] };
const takes = {
  'a service account': (scope: string) =>
    serviceAccountSchema.safeParse({ id: 'sa_reports', name: 'Reports', jwks, scopes: [scope] }),
  'a trusted issuer': (scope: string) =>
    trustedIssuerSchema.safeParse({ issuer: 'https://ci.example.com', jwks, scopes: [scope] }),
  'an API': (scope: string) =>
    resourceSchema.safeParse({
      ...{ identifier: 'https://api.example.com/', name: 'Orders', scopes: { [scope]: 'Words' } },
    }),
};

describe.each(Object.entries(takes))('%s', (_name, take) => {
  test('has scopes of APIs, and none over this server', () => {
    expect(take('read:orders').success).toBe(true);
    for (const scope of ['latchkey:accounts:write', 'latchkey:own', 'latchkey:'])
      expect([scope, take(scope).success]).toEqual([scope, false]);
  });
});

test('G06: * is every scope of a service account, and of nobody else', () => {
  expect(takes['a service account']('*').success).toBe(true);
  for (const name of ['a trusted issuer', 'an API'] as const) expect(takes[name]('*').success).toBe(false);
});

test('an API does not take the names of what is about keys', () => {
  const areas = ['keys', 'service-accounts', 'team-apps'];
  for (const scope of areas.flatMap((area) => [`${area}:read`, `${area}:write`]))
    expect(takes['an API'](scope).success).toBe(false);
});
