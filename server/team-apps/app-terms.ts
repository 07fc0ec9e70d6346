// What a team may register an app with, in the words of RFC 7591 section 2: by the rules of the file, and within `teams.apps`.
import type { Config } from '../../config/schema.ts';
import type { Registration } from '../clients/clients.ts';
import { type DeclaredApp, toRegistration } from '../clients/declared.ts';
import type { Judged } from '../clients/judged.ts';
import type { Proposal } from '../clients/team-owner.ts';
import { Refusal } from '../errors.ts';
import type { Resources } from '../resources/resources.ts';
import { isManagement } from '../teams/rights.ts';
import { cleanTeamName } from '../teams/teams.ts';

const EVERY_SCOPE = '*';
const MOST_URIS = 20;
const LONGEST_URI = 500;

/** What a team says of an app. Null takes a page out. */
export type AppSettings = {
  readonly name: string;
  readonly grants: readonly string[];
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris: readonly string[];
  readonly scopes: readonly string[];
  readonly client_uri?: string | null | undefined;
  readonly policy_uri?: string | null | undefined;
  readonly tos_uri?: string | null | undefined;
};

/** What stays as it was registered. */
export type AppKind = { readonly type: string; readonly auth: string };

export type JudgeClient = (
  settings: Readonly<Record<string, unknown>>,
  allowedHosts: readonly string[],
) => Judged<DeclaredApp>;

export type TermsParts = {
  config: Pick<Config, 'teams' | 'outbound'>;
  judge: JudgeClient;
  resources: Pick<Resources, 'list'>;
  /** Scopes of the issuer itself. */
  openidScopes: readonly string[];
};

export function proposalOf(registration: Registration): Proposal {
  const { name, grants, redirectUris, postLogoutRedirectUris, origins, scopes } = registration;
  const { clientUri, policyUri, tosUri, teamName } = registration;
  return {
    ...{ name, grants, redirectUris, postLogoutRedirectUris, origins, scopes },
    ...(clientUri !== undefined && { clientUri }),
    ...(policyUri !== undefined && { policyUri }),
    ...(tosUri !== undefined && { tosUri }),
    ...(teamName !== undefined && { teamName }),
  };
}

export function settingsOf(proposal: Proposal): AppSettings {
  return {
    ...{ name: proposal.name, grants: proposal.grants, scopes: proposal.scopes },
    redirect_uris: proposal.redirectUris,
    post_logout_redirect_uris: proposal.postLogoutRedirectUris,
    ...{ client_uri: proposal.clientUri, policy_uri: proposal.policyUri, tos_uri: proposal.tosUri },
  };
}

/** The registration with what its team decides; the rest stays an operator's. */
export function withProposal(registration: Registration, proposal: Proposal): Registration {
  const { clientUri: _home, policyUri: _policy, tosUri: _terms, ...rest } = registration;
  const isKept = (scope: string) => proposal.scopes.includes(scope);
  return {
    ...{ ...rest, ...proposal },
    defaultScopes: rest.defaultScopes.filter(isKept),
    optionalScopes: rest.optionalScopes.filter(isKept),
  };
}

// Scripts of a browser app are served where people are sent back to.
function originsOf({ type }: AppKind, redirectUris: readonly string[]): string[] {
  const urls = type === 'browser' ? redirectUris.flatMap((uri) => URL.parse(uri) ?? []) : [];
  return [...new Set(urls.map(({ origin }) => origin))].filter((origin) => origin !== 'null');
}

function refuse(words: string, param: string, value: string | number = ''): never {
  throw new Refusal('invalid_request', { words, values: { value }, param });
}

function checkSize({ redirect_uris: back, post_logout_redirect_uris: after }: AppSettings): void {
  for (const [param, uris] of Object.entries({ redirect_uris: back, post_logout_redirect_uris: after })) {
    if (uris.length <= MOST_URIS && uris.every((uri) => uri.length <= LONGEST_URI)) continue;
    refuse('There may be {value} addresses, each of at most 500 characters.', param, MOST_URIS);
  }
}

export function createAppTerms({ config, judge, resources, openidScopes }: TermsParts) {
  const { grants, scopes } = config.teams.apps;

  function mayAsk(scope: string): boolean {
    return (scopes.includes(EVERY_SCOPE) || scopes.includes(scope)) && !isManagement(scope);
  }

  /** Of each API what a team may ask for. A scope that nobody knows today would be a right that nobody has looked at tomorrow. */
  async function listScopes() {
    const apis = (await resources.list()).filter(({ source }) => source !== 'server');
    const offered = apis.map(({ identifier, registration }) => ({
      ...{ identifier, name: registration.name },
      scopes: Object.entries(registration.scopes)
        .filter(([scope]) => mayAsk(scope))
        .map(([scope, words]) => ({ scope, words })),
    }));
    return { own: openidScopes.filter(mayAsk), apis: offered.filter((api) => api.scopes.length > 0) };
  }

  function listTypes(): readonly string[] {
    const people = ['web', 'native', 'browser'];
    return grants.includes('client_credentials') ? [...people, 'service'] : people;
  }

  /** What is asked for beyond `before` must be offered now; what was allowed may stay. */
  async function checkOffered(wanted: AppSettings, before: Registration | undefined): Promise<void> {
    const grant = wanted.grants.find(
      (one) => !(grants as readonly string[]).includes(one) && !before?.grants.includes(one),
    );
    if (grant !== undefined) refuse('Apps of teams may not have the grant {value} here.', 'grants', grant);
    const { own, apis } = await listScopes();
    const offered = new Set([...own, ...apis.flatMap((api) => api.scopes.map(({ scope }) => scope))]);
    const scope = wanted.scopes.find((one) => !offered.has(one) && !before?.scopes.includes(one));
    if (scope !== undefined) refuse('Apps of teams may not ask for the scope {value} here.', 'scopes', scope);
  }

  function checkKind({ type, auth }: AppKind): void {
    if (!listTypes().includes(type)) refuse('Please choose what kind of app it is.', 'type');
    if (auth === 'private_key_jwt')
      refuse('An app of a team proves itself by a secret, or not at all.', 'auth');
    if (type === 'native' && auth !== 'none')
      refuse('An app on the machines of people cannot keep a secret.', 'auth');
  }

  return {
    listScopes,
    listTypes,
    grants: grants as readonly string[],
    checkKind,

    /** As a registration without secrets. Refuses with invalid_request, at the field that is at fault. */
    async judge(
      kind: AppKind,
      wanted: AppSettings,
      { before, teamName }: { before: Registration | undefined; teamName: string | undefined },
    ): Promise<Registration> {
      checkSize(wanted);
      await checkOffered(wanted, before);
      const name = cleanTeamName(wanted.name);
      const pages = Object.entries({
        client_uri: wanted.client_uri,
        policy_uri: wanted.policy_uri,
        tos_uri: wanted.tos_uri,
      }).filter(([, page]) => page !== undefined && page !== null && page !== '');
      const { redirect_uris, post_logout_redirect_uris, grants: asked, scopes: may } = wanted;
      const origins = originsOf(kind, redirect_uris);
      const settings = {
        name,
        grants: asked,
        scopes: may,
        redirect_uris,
        post_logout_redirect_uris,
        origins,
      };
      const { type, auth } = kind;
      const keys = { jwks: before?.jwks, jwks_uri: before?.jwksUri };
      const whole = { client_id: 'app', type, auth, ...keys, ...settings, ...Object.fromEntries(pages) };
      const { value, faults } = judge(whole, config.outbound.allowed_hosts);
      if (faults !== undefined) {
        const [param] = /^\w+/.exec(faults[0] ?? '') ?? [];
        throw new Refusal('invalid_request', {
          ...{ words: 'This cannot be registered so: {faults}', values: { faults: faults.join('; ') } },
          ...(param !== undefined && { param }),
        });
      }
      return { ...toRegistration(value, []), ...(teamName !== undefined && { teamName }) };
    },
  };
}

export type AppTerms = ReturnType<typeof createAppTerms>;
