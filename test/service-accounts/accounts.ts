// Service accounts for tests, each with a key of its own, and the JWTs that they send to an API themselves.
import { nowSeconds } from '../../server/clock.ts';
import { accountRegistration } from '../../server/service-accounts/account-registration.ts';
import { readJwk } from '../../server/service-accounts/public-keys.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { API, type World } from '../support/world.ts';
import { createSigner, type Signer } from './issuers.ts';

type Members = Readonly<Record<string, unknown>>;

export type AccountChange = {
  name?: string;
  scopes?: readonly string[];
  signers?: readonly Signer[];
  teamId?: string;
  plan?: string;
  resource?: string;
  profile?: 'strict' | 'service-account';
};

const ACTOR = asOperator('operator');

/** What is left out is that of an account of the operator with one key. */
export async function createServiceAccount(world: Pick<World, 'app'>, change: AccountChange = {}) {
  const { serviceAccounts } = world.app.parts;
  const {
    name = 'Reports',
    scopes = ['read:tasks'],
    profile = 'service-account',
    teamId,
    plan,
    resource,
  } = change;
  const signers = change.signers ?? [await createSigner()];
  const id = serviceAccounts.createId();
  const registration = accountRegistration(id, {
    ...{ name, scopes, profile, resource, disabledKeys: [] },
    keys: signers.map(({ jwk }) => readJwk(jwk)),
  });
  await serviceAccounts.register(id, registration, { teamId, plan, actor: ACTOR });
  const [signer] = signers as [Signer];

  /** What a good one says; members given as undefined are left out. */
  function claim(changed: Members = {}): Members {
    const now = nowSeconds();
    return { iss: id, sub: id, aud: API, iat: now, exp: now + 3600, ...changed };
  }

  return {
    ...{ id, signer, claim },
    sign: (claims: Members = {}, header: Members = {}, by = signer): string => by.sign(claim(claims), header),
    get: () => serviceAccounts.get(id),
    disable: async () => serviceAccounts.disable(await serviceAccounts.get(id), ACTOR),
    enable: async () => serviceAccounts.enable(await serviceAccounts.get(id), ACTOR),
    remove: async () => serviceAccounts.remove(await serviceAccounts.get(id), ACTOR),
    endBefore: async (at: number) => serviceAccounts.endBefore(await serviceAccounts.get(id), at, ACTOR),
    addKey: async (jwk: object, terms = {}) =>
      serviceAccounts.addKey(await serviceAccounts.get(id), readJwk(jwk, terms), { actor: ACTOR }),
    disableKey: async (kid: string) => serviceAccounts.disableKey(await serviceAccounts.get(id), kid, ACTOR),
    enableKey: async (kid: string) => serviceAccounts.enableKey(await serviceAccounts.get(id), kid, ACTOR),
    removeKey: async (kid: string) => serviceAccounts.removeKey(await serviceAccounts.get(id), kid, ACTOR),
  };
}

export type TestAccount = Awaited<ReturnType<typeof createServiceAccount>>;

/** A team of Ada's, by the id that it got. */
export async function createTeam(world: Pick<World, 'app' | 'ada'>, plan?: string): Promise<string> {
  const { teams } = world.app.parts;
  const team = await teams.create(ACTOR, world.ada, { name: 'Shop', plan });
  return team.id;
}
