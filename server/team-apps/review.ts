// What an operator decides on what teams ask for. They name the revision that they have seen: what was changed since is not
// allowed unseen, and of two who decide at once one counts.
import type { Audit } from '../audit/audit.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { revisionOf, stateOf, type TeamOwner } from '../clients/team-owner.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { listReachableManagers } from '../teams/managers.ts';
import type { Rights } from '../teams/rights.ts';
import type { AppMail } from './app-mail.ts';
import { withProposal } from './app-terms.ts';
import { createTeamAppStore } from './store.ts';

const LONGEST_NOTE = 500;

type Parts = {
  database: Database;
  audit: Audit;
  clients: Pick<Clients, 'get' | 'inUnit' | 'findSchemeOwner'>;
  rights: Pick<Rights, 'teamRoleNames' | 'manages'>;
  mail: AppMail;
  actor: string;
};

export function createAppReview({ database, audit, clients, rights, mail, actor }: Parts) {
  const store = createTeamAppStore(database);
  async function getAsking(id: string, revision: string): Promise<Client & { owner: TeamOwner }> {
    const client = await clients.get(id);
    const { owner } = client;
    if (owner?.askedAt === undefined)
      throw new Refusal('conflict', { words: 'Nothing of it waits for you.', param: 'client_id' });
    if (revisionOf(client) === revision) return { ...client, owner };
    throw new Refusal('conflict', {
      words: 'Its team changed it since you looked at it. Please look again.',
      param: 'revision',
    });
  }

  function listRecipients({ owner }: Client) {
    return listReachableManagers({ database, rights }, owner?.teamId ?? '');
  }

  return {
    /** What the team asked for is in force. Refuses with conflict another revision than the one of now. */
    async approve(id: string, revision: string): Promise<Client> {
      const client = await getAsking(id, revision);
      const { registration: before, owner } = client;
      const registration = owner.proposal === undefined ? before : withProposal(before, owner.proposal);
      const other = await clients.findSchemeOwner(registration.redirectUris, id);
      if (other !== undefined)
        throw new Refusal('conflict', { words: 'The scheme of its addresses belongs to another app.' });
      const isChange = stateOf(client) === 'allowed';
      const recipients = await listRecipients(client);
      await database.transact(() => {
        store.approve(client, registration);
        const type = isChange ? 'client.change_allowed' : 'client.allowed';
        audit.record(type, { actor, clientId: id, details: { team_id: owner.teamId, revision } });
        mail.decided(recipients, { ...client, registration }, { isAllowed: true, isChange, note: undefined });
      });
      return clients.get(id);
    },

    /** Refuses it from now on: everything issued to it is dead. Its team is told once. */
    async block(id: string): Promise<Client> {
      const client = await clients.get(id);
      const isNews = client.owner !== undefined && client.blockedAt === undefined;
      const recipients = isNews ? await listRecipients(client) : [];
      await database.transact(() => {
        clients.inUnit.block(id);
        audit.record('client.blocked', { actor, clientId: id });
        mail.blocked(recipients, client);
      });
      return clients.get(id);
    },

    /** What is in force stays so; an app that was never allowed is refused. The team reads the note. */
    async decline(id: string, revision: string, said: string | undefined): Promise<Client> {
      const client = await getAsking(id, revision);
      const note = said?.trim().slice(0, LONGEST_NOTE) || undefined;
      const isChange = stateOf(client) === 'allowed';
      const recipients = await listRecipients(client);
      await database.transact(() => {
        store.decline(client, note);
        const details = { team_id: client.owner.teamId, revision };
        audit.record('client.declined', { actor, clientId: id, reason: note, details });
        mail.decided(recipients, client, { isAllowed: false, isChange, note });
      });
      return clients.get(id);
    },
  };
}

export type AppReview = ReturnType<typeof createAppReview>;
