// JWTs that service accounts sign themselves, as operators look at them and end them: by the rules of introspection.
import { nowSeconds } from '../clock.ts';
import { explainServiceJwt } from '../introspection/service-jwt.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'config' | 'database' | 'selfSigned' | 'serviceAccounts' | 'rights'>;

export type LiveServiceJwt = {
  active: true;
  kind: 'service_jwt';
  client_id: string;
  sub: string;
  team_id: string | null;
  /** As far as the account may have it now; the API cuts it to its own. */
  scope: string;
  aud: string;
  iss: string;
  iat: number;
  exp: number;
  jti: string | null;
  /** By it this one is known where it is revoked. */
  sha256: string;
};

/** Undefined where it is none. */
export async function introspectServiceJwt(
  parts: Parts,
  text: string,
): Promise<LiveServiceJwt | { active: false; reason: string } | undefined> {
  const found = await explainServiceJwt(parts, text, nowSeconds());
  if (found === undefined) return undefined;
  const { said, ended } = found;
  if (ended !== null) return { active: false, reason: ended };
  const { scopesNow, mayHave, teamId } = await parts.serviceAccounts.get(said.issuer);
  const asked = said.scope?.split(' ') ?? scopesNow;
  return {
    ...{ active: true, kind: 'service_jwt', client_id: said.issuer, sub: said.issuer },
    team_id: teamId ?? null,
    scope: [...new Set(asked)].filter((name) => scopesNow.includes(name) || mayHave(name)).join(' '),
    ...{ aud: said.audience, iss: parts.config.issuer, iat: said.issuedAt, exp: said.expiresAt },
    ...{ jti: said.jti ?? null, sha256: said.hash.toString('hex') },
  };
}

/** Ends this one alone; undefined where it is none that could be used. */
export async function revokeServiceJwt(
  parts: Omit<Parts, 'config'>,
  text: string,
): Promise<{ revoked: true; kind: 'service_jwt'; client_id: string } | undefined> {
  const found = await explainServiceJwt(parts, text, nowSeconds());
  if (found?.isGood !== true) return undefined;
  const { issuer: id, hash, expiresAt } = found.said;
  await parts.serviceAccounts.revokeJwt(
    { id, hash, expiresAt },
    { actor: OPERATOR, reason: 'revoked_by_operator' },
  );
  return { revoked: true, kind: 'service_jwt', client_id: id };
}
