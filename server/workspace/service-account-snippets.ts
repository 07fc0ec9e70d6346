// Programs that a page shows, to be copied: how a service account comes to an access token (RFC 7523 section 2.1).
import { JWT_BEARER_GRANT } from '../clients/trust.ts';

export type Snippets = { readonly node: string; readonly curl: string };

/** `file` is what the page offers to save. */
export function describeSnippets({ issuer, file }: { issuer: string; file: string }): Snippets {
  const node = [
    "import { readFileSync } from 'node:fs';",
    "import { importPKCS8, SignJWT } from 'jose';",
    '',
    `const file = JSON.parse(readFileSync('${file}', 'utf8'));`,
    'const assertion = await new SignJWT()',
    "  .setProtectedHeader({ alg: 'RS256', kid: file.private_key_id })",
    '  .setIssuer(file.client_id)',
    '  .setSubject(file.client_id)',
    '  .setAudience(file.token_uri)',
    '  .setIssuedAt()',
    "  .setExpirationTime('5 minutes')",
    "  .sign(await importPKCS8(file.private_key, 'RS256'));",
    `const grant_type = '${JWT_BEARER_GRANT}';`,
    'const body = new URLSearchParams({ grant_type, assertion });',
    "const answer = await fetch(file.token_uri, { method: 'POST', body });",
    'console.log((await answer.json()).access_token);',
  ];
  const curl = [
    `curl ${issuer}/token \\`,
    `  -d grant_type=${JWT_BEARER_GRANT} \\`,
    '  --data-urlencode assertion@assertion.jwt',
  ];
  return { node: node.join('\n'), curl: curl.join('\n') };
}
