// The shape of an assertion, before anything in it is believed (RFC 7519 section 4, RFC 8725 section 3.11), over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../support/world.ts';
import {
  expectRefusal,
  expectToken,
  MANY_REFUSALS,
  present,
  type TrustedSigner,
  trustIssuer,
} from './issuers.ts';

let world: World;
let ci: TrustedSigner;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_REFUSALS });
  ci = await trustIssuer(world);
});
afterAll(() => world.close());

describe('J13: it is small, flat and of one meaning', () => {
  test('more than 8 KiB, nested without end, or no JWT at all', async () => {
    await expectRefusal(world, ci.assert({ filler: 'x'.repeat(8192) }), 'malformed');
    const deep = `${JSON.stringify(ci.claim()).slice(0, -1)},"a":${'['.repeat(2000)}${']'.repeat(2000)}}`;
    await expectRefusal(world, ci.signer.sign(deep), 'malformed');
    const [header, payload, signature] = ci.assert().split('.');
    const broken = [
      'x',
      'a.b',
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.x`,
      `${header}..${signature}`,
    ];
    for (const text of [...broken, `${header}.${payload}.${signature} `, '.'.repeat(8000), '{"a":1}'])
      await expectRefusal(world, text, 'malformed');
    for (const claims of ['[]', '"text"', 'null', '{', '\u00ff'])
      await expectRefusal(world, ci.signer.sign(claims), 'malformed');
    // Ten thousand deep is longer than any body may be.
    const nested = Buffer.from(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`).toString('base64url');
    expect((await present(world, `${header}.${nested}.${signature}`)).status).toBe(400);
  });

  test('a member that stands twice, however it is written, at any depth, in the header too', async () => {
    const text = JSON.stringify(ci.claim()).slice(0, -1);
    for (const twice of [
      '"aud":"https://other.example"',
      '"\\u0061ud":"x"',
      '"a":{"b":1,"b":2}',
      '"a":[{"b":1,"b":2}]',
    ])
      await expectRefusal(world, ci.signer.sign(`${text},${twice}}`), 'malformed');
    const header = '{"alg":"none","alg":"ES256","kid":"key-1"}';
    await expectRefusal(world, ci.signer.sign(ci.claim(), header), 'malformed');
    await expectToken(world, ci.signer.sign(`${text},"a":{"x:y":"{\\"b\\":1}"},"b":[{"b":1},{"b":1}]}`));
  });
});

test('J14: a token of another kind is no assertion', async () => {
  const kinds = [
    'at+jwt',
    'application/at+jwt',
    'dpop+jwt',
    'logout+jwt',
    'client-authentication+jwt',
    'secevent+jwt',
  ];
  for (const typ of [...kinds, '', 7]) await expectRefusal(world, ci.assert({}, { typ }), 'wrong_type');
  for (const typ of ['JWT', 'jwt', 'authorization-grant+jwt', 'application/authorization-grant+jwt'])
    await expectToken(world, ci.assert({}, { typ }));
});
