// A service that gets access tokens by a key of its own and no secret (JWT bearer, RFC 7523, the strict profile): Node.js and nothing else.
// node examples/service-jwt-bearer.ts make-key KEY_FILE > jwks.json         once; latchkey issuers trust --jwks-file jwks.json
// node examples/service-jwt-bearer.ts assertion ISSUER KEY_FILE NAME        prints what it signs, for curl
// node examples/service-jwt-bearer.ts token ISSUER KEY_FILE NAME [SCOPE]    prints an access token
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const LIFE_SECONDS = 60;

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Keeps the private key for its owner only; answers the public one, which is all that the server ever sees. */
function makeKey(file: string): object {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return { keys: [{ ...jwk, alg: 'EdDSA', use: 'sig' }] };
}

function signAssertion(issuer: string, keyFile: string, name: string): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: name,
    sub: name,
    aud: issuer,
    jti: randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + LIFE_SECONDS,
  };
  const signed = `${encode({ alg: 'EdDSA', typ: 'JWT' })}.${encode(claims)}`;
  const key = createPrivateKey(readFileSync(keyFile));
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

async function askForToken(issuer: string, assertion: string, scope?: string): Promise<unknown> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
      ...(scope !== undefined && { scope }),
    }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`refused: ${answer.error}: ${answer.error_description}`);
  return answer.access_token;
}

const [act, ...given] = process.argv.slice(2);
if (act === 'make-key') {
  const [file = 'key.pem'] = given;
  console.log(JSON.stringify(makeKey(file)));
} else {
  const [issuer = '', keyFile = '', name = '', scope] = given;
  const assertion = signAssertion(issuer, keyFile, name);
  console.log(act === 'assertion' ? assertion : await askForToken(issuer, assertion, scope));
}
