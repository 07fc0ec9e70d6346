// A world with receivers on loopback: apps that want to be told when a session of theirs ends.
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Registration } from '../../server/clients/clients.ts';
import { type Receiver, startReceiver } from '../outbound/receiver.ts';
import { startTestApp, type TestAppOptions } from '../support/app.ts';
import { type AppClient, createWorldIn } from '../support/world.ts';

export type Listener = AppClient & { readonly receiver: Receiver };

type Told = { readonly aud: string; readonly sub: string; readonly sid: string | undefined };

export async function createLogoutWorld(options: TestAppOptions = {}) {
  const receivers = [await startReceiver(), await startReceiver()] as const;
  const settings = { ...options.settings, outbound: { allowed_hosts: receivers.map(({ host }) => host) } };
  const app = await startTestApp({ ...options, settings });
  const world = await createWorldIn(app);
  const { body } = await world.ask('/jwks');
  const keys = createLocalJWKSet(body as unknown as JSONWebKeySet);

  /** An app that is told at the first receiver unless another is given. */
  async function listen(
    change: Partial<Registration> = {},
    { needsSid = true, receiver = receivers[0] as Receiver } = {},
  ): Promise<Listener> {
    const backchannelLogout = { uri: receiver.url('/logout'), needsSid };
    return { ...(await world.registerClient({ backchannelLogout, ...change })), receiver };
  }

  /** The logout tokens that were sent there, verified as a client does it (section 2.6). */
  async function toldAt(receiver: Receiver) {
    return Promise.all(
      receiver.asked.map(async ({ body }) => {
        const token = new URLSearchParams(body).get('logout_token') ?? '';
        const verified = await jwtVerify(token, keys, { issuer: app.config.issuer, typ: 'logout+jwt' });
        return { ...verified, token };
      }),
    );
  }

  /** What they say, in a few words. */
  async function toldOf(receiver: Receiver): Promise<Told[]> {
    const told = await toldAt(receiver);
    return told.map(({ payload: { aud, sub, sid } }) => ({ aud, sub, sid }) as Told);
  }

  return {
    ...world,
    ...{ app, receivers, listen, toldAt, toldOf },
    deliver: () => app.logouts.deliverDue(),
    sidOf: (idToken: string) => decodeJwt(idToken).sid as string | undefined,

    async close(): Promise<void> {
      await app.close();
      for (const receiver of receivers) await receiver.close();
    },
  };
}

export type LogoutWorld = Awaited<ReturnType<typeof createLogoutWorld>>;
