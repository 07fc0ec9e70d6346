// Prints docs/errors.md from the table of refusals and that of OAuth codes: node config/print-errors.ts > docs/errors.md
import { listRefusals } from '../server/errors.ts';

type OauthError = { code: string; at: string; words: string };

/** What the protocol's own endpoints answer with, and what a client does about it. */
export const oauthErrors: readonly OauthError[] = [
  {
    code: 'invalid_request',
    at: 'everywhere',
    words: 'A parameter is missing, repeated or malformed. The description names it. Mend the program.',
  },
  {
    code: 'invalid_client',
    at: 'token, device/code, revoke, introspect',
    words: 'The client is unknown or blocked, or its secret or assertion is not right.',
  },
  {
    code: 'unauthorized_client',
    at: 'authorize, token, device/code',
    words: 'The client is not registered for this grant.',
  },
  {
    code: 'invalid_grant',
    at: 'token',
    words:
      'The code, refresh token, device code or assertion is unknown, expired, used, revoked, or for another client. Never send it again: begin anew.',
  },
  { code: 'unsupported_grant_type', at: 'token', words: 'There is no such grant here.' },
  {
    code: 'invalid_scope',
    at: 'authorize, token, device/code',
    words: 'The client, the API or the person may not have a scope that was asked for.',
  },
  {
    code: 'invalid_target',
    at: 'authorize, token, device/code',
    words: '`resource` names no API here, or several (RFC 8707).',
  },
  { code: 'access_denied', at: 'authorize, token', words: 'The person declined.' },
  {
    code: 'authorization_pending',
    at: 'token, for devices',
    words: 'Nobody has answered the code yet: ask again after `interval` (RFC 8628 section 3.5).',
  },
  {
    code: 'slow_down',
    at: 'token, for devices',
    words: 'The same, and you ask too often: add 5 seconds to `interval` for good.',
  },
  {
    code: 'expired_token',
    at: 'token, for devices',
    words: 'Nobody answered the code in time: ask for another.',
  },
  { code: 'unsupported_response_type', at: 'authorize', words: 'Only `code` is answered.' },
  { code: 'unsupported_response_mode', at: 'authorize', words: 'Only `query` and `form_post` are answered.' },
  {
    code: 'login_required',
    at: 'authorize with prompt=none',
    words: 'Nobody is signed in: send the person without `prompt=none`.',
  },
  {
    code: 'consent_required',
    at: 'authorize with prompt=none',
    words: 'The person has not allowed this yet: the same.',
  },
  {
    code: 'interaction_required',
    at: 'authorize with prompt=none',
    words: 'The person must be asked something: the same.',
  },
  {
    code: 'request_not_supported',
    at: 'authorize, par',
    words: 'Request objects are not taken: send plain parameters.',
  },
  {
    code: 'request_uri_not_supported',
    at: 'authorize, par',
    words: 'A `request_uri` is taken only if it came from `/par` here.',
  },
  {
    code: 'registration_not_supported',
    at: 'authorize',
    words: 'The parameter `registration` is not taken.',
  },
  {
    code: 'invalid_request_uri',
    at: 'authorize',
    words: 'What was pushed to `/par` has expired or was used: push it again.',
  },
  {
    code: 'too_many_requests',
    at: 'par',
    words: 'One client at one network pushes too many: status 429, push again after `Retry-After`.',
  },
  {
    code: 'invalid_redirect_uri',
    at: 'authorize, as a page',
    words: 'The redirect URI is not registered for the client, letter by letter. Nobody is redirected.',
  },
  {
    code: 'unsupported_token_type',
    at: 'revoke',
    words: 'What was sent is no token that can be revoked here.',
  },
  {
    code: 'invalid_dpop_proof',
    at: 'token, userinfo, par',
    words: 'The DPoP proof is not good for this request (RFC 9449).',
  },
  {
    code: 'use_dpop_nonce',
    at: 'token, userinfo, par',
    words: 'The nonce of the proof is old: repeat with the one of the header DPoP-Nonce.',
  },
  {
    code: 'invalid_token',
    at: 'userinfo, your API',
    words: 'The access token opens nothing here: refresh it, or sign in again (RFC 6750).',
  },
  {
    code: 'insufficient_scope',
    at: 'userinfo, your API',
    words: 'The access token is good, but not for this.',
  },
  { code: 'server_error', at: 'everywhere', words: 'A fault of ours. The log has it under the request id.' },
  {
    code: 'temporarily_unavailable',
    at: 'everywhere',
    words:
      '503: the database cannot serve right now. Send the same again after Retry-After; that is safe at the token endpoint too.',
  },
];

const introduction = `# Errors

<!-- Printed from server/errors.ts and config/print-errors.ts. Do not edit: node config/print-errors.ts > docs/errors.md -->

A program gets \`{"error": …, "error_description": …}\`. The code is for programs and never changes its meaning; the
description is for developers and may get better. A person gets a page that says what to do. The answer's header
X-Request-Id names it in the log; a page shows the same as a number to give when asking for help. Several reasons of
\`invalid_client\` and \`invalid_grant\` are told apart in the log and the audit log only, never to the caller.
`;

/** The text of docs/errors.md. */
export function printErrors(): string {
  const oauth = oauthErrors.map(({ code, at, words }) => [`\`${code}\``, at, words]);
  const ours = listRefusals().map(({ code, status, words }) => [`\`${code}\``, String(status), words]);
  const parts = [
    introduction,
    '## Of the protocol\n\nWhere the client is sent back to its redirect URI, the code comes as its parameter `error`.\n',
    printTable(['Code', 'At', 'What it means, and what to do'], oauth),
    '## Of everything else\n\nThe pages, the command line and whatever is not named by a specification. `param` names the field at fault.\n',
    printTable(['Code', 'Status', 'Words, unless there are better ones'], ours),
  ];
  return parts.join('\n');
}

function printTable(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

if (import.meta.main) process.stdout.write(printErrors());
