// The keys behind /jwks (RFC 7517): made once, whole after a restart, and only their public half is for others.
import { jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAudit } from '../../server/audit/audit.ts';
import { randomKey } from '../../server/secrets.ts';
import { createSigningKeys, type SigningKeys } from '../../server/signing-keys/signing-keys.ts';
import type { Database } from '../../server/storage/database.ts';
import { createDeployment } from '../../server/storage/deployment.ts';
import { createSealer } from '../../server/storage/server-keys.ts';
import { sql } from '../../server/storage/statement.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';

const sealer = createSealer([randomKey()]);
const rotation = {
  policy: { rotateAfterSeconds: 7_776_000, publishAheadSeconds: 604_800 },
  longestSeconds: async () => 3600,
};

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let here: Database;
  let there: Database;

  beforeAll(async () => {
    ground = await createGround(dialect);
    here = ground.open();
    there = ground.open();
  });
  afterAll(() => ground.close());
  beforeEach(() => here.transact(() => here.write(sql`DELETE FROM signing_keys`)));

  function createKeys(database: Database): SigningKeys {
    const deployment = createDeployment(database);
    return createSigningKeys({ database, deployment, audit: createAudit({ database }), sealer, ...rotation });
  }

  test('B10: there is one of RS256, one of ES256 and one of EdDSA, and the next start finds the same', async () => {
    const keys = await createKeys(here).ensure();
    expect(keys.map((key) => key.algorithm).toSorted()).toEqual(['ES256', 'EdDSA', 'RS256']);
    expect(new Set(keys.map((key) => key.kid)).size).toBe(3);
    expect(await createKeys(there).ensure()).toEqual(keys);
    expect(await createKeys(there).load()).toEqual(keys);
  });

  test('a deployment that has some gets those that it lacks, and keeps the others', async () => {
    const before = await createKeys(here).ensure();
    await here.transact(() => here.write(sql`DELETE FROM signing_keys WHERE algorithm = 'EdDSA'`));
    const after = await createKeys(there).ensure();
    expect(after.map((key) => key.algorithm).toSorted()).toEqual(['ES256', 'EdDSA', 'RS256']);
    const kept = before.filter((key) => key.algorithm !== 'EdDSA').map((key) => key.kid);
    expect(after.map((key) => key.kid)).toEqual(expect.arrayContaining(kept));
    expect(after).not.toEqual(before);
  });

  test('two processes that make them at once end with one of each, and record those alone', async () => {
    const both = await Promise.all([createKeys(here).ensure(), createKeys(there).ensure()]);
    expect(both[0]).toEqual(both[1]);
    expect(both[0]).toHaveLength(3);
    const kids = both[0]?.map((key) => key.kid);
    const events = await createAudit({ database: here }).list({ type: 'signing_key.created', limit: 3 });
    expect(events.map((event) => JSON.parse(event.details).kid).toSorted()).toEqual(kids?.toSorted());
  });

  test('the public half verifies what the private half signed, and holds nothing private', async () => {
    for (const { kid, algorithm, publicJwk, privateJwk } of await createKeys(here).ensure()) {
      const signed = await new SignJWT({ sub: 'ada' })
        .setProtectedHeader({ alg: algorithm, kid })
        .sign(privateJwk);
      expect((await jwtVerify(signed, publicJwk)).payload.sub).toBe('ada');
      expect(publicJwk).toMatchObject({ kid, alg: algorithm, use: 'sig' });
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(publicJwk).not.toHaveProperty(part);
      if (publicJwk.kty === 'RSA') expect(Buffer.from(publicJwk.n ?? '', 'base64url')).toHaveLength(256);
    }
  });

  test('with the secrets file of another deployment they do not open', async () => {
    await createKeys(here).ensure();
    const deployment = createDeployment(here);
    const audit = createAudit({ database: here });
    const wrong = createSigningKeys({
      database: here,
      deployment,
      audit,
      ...rotation,
      sealer: createSealer([randomKey()]),
    });
    await expect(wrong.ensure()).rejects.toThrow('it is not the one they were sealed with');
  });

  test('a private half that was put beside another kid does not open', async () => {
    await createKeys(here).ensure();
    await here.transact(() =>
      here.write(sql`UPDATE signing_keys SET kid = 'another' WHERE algorithm = 'RS256'`),
    );
    await expect(createKeys(here).load()).rejects.toThrow();
  });

  test('making them raises the version of the catalog, so that every engine is built with them', async () => {
    const deployment = createDeployment(here);
    const before = Number(await deployment.catalogVersion());
    await createKeys(here).ensure();
    expect(Number(await deployment.catalogVersion())).toBe(before + 3);
    await createKeys(here).ensure();
    expect(Number(await deployment.catalogVersion())).toBe(before + 3);
  });
});
