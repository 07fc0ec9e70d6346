// Modules of the OpenID Foundation's conformance plans for providers, under their names.
import type { Section } from './section.ts';

const basicModules: Readonly<Record<string, string>> = {
  server: 'the plain flow, twice',
  'response-type-missing': 'no response_type',
  'idtoken-signature': 'RS256 with kid by default',
  'idtoken-unsigned': 'unsigned ID tokens, where advertised',
  'userinfo-get': 'userinfo by GET',
  'userinfo-post-header': 'userinfo by POST, token in the header',
  'userinfo-post-body': 'userinfo by POST, token in the body',
  'ensure-request-without-nonce-succeeds-for-code-flow': 'no nonce',
  'scope-profile': 'claims of profile',
  'scope-email': 'claims of email',
  'scope-address': 'claims of address, where advertised',
  'scope-phone': 'claims of phone, where advertised',
  'scope-all': 'all scopes at once',
  'alternate-happy-flow': 'scopes and parameters in another order',
  'display-page': 'display=page',
  'display-popup': 'display=popup',
  'prompt-login': 'sign in again',
  'prompt-none-not-logged-in': 'login_required',
  'prompt-none-logged-in': 'silent, same sign-in',
  'max-age-1': 'too old, sign in again',
  'max-age-10000': 'young enough, silent',
  'ensure-request-with-unknown-parameter-succeeds': 'an extra parameter',
  'id-token-hint': 'silent with a hint',
  'login-hint': 'a hint for the sign-in page',
  'ui-locales': 'languages of pages',
  'claims-locales': 'languages of claims',
  'ensure-request-with-acr-values-succeeds': 'classes of authentication',
  codereuse: 'a code twice',
  'codereuse-30seconds': 'a code twice, its token revoked',
  'ensure-registered-redirect-uri': 'an error page for other addresses',
  'ensure-post-request-succeeds': 'the request as a POST',
  'server-client-secret-post': 'the secret in the body',
  'request-uri-unsigned-supported-correctly-or-rejected-as-unsupported': 'a request by reference',
  'unsigned-request-object-supported-correctly-or-rejected-as-unsupported': 'a request object',
  'claims-essential': 'an essential claim',
  'ensure-request-object-with-redirect-uri': 'two addresses in one request',
  'refresh-token': 'refresh, bound to the client',
  'ensure-request-with-valid-pkce-succeeds': 'PKCE',
};

function withPrefix(prefix: string, rows: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(rows).map(([name, says]) => [`${prefix}-${name}`, says]));
}

export const basicPlan: Section = { title: 'Basic plan', rows: withPrefix('oidcc', basicModules) };

export const formPostPlan: Section = {
  title: 'Form post basic plan',
  rows: withPrefix('oidcc-formpost', basicModules),
};

export const configPlan: Section = {
  title: 'Config plan',
  rows: { 'oidcc-discovery-endpoint-verification': 'metadata and keys' },
};

export const logoutPlans: Section = {
  title: 'RP-initiated and back-channel logout plans',
  rows: {
    'oidcc-rp-initiated-logout-discovery-endpoint-verification': 'end_session_endpoint in the metadata',
    'oidcc-rp-initiated-logout': 'out, and back to the app with its state',
    'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': 'another address',
    'oidcc-rp-initiated-logout-modified-id-token-hint': 'a hint without its signature',
    'oidcc-rp-initiated-logout-no-id-token-hint': 'an address without a hint',
    'oidcc-rp-initiated-logout-no-params': 'nothing at all',
    'oidcc-rp-initiated-logout-no-post-logout-redirect-uri': 'no address',
    'oidcc-rp-initiated-logout-no-state': 'no state',
    'oidcc-rp-initiated-logout-only-state': 'a state alone',
    'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': 'the address with a query',
    'oidcc-rp-initiated-logout-bad-id-token-hint': 'a hint signed by another',
    'oidcc-backchannel-logout-discovery-endpoint-verification': 'its switches in the metadata',
    'oidcc-backchannel-rp-initiated-logout': 'the app is told with a logout token',
  },
};
