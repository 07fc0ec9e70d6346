// The JWT bearer grant (RFC 7523 section 2.1): an assertion of a trusted issuer for an access token, and never a refresh token (RFC 7521 section 4.1).
import {
  type Client,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  type Provider,
  type ResourceServerInstance,
} from 'oidc-provider';
import type { Account } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import { JWT_BEARER_GRANT } from '../clients/trust.ts';
import { nowSeconds } from '../clock.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import { isServiceAccountId } from '../service-accounts/account-registration.ts';
import {
  type Accepted,
  type AssertionFault,
  type Assertions,
  assertionFaults,
} from '../service-accounts/assertions.ts';
import type { ServiceAccounts } from '../service-accounts/service-accounts.ts';
import type { SpentAssertions } from '../service-accounts/spent-assertions.ts';
import type { IssuerAuthority } from '../service-accounts/trusted-issuers.ts';
import { parseAccessToken } from '../storage/token-format.ts';
import type { Tokens } from '../storage/tokens.ts';
import { isManagement, type Rights } from '../teams/rights.ts';
import { createMayHold } from './acting.ts';
import { BEARER, nameBearers } from './bearer.ts';
import { type Catalog, findDefaultResource } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';
import { createProofCheck } from './proofs.ts';
import { available } from './unavailable.ts';

export type JwtBearerParts = {
  assertions: Assertions<IssuerAuthority>;
  spentAssertions: SpentAssertions;
  serviceAccounts: Pick<ServiceAccounts, 'find' | 'noteUse'>;
  findAccount: (id: string) => Promise<Account | undefined>;
  rights: Rights;
  tokens: Pick<Tokens, 'noteAssertedBy'>;
  audit: Audit;
  limiter: Pick<Limiter, 'take'>;
  /** Of this engine: it says what may be had of which API. */
  configuration: Configuration;
  catalog: Catalog;
};

type Context = KoaContextWithOIDC;
type Assertion = Accepted<IssuerAuthority>;
type Customizers = NonNullable<NonNullable<Configuration['formats']>['customizers']>;

const MACHINE = Symbol('machine');
const MOST_NAMED = 5;

/** Who gets the token: the client, the person in whose name it acts if there is one, and as which machine it does otherwise. */
type Bearer = {
  readonly client: Client;
  readonly account: Account | undefined;
  readonly machine: Machine;
};

/** A machine identity, what it may have, and for which team it acts. */
type Machine = {
  readonly id: string;
  readonly mayHave: (scope: string) => boolean;
  readonly teamId: string | undefined;
  /** The only API that it gets tokens for. */
  readonly resource?: string | undefined;
};

/** RFC 7521 section 4.1.1: whatever is wrong with an assertion, its sender hears one and the same. */
class Refused extends errors.InvalidGrant {
  readonly fault: AssertionFault;
  /** The service accounts of the rules that were met, where rules are the fault. */
  readonly met: readonly string[];

  constructor(fault: AssertionFault, met: readonly string[] = []) {
    super(assertionFaults[fault]);
    this.fault = fault;
    this.met = met;
  }
}

function readText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new errors.InvalidRequest(`missing required parameter '${name}'`);
}

/** Subjects and key ids are text of others: what is short and plain is kept with the event. */
function keepPlain(text: string | undefined): string | undefined {
  return text !== undefined && /^[\x21-\x7e]{1,255}$/.test(text) ? text : undefined;
}

/** The names asked for must all be among those that may be had; none asked for is all of them. */
function settleScope(asked: unknown, possible: readonly string[]): string {
  if (asked !== undefined && typeof asked !== 'string')
    throw new errors.InvalidScope('scope must be one text, names apart by spaces', '');
  const names = [...new Set((asked ?? '').split(' '))].filter((name) => name !== '');
  const beyond = names.find((name) => !possible.includes(name));
  if (beyond !== undefined || possible.length === 0)
    throw new errors.InvalidScope('requested scope is not allowed', beyond ?? '');
  return (names.length === 0 ? possible : names).join(' ');
}

/** The key was in force a moment ago, so there is one second left at least. */
function secondsUntil(at: number | undefined): number {
  return at === undefined ? Infinity : Math.max(1, Math.floor(at) - nowSeconds());
}

/** The subject of a JWT without a person (RFC 9068 section 2.2): the machine identity, whichever client presented the assertion. */
export const nameMachine: NonNullable<Customizers['jwt']> = (_ctx, token, jwt) => {
  const machine = (token as { [MACHINE]?: Machine })[MACHINE];
  if (machine === undefined || token.kind !== 'ClientCredentials') return;
  jwt.payload.sub = machine.id;
  if (machine.teamId !== undefined) jwt.payload.team_id = machine.teamId;
};

export function addJwtBearerGrant(provider: Provider, parts: JwtBearerParts): void {
  const { assertions, spentAssertions, rights, tokens, audit } = parts;
  const findProvenKey = createProofCheck(provider);

  /** The issuer's own, or the service account that the rules lead to. */
  async function settleMachine({ authority, actsAs }: Assertion): Promise<Machine> {
    if (!isServiceAccountId(actsAs)) {
      const mayHave = (scope: string) => authority.scopes.includes(scope);
      return { id: actsAs, mayHave, teamId: undefined };
    }
    const account = await available(() => parts.serviceAccounts.find(actsAs));
    if (account?.isActive !== true) throw new Refused('service_account_not_active');
    const { mayHave, teamId, registration } = account;
    return { id: actsAs, mayHave, teamId, resource: registration.trust.resource };
  }

  /** J01, J11: the client that is named, where the issuer lets it; otherwise the machine's own. */
  async function settleClient(ctx: Context, authority: IssuerAuthority, machine: Machine): Promise<Client> {
    const { clientIds, accountId } = authority;
    const named = ctx.oidc.client;
    const isNamed = named !== undefined && named.clientId !== BEARER && named.clientId !== machine.id;
    if (!isNamed && clientIds.length > 0) throw new Refused('client_needed');
    if (!isNamed) {
      const own = await provider.Client.find(machine.id);
      if (own === undefined) throw new Refused('issuer_disabled');
      return own;
    }
    if (!clientIds.includes(named.clientId)) throw new Refused('client_not_allowed');
    // Nobody was asked, so only what is part of the product itself may act for a person.
    if (accountId !== undefined && !registrationOf(named).isFirstParty) throw new Refused('consent_needed');
    return named;
  }

  async function settleAccount({ accountId }: IssuerAuthority): Promise<Account | undefined> {
    if (accountId === undefined) return undefined;
    const account = await available(() => parts.findAccount(accountId));
    if (account === undefined) throw new Refused('account_not_active');
    return account;
  }

  async function settleResource(
    ctx: Context,
    client: Client,
    { resource: only }: Machine,
  ): Promise<ResourceServerInstance> {
    const resource = ctx.oidc.params?.resource ?? only ?? findDefaultResource(parts.catalog)?.identifier;
    const [identifier, ...others] = Array.isArray(resource) ? resource : [resource];
    if (typeof identifier !== 'string' || others.length > 0) throw new errors.InvalidTarget();
    if (only !== undefined && identifier !== only) throw new errors.InvalidTarget();
    const { resourceIndicators } = parts.configuration.features ?? {};
    const info = await resourceIndicators?.getResourceServerInfo?.(ctx, identifier, client);
    if (info === undefined) throw new errors.InvalidTarget();
    return new provider.ResourceServer(identifier, info);
  }

  function listPossible(server: ResourceServerInstance, { machine, account }: Bearer) {
    // Nobody was asked for a team, so a person has nothing of a team-scoped API here.
    const mayHold = account && createMayHold(rights, parts.catalog, { person: account, team: undefined });
    return [...server.scopes].filter(
      (scope) =>
        machine.mayHave(scope) &&
        // Rights over the server are had by clients that prove themselves to us, or by a person who was asked.
        !isManagement(scope) &&
        (mayHold === undefined || mayHold(scope, server.identifier())),
    );
  }

  async function checkUnspent({ authority, jti }: Assertion): Promise<void> {
    if (jti !== undefined && (await available(() => spentAssertions.isSpent(authority.issuer, jti))))
      throw new Refused('replayed');
  }

  async function issue(ctx: Context, bearer: Bearer, assertion: Assertion): Promise<void> {
    const { client, account, machine } = bearer;
    const { authority, keyId, keyThumbprint } = assertion;
    const resourceServer = await settleResource(ctx, client, machine);
    const asked = ctx.oidc.params?.scope ?? assertion.scope;
    const scope = settleScope(asked, listPossible(resourceServer, bearer));
    const properties = { client, resourceServer, scope, gty: 'jwt_bearer' };
    const token =
      account === undefined
        ? new provider.ClientCredentials(properties)
        : new provider.AccessToken({ ...properties, accountId: account.id, grantId: undefined as never });
    // RFC 9449 section 5. After all that could be refused, and before anything is spent.
    const thumbprint = await findProvenKey(ctx);
    if (thumbprint !== undefined) token.setThumbprint('jkt', thumbprint);
    const expiresIn = Math.min(token.expiration, secondsUntil(assertion.keyEndsAt));
    Object.assign(token, { [MACHINE]: machine, expiresIn });
    ctx.oidc.entity(token.kind, token);
    const text = await token.save();
    const key = parseAccessToken(text);
    if (key === undefined) throw new Error('an access token whose id is not ours');
    tokens.noteAssertedBy(key, { issuerId: authority.id, keyId, keyThumbprint, teamId: machine.teamId });
    const { expiration: expires_in, tokenType: token_type } = token;
    ctx.body = { access_token: text, expires_in, token_type, scope };
  }

  async function redeem(ctx: Context, assertion: Assertion): Promise<void> {
    const { authority, jti, expiresAt, subject, keyId } = assertion;
    const machine = await settleMachine(assertion);
    const client = await settleClient(ctx, authority, machine);
    const account = await settleAccount(authority);
    await checkUnspent(assertion);
    ctx.oidc.entity('Client', client);
    await issue(ctx, { client, account, machine }, assertion);
    // Last of all: what was refused before this has spent nothing.
    const { address } = ctx.state as { address?: string };
    const used = { address, program: ctx.get('User-Agent') || undefined };
    if (isServiceAccountId(machine.id)) parts.serviceAccounts.noteUse(machine.id, used);
    if (jti !== undefined) spentAssertions.spend(authority.issuer, jti, expiresAt);
    audit.record('assertion.accepted', {
      actor: `client:${authority.id}`,
      accountId: account?.id,
      clientId: client.clientId,
      details: { issuer: authority.id, subject: keepPlain(subject), key: keepPlain(keyId) },
    });
  }

  /** J15. Anybody may send what nobody believes, so one network fills only so much of the audit log. */
  async function recordRefusal(
    ctx: Context,
    error: InstanceType<typeof errors.OIDCProviderError>,
    authority?: IssuerAuthority,
  ): Promise<void> {
    const { fault: reason = error.error, met = [] } = error instanceof Refused ? error : {};
    const network = String(ctx.state.network);
    const { isAllowed } = await available(() => parts.limiter.take('assertion.refused', network));
    if (!isAllowed) return;
    const { client } = ctx.oidc;
    audit.record('token.refused', {
      actor: authority === undefined ? 'anonymous' : `client:${authority.id}`,
      clientId: client?.clientId === BEARER ? authority?.id : client?.clientId,
      outcome: 'failure',
      reason,
      details: {
        grant_type: JWT_BEARER_GRANT,
        // Whose rules an operator should look at.
        ...(met.length === 0 ? {} : { service_accounts: met.slice(0, MOST_NAMED).join(' ') }),
      },
    });
  }

  async function handle(ctx: Context): Promise<void> {
    const text = readText(ctx.oidc.params?.assertion, 'assertion');
    const verdict = await available(() => assertions.judge(text));
    const { authority } = verdict.accepted ?? verdict;
    try {
      if (verdict.fault !== undefined) throw new Refused(verdict.fault, verdict.met);
      await redeem(ctx, verdict.accepted);
    } catch (error) {
      if (error instanceof errors.OIDCProviderError && error.status < 500)
        await recordRefusal(ctx, error, authority);
      throw error;
    }
  }

  nameBearers(provider);
  provider.registerGrantType(JWT_BEARER_GRANT, handle, ['assertion', 'scope', 'resource'], ['resource']);
}
