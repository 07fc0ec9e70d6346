// The one place that makes an engine (oidc-provider): a pure function of its parts, about a millisecond.
import { type Configuration, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { findAssertionFault, isRightSecret } from '../clients/authentication.ts';
import { DEVICE_GRANT } from '../clients/ready-made.ts';
import { parseGrantId } from '../grants/grants.ts';
import {
  createAccessTokenText,
  createCodeText,
  createJwtId,
  createRefreshTokenText,
  deriveFirst,
  deriveSuccessor,
} from '../storage/token-format.ts';
import { keepTeamOfGrant } from './acting.ts';
import { completeAnswers } from './answers.ts';
import { readBasicCredentials } from './basic-credentials.ts';
import { refuseEmptyScope } from './client-credentials-grant.ts';
import { registrationOf } from './client-metadata.ts';
import type { ApiScopes } from './default-scope.ts';
import type { Forms } from './forms.ts';
import { keepLender, noteAssertion, refuseEmptyProofs, takeProofsOnce } from './proofs.ts';
import { judgeTargetBeforeRefresh, spendCodesWithTokens } from './redemption.ts';
import { prepareRequests } from './request-parameters.ts';
import { revokeStructuredTokens, storeStructuredTokens } from './structured-tokens.ts';

export type ProviderParts = ApiScopes & {
  issuer: string;
  configuration: Configuration;
  forms: Forms;
  /** Keeps the successors of refresh tokens the same for every retry. */
  refreshKey: Buffer;
  /** What the open unit of work knows. */
  memory: () => Map<string, unknown> | undefined;
  /** Ends a browser session and what lives as long as it does. */
  endSession: (session: { accountId: string | undefined; uid: string }) => void;
};

/**
 * RFC 9700 section 4.3.1: no answers in fragments. The engine sends its refusal of `token` and the like by that mode
 * and fails where there is none, so the name stays and answers in the query; `refuseFragments` refuses who asks for it.
 */
class Engine extends Provider {
  override registerGrantType<Params extends object>(
    ...input: Parameters<typeof Provider.prototype.registerGrantType<Params>>
  ): void {
    keepLender(this, input[0], input[1]);
    super.registerGrantType(...input);
  }

  override registerResponseMode(...[name, handler]: Parameters<Provider['registerResponseMode']>): void {
    if (name !== 'fragment' && name !== 'form_post') super.registerResponseMode(name, handler);
    if (name === 'query') super.registerResponseMode('fragment', handler);
  }

  answerByForm(handler: Forms['answer']): void {
    super.registerResponseMode('form_post', handler);
  }
}

function refuseFragments(provider: Provider): void {
  const { prototype } = provider.Client;
  prototype.responseModeAllowed = function responseModeAllowed() {
    if (Provider.ctx?.oidc.params?.response_mode === 'fragment') throw new errors.UnsupportedResponseMode();
    return true;
  };
}

type TokenClass = { prototype: { generateTokenId(this: { format?: string }): string } };

function nameTokens(model: unknown, create: () => string): void {
  const { prototype } = model as TokenClass;
  const original = prototype.generateTokenId;
  prototype.generateTokenId = function generateTokenId() {
    // It decides the format.
    original.call(this);
    return this.format === 'jwt' ? createJwtId() : create();
  };
}

function createRefreshTokenId(key: Buffer): string {
  const { RotatedRefreshToken, DeviceCode } = Provider.ctx?.oidc.entities ?? {};
  if (RotatedRefreshToken !== undefined) return deriveSuccessor(RotatedRefreshToken.jti, key);
  // Whoever redeems the same device code again, because the answer was lost, gets the same refresh token.
  const family = DeviceCode?.grantId === undefined ? undefined : parseGrantId(DeviceCode.grantId);
  if (DeviceCode !== undefined && family !== undefined) return deriveFirst(family, DeviceCode.jti, key);
  return createRefreshTokenText();
}

function compareSecretsByHash(provider: Provider): void {
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: object, actual: string): boolean {
      return isRightSecret(registrationOf(this), actual);
    },
  });
}

/** RFC 6749 section 5.2: a grant that the client may not use is unauthorized_client. */
function refuseForeignGrants(provider: Provider): void {
  const { prototype } = provider.Client as unknown as {
    prototype: { grantTypeAllowed(type: string): boolean };
  };
  const original = prototype.grantTypeAllowed;
  prototype.grantTypeAllowed = function grantTypeAllowed(type) {
    const isAllowed = original.call(this, type);
    const oidc = Provider.ctx?.oidc;
    const asked = oidc?.route === 'device_authorization' ? DEVICE_GRANT : oidc?.params?.grant_type;
    const isAsked = ['token', 'device_authorization'].includes(oidc?.route ?? '') && asked === type;
    if (!isAllowed && isAsked) {
      throw new errors.UnauthorizedClient('this client may not use that grant');
    }
    return isAllowed;
  };
}

/** The grant of an authorization is stored with its code. */
function storeGrantWithCode(provider: Provider): void {
  const { prototype } = provider.AuthorizationCode;
  const original = prototype.save;
  prototype.save = async function save(...input) {
    const grant = Provider.ctx?.oidc.entities.Grant;
    if (grant !== undefined && grant.exp === undefined) await grant.save();
    return original.apply(this, input);
  };
}

/**
 * The cookie's id changes when the person or the proof of who they are changes (ASVS 7.2.4),
 * not at every step of an authorization: then two tabs would take the session from each other.
 */
function steadySessionIds(provider: Provider, endSession: ProviderParts['endSession']): void {
  const { prototype } = provider.Session;
  const original = prototype.resetIdentifier;
  prototype.resetIdentifier = function resetIdentifier() {
    const oidc = Provider.ctx?.oidc;
    const isMereStep = oidc?.route === 'resume' && oidc.result?.login === undefined;
    if (!isMereStep) original.call(this);
  };
  prototype.destroy = async function destroy() {
    endSession({ accountId: this.accountId, uid: this.uid });
    Object.assign(this, { destroyed: true });
  };
}

/** The engine would wait for every receiver before it answers the person (row L06). Ours are told afterwards. */
function leaveTellingToUs(provider: Provider): void {
  const { prototype } = provider.Client;
  Object.assign(prototype, { backchannelLogout: async () => undefined });
}

/** Builds an engine. Its models are classes of its own, so what is changed here changes this engine only. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Engine(parts.issuer, parts.configuration);
  provider.answerByForm(parts.forms.answer);
  keepTeamOfGrant(provider);
  nameTokens(provider.AccessToken, createAccessTokenText);
  nameTokens(provider.ClientCredentials, createAccessTokenText);
  storeStructuredTokens(provider.AccessToken);
  storeStructuredTokens(provider.ClientCredentials);
  revokeStructuredTokens(provider, parts.memory);
  refuseEmptyScope(provider);
  nameTokens(provider.RefreshToken, () => createRefreshTokenId(parts.refreshKey));
  nameTokens(provider.AuthorizationCode, () => createCodeText('lkc_'));
  nameTokens(provider.DeviceCode, () => createCodeText('lkd_'));
  compareSecretsByHash(provider);
  refuseForeignGrants(provider);
  refuseFragments(provider);
  storeGrantWithCode(provider);
  steadySessionIds(provider, parts.endSession);
  leaveTellingToUs(provider);
  takeProofsOnce(provider);
  refuseEmptyProofs(provider);
  spendCodesWithTokens(provider);
  judgeTargetBeforeRefresh(provider);
  prepareRequests(provider, parts);
  provider.use(readBasicCredentials);
  provider.use(completeAnswers);
  provider.use(parts.forms.dress);
  return provider;
}

/** K02, K03, K05: the audience is the issuer alone, five minutes at most, and no other kind of token. */
export async function checkAssertion(
  ctx: KoaContextWithOIDC,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
): Promise<void> {
  const fault = findAssertionFault(claims, header, ctx.oidc.provider.issuer);
  if (fault !== undefined) throw new errors.InvalidClientAuth(fault);
  noteAssertion(ctx);
}
