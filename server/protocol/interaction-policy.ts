// When a person is asked (OpenID Connect Core section 3.1.2.1): the engine's policy with two of our own rules.
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

/** A parameter of our own that marks prompt=consent as added by us for offline_access. */
export const IMPLIED_CONSENT = 'latchkey_implied_consent';

const { base, Check } = interactionPolicy;

/**
 * A public client proves nothing about itself but where its redirect goes: only a claimed https address
 * lets a remembered permission count (RFC 6749 section 10.2, RFC 8252 section 8.6).
 */
function isUnproven(ctx: KoaContextWithOIDC): boolean {
  const { client, params, result } = ctx.oidc;
  const isPublic = client?.clientAuthMethod === 'none';
  const isClaimed = String(params?.redirect_uri).startsWith('https:');
  return isPublic && !isClaimed && result?.consent === undefined;
}

/** prompt=consent counts when the client sent it, not when we added it so that the engine keeps offline_access. */
function isConsentRequested(ctx: KoaContextWithOIDC): boolean {
  const { params, prompts } = ctx.oidc;
  return (
    params?.[IMPLIED_CONSENT] === undefined && prompts.has('consent') && ctx.oidc.promptPending('consent')
  );
}

export function createInteractionPolicy() {
  const policy = base();
  const consent = policy.get('consent');
  if (consent === undefined) throw new Error('the engine has no consent prompt');
  consent.checks.remove('native_client_prompt');
  consent.checks.remove('consent_prompt');
  consent.checks.add(
    new Check('consent_prompt', 'consent prompt was not resolved', 'consent_required', isConsentRequested),
    0,
  );
  consent.checks.add(
    new Check(
      'unproven_client',
      'the identity of the client is not proven',
      'interaction_required',
      isUnproven,
    ),
    1,
  );
  return policy;
}
