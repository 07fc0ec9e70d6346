// Proofs of a key (RFC 9449): each is good once, whoever sends it and as whichever client, and a replay is told as one.
import { calculateJwkThumbprint, decodeProtectedHeader } from 'jose';
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';

/** In the place of a client's id, which never has a space. */
export const PROOF = 'DPoP proof';
const NOT_STORED = 'no token';

const withAssertion = new WeakSet<object>();

/** To be called right before the engine asks whether the assertion of a client was used before. */
export function noteAssertion(ctx: KoaContextWithOIDC): void {
  withAssertion.add(ctx);
}

/** The thumbprint of the key in the proof of this request, once the engine has found the proof good. */
export async function findPresentedKey(): Promise<string | undefined> {
  const proof = Provider.ctx?.get('DPoP') ?? '';
  return proof === '' ? undefined : calculateJwkThumbprint(decodeProtectedHeader(proof).jwk ?? {});
}

type Replays = { unique(owner: string, jti: string, expiresAt: number): Promise<boolean> };

/** RFC 9449 section 5: a client that is told invalid_grant throws its refresh token away, so a replay is not called that. */
export function takeProofsOnce(provider: Provider): void {
  const model = provider.ReplayDetection as unknown as Replays;
  const original = model.unique;
  model.unique = async function unique(clientId, jti, expiresAt) {
    const { ctx } = Provider;
    // Ids of assertions are kept by the same call: by the engine before it looks at a proof, and by our introspection
    // outside of it. They share their names, so that one that was used at either is spent at both.
    if (ctx === undefined || withAssertion.delete(ctx)) return original.call(this, clientId, jti, expiresAt);
    const isUnique = await original.call(this, PROOF, `${await findPresentedKey()} ${jti}`, expiresAt);
    if (!isUnique && ctx.oidc.route === 'token')
      throw new errors.InvalidDpopProof('the DPoP proof was used before');
    return isUnique;
  };
}

/** To the engine an empty header is none, and the token would be bound to nobody. */
export function refuseEmptyProofs(provider: Provider): void {
  const { prototype } = provider.OIDCContext;
  const original = prototype.entity;
  prototype.entity = function entity(name: string, value: unknown) {
    original.call(this, name, value);
    if (name === 'Client' && this.route === 'token' && Provider.ctx?.headers.dpop === '')
      throw new errors.InvalidDpopProof('the DPoP header is empty');
  };
}

type GrantHandler = (ctx: never) => unknown;

const lenders = new WeakMap<Provider, GrantHandler>();

/** To be told of each grant that the engine has by itself, while it is being made. */
export function keepLender(provider: Provider, name: string, handler: GrantHandler): void {
  if (name === 'client_credentials') lenders.set(provider, handler);
}

/**
 * The engine lends its check of proofs to no grant of ours. Its own client_credentials grant is run as far as the token that it
 * would store: what that is bound to was proved, with all that RFC 9449 section 4.3 asks, and the proof is used.
 */
export function createProofCheck(provider: Provider) {
  const { prototype } = provider.ClientCredentials;
  const original = prototype.save;
  const found = new WeakMap<object, { thumbprint: string | undefined }>();
  prototype.save = async function save(...input) {
    const kept = Provider.ctx && found.get(Provider.ctx);
    if (kept === undefined) return original.apply(this, input);
    kept.thumbprint = this.jkt;
    return NOT_STORED;
  };

  /**
   * The thumbprint of the key that this request proves, if it does. Refuses with invalid_dpop_proof, use_dpop_nonce, and with
   * invalid_grant where the client must prove one. The client and what is asked for must be settled.
   */
  return async function findProvenKey(ctx: KoaContextWithOIDC): Promise<string | undefined> {
    const lender = lenders.get(provider);
    if (lender === undefined) throw new Error('the engine has no grant that checks proofs');
    const kept: { thumbprint: string | undefined } = { thumbprint: undefined };
    found.set(ctx, kept);
    try {
      await lender(ctx as never);
    } finally {
      found.delete(ctx);
      Object.assign(ctx.oidc.entities, { ClientCredentials: undefined });
    }
    return kept.thumbprint;
  };
}
