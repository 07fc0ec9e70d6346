// JWT access tokens (RFC 9068): stored and revoked like opaque ones. By itself the engine forgets the one and refuses the other.
import { decodeJwt } from 'jose';
import type { Provider } from 'oidc-provider';
import { randomSecret } from '../secrets.ts';
import { type AccessTokenKey, parseStructuredToken } from '../storage/token-format.ts';

type Memory = Map<string, unknown> | undefined;
type Model = {
  IN_PAYLOAD: readonly string[];
  prototype: { save(this: Token, ttl?: number): Promise<string> };
};
type Token = Record<string, unknown> & {
  format?: string;
  expiration: number;
  adapter: { upsert(id: string, payload: Record<string, unknown>, expiresIn: number): Promise<void> };
};

/**
 * The row is written in the unit of work that issues the token: none leaves without it. Only the hash of the whole
 * text is kept, as of an opaque token, so a copy of the database holds nothing that could be sent.
 */
export function storeStructuredTokens(model: unknown): void {
  const { prototype, IN_PAYLOAD: names } = model as Model;
  const original = prototype.save;
  prototype.save = async function save(...input) {
    const text = await original.apply(this, input);
    if (this.format !== 'jwt') return text;
    const kept = names.map((name) => [name, this[name]]).filter(([, value]) => value !== undefined);
    const { iat, exp } = decodeJwt(text);
    await this.adapter.upsert(text, { ...Object.fromEntries(kept), iat, exp }, this.expiration);
    return text;
  };
}

/** Remembers the key for the rest of this unit of work; answers the name under which the adapter finds it. */
export function present(memory: Memory, key: AccessTokenKey): string {
  if (memory === undefined) throw new Error('a token presented outside of a unit of work');
  const name = `jwt ${randomSecret()}`;
  memory.set(`presented ${name}`, key);
  return name;
}

export function findPresented(memory: Memory, name: string): AccessTokenKey | undefined {
  return memory?.get(`presented ${name}`) as AccessTokenKey | undefined;
}

/**
 * Row V06: the engine refuses to revoke whatever looks like a JWT. One of ours it gets under a name that was made up
 * for this request alone, which nobody could have sent; then all goes on as for an opaque token. Others stay refused.
 */
export function revokeStructuredTokens(provider: Provider, memory: () => Memory): void {
  const { prototype } = provider.OIDCContext;
  const original = prototype.entity;
  prototype.entity = function entity(name: string, value: unknown) {
    original.call(this, name, value);
    const { route, params } = this;
    if (name !== 'Client' || route !== 'revocation' || typeof params?.token !== 'string') return;
    const key = parseStructuredToken(params.token);
    if (key !== undefined) params.token = present(memory(), key);
  };
}
