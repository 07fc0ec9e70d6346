// Which clients are told when a session ends: those that it was used at and that registered for it (OpenID Connect
// Back-Channel Logout 1.0 section 2.1). They are told by logout/delivery.ts, after the person has been answered.
import { Provider } from 'oidc-provider';
import { nowSeconds } from '../clock.ts';
import type { SessionClients } from '../storage/session-clients.ts';
import { registrationOf } from './client-metadata.ts';

export type BackChannelParts = {
  sessionClients: SessionClients;
  /** After this long every session is over. */
  absoluteSeconds: number;
};

/** Listens to one engine. */
export function listenForSessionClients(provider: Provider, parts: BackChannelParts): void {
  const { sessionClients, absoluteSeconds } = parts;

  provider.on('authorization_code.saved', ({ clientId, accountId }) => {
    const { client, session } = Provider.ctx?.oidc ?? {};
    if (client === undefined || session === undefined || clientId === undefined || accountId === undefined)
      return;
    const sid = session.sidFor(clientId);
    if (registrationOf(client).backchannelLogout === undefined || sid === undefined) return;
    const expiresAt = (session.loginTs ?? nowSeconds()) + absoluteSeconds;
    sessionClients.register({ sid, sessionUid: session.uid, clientId, accountId }, expiresAt);
  });

  // Whoever stays signed in here is signed out of the client that asked for it all the same, as the engine does it.
  provider.on('end_session.success', ({ oidc }) => {
    const { client, session, params } = oidc;
    if (params?.logout || client === undefined || session === undefined) return;
    sessionClients.endAt(session.uid, client.clientId);
  });
}
