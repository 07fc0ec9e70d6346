// docs/errors.md says what server/errors.ts says, and leaves out no code that the engine may answer with.
import { readFileSync } from 'node:fs';
import { errors } from 'oidc-provider';
import { expect, test } from 'vitest';
import { oauthErrors, printErrors } from '../../config/print-errors.ts';
import { listRefusals } from '../../server/errors.ts';

test('docs/errors.md is printed from the tables: node config/print-errors.ts > docs/errors.md', () => {
  expect(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')).toBe(printErrors());
});

test('every refusal and every OAuth code stands on the page, once in its table', () => {
  const page = printErrors();
  for (const { code } of [...listRefusals(), ...oauthErrors]) expect(page).toContain(`\n| \`${code}\` |`);
  const codes = oauthErrors.map(({ code }) => code);
  expect(codes).toEqual([...new Set(codes)]);
});

/** Of what is not there: CIBA, dynamic registration, rich requests, attested clients, verifiable credentials, essential acr. */
const NEVER =
  /binding_message|login_hint|user_code|user_id|transaction_failed|client_metadata|software_statement|authorization_details|attestation|credential|invalid_proof|invalid_nonce|authentication_requirements|request_object/;

test('every code that the engine knows is explained, or belongs to what is not there', () => {
  const known = Object.values(errors).flatMap((Fault) => {
    const { error } = new (Fault as new (a: string, b: string) => { error: string })('x', 'y');
    return /^[a-z_]{2,}$/.test(error) ? [error] : [];
  });
  expect(known.length).toBeGreaterThan(30);
  const explained = new Set(oauthErrors.map(({ code }) => code));
  expect(known.filter((code) => !explained.has(code) && !NEVER.test(code))).toEqual([]);
});
