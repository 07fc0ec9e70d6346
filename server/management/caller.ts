// Who calls the management API: an access token for it (RFC 6750; rows H01, G07), or somebody in their own name (own-callers.ts).
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { judgeOwnToken, type OwnToken } from '../introspection/own-token.ts';
import { managementIdentifier } from '../resources/management.ts';
import type { Database } from '../storage/database.ts';
import type { Replays } from '../storage/replays.ts';
import { asPerson } from '../teams/admission.ts';
import type { WebContext } from '../web/context.ts';
import type { Caller, Operation } from './operations.ts';
import { createOwnCallers, type OwnCallerParts } from './own-callers.ts';
import { createProofCheck, proofAlgorithms } from './proof.ts';

const CREDENTIALS = /^(Bearer|DPoP) +([\w.~+/-]{1,8000}=*)$/i;

type Parts = OwnCallerParts & { database: Database; replays: Replays };

type Presented = { scheme: 'bearer' | 'dpop'; token: string };

export function createCallers(parts: Parts) {
  const { database, replays, accounts } = parts;
  const { issuer } = parts.config;
  const own = createOwnCallers(parts);
  const audience = managementIdentifier(issuer);
  const checkProof = createProofCheck({ database, replays });

  /** RFC 6750 section 3: what is missing, said to programs. */
  function challenge(ctx: WebContext, scheme: Presented['scheme'], words: Record<string, string>): void {
    const parameters = Object.entries({ realm: audience, ...words }).map(
      ([name, text]) => `${name}="${text}"`,
    );
    const known = scheme === 'dpop' ? [...parameters, `algs="${proofAlgorithms.join(' ')}"`] : parameters;
    ctx.set('WWW-Authenticate', `${scheme === 'dpop' ? 'DPoP' : 'Bearer'} ${known.join(', ')}`);
  }

  function refuse(ctx: WebContext, { scheme }: Presented, reason: string): never {
    challenge(ctx, scheme, { error: 'invalid_token' });
    const words = 'The access token is not for this API, or it is over.';
    throw new Refusal('invalid_token', { words, reason: `management: ${reason}` });
  }

  function readPresented(ctx: WebContext): Presented {
    const [, scheme = '', token] = CREDENTIALS.exec(ctx.get('Authorization')) ?? [];
    if (token !== undefined) return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token };
    challenge(ctx, 'bearer', {});
    throw new Refusal('unauthorized', {
      words: 'Send an access token for this API: Authorization: Bearer …',
      reason: 'management: no token',
    });
  }

  /** RFC 9449 section 7.2: a bound token is none without its key, and a proof makes no other token a bound one. */
  async function checkBinding(
    ctx: WebContext,
    presented: Presented,
    { thumbprint }: OwnToken,
  ): Promise<void> {
    const { scheme, token } = presented;
    if ((thumbprint !== undefined) !== (scheme === 'dpop')) refuse(ctx, presented, 'another scheme');
    if (thumbprint === undefined) return;
    try {
      const address = new URL(issuer).origin + ctx.path;
      await checkProof({ proof: ctx.get('DPoP'), method: ctx.method, address, token, thumbprint });
    } catch (error) {
      if (error instanceof Refusal) challenge(ctx, 'dpop', { error: error.code });
      throw error;
    }
  }

  return {
    /** Refuses with unauthorized, invalid_token or invalid_dpop_proof, and sets the challenge. */
    async get(ctx: WebContext, operation: Operation): Promise<Caller> {
      const signedIn = ctx.get('Authorization') === '' ? await own.fromSession(ctx, operation) : undefined;
      if (signedIn !== undefined) return signedIn;
      const presented = readPresented(ctx);
      if (own.isKey(presented.token))
        return (await own.fromKey(ctx, presented.token, operation)) ?? refuse(ctx, presented, 'an API key');
      const judged = await judgeOwnToken(database, presented.token, { audience, now: nowSeconds() });
      if (typeof judged === 'string') refuse(ctx, presented, judged);
      await checkBinding(ctx, presented, judged);
      const { clientId, accountId, scopes, isFirstParty } = judged;
      const actor = accountId === undefined ? `client:${clientId}` : `account:${accountId}`;
      const isOwn =
        operation.own !== undefined && accountId !== undefined && !scopes.includes(operation.scope);
      const account = isOwn ? await accounts.findActive(accountId) : undefined;
      return {
        actor,
        clientId,
        scopes,
        ...(account && { self: { actor: asPerson(account), isForeignApp: !isFirstParty } }),
      };
    },

    /** Refuses with insufficient_scope, and names the scope. */
    checkScope(ctx: WebContext, caller: Caller, { scope, own: ownScope }: Operation): void {
      const isTheirs =
        caller.self !== undefined && ownScope !== undefined && caller.scopes.includes(ownScope);
      if (isTheirs || caller.scopes.includes(scope)) return;
      // No key ever has a right over the server.
      const missing = caller.self?.key === undefined ? scope : (ownScope ?? scope);
      challenge(ctx, 'bearer', { error: 'insufficient_scope', scope: missing });
      throw new Refusal('insufficient_scope', { words: `This needs the scope ${missing}.`, param: 'scope' });
    },
  };
}
