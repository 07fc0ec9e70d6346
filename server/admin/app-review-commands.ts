// What an operator decides on apps of teams: what waits is listed, looked at, and allowed or declined by the revision that was seen.
import { describeClient, type ShownClient } from './client-commands.ts';
import type { AdminParts } from './parts.ts';

type Parts = Pick<AdminParts, 'clients' | 'appReview'>;

/** Apps for which a team waits, the longest first. */
export async function listAskingClients(
  { clients }: Pick<Parts, 'clients'>,
  { limit }: { limit: number },
): Promise<ShownClient[]> {
  return (await clients.listAsking(limit)).map(describeClient);
}

/** What its team asked for is in force. Refuses with conflict where it is not what was looked at. */
export async function approveClient(
  { appReview }: Pick<Parts, 'appReview'>,
  id: string,
  { revision }: { revision: string },
): Promise<ShownClient> {
  return describeClient(await appReview.approve(id, revision));
}

/** What is in force stays so. The team reads the reason. */
export async function declineClient(
  { appReview }: Pick<Parts, 'appReview'>,
  id: string,
  { revision, reason }: { revision: string; reason?: string | undefined },
): Promise<ShownClient> {
  return describeClient(await appReview.decline(id, revision, reason));
}
