// OAuth clients that belong to a team: those who manage it register and edit them, and an operator allows what they ask for.
// To everybody else they are not there (row G07).
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import type { EventType } from '../audit/events.ts';
import type { Client, Clients, NewClient, Registration, RotatedSecret } from '../clients/clients.ts';
import { addSecret, createSecret, needsSecret } from '../clients/secrets.ts';
import { stateOf } from '../clients/team-owner.ts';
import { Refusal } from '../errors.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Actor, Admission, Admitted } from '../teams/admission.ts';
import type { Rights } from '../teams/rights.ts';
import type { AppMail } from './app-mail.ts';
import {
  type AppKind,
  type AppSettings,
  type AppTerms,
  proposalOf,
  settingsOf,
  withProposal,
} from './app-terms.ts';
import { createTeamAppStore, NO_ROOM } from './store.ts';
import { isNarrower, isSame } from './widening.ts';

export type TeamAppParts = {
  config: Pick<Config, 'teams'>;
  database: Database;
  audit: Audit;
  admission: Pick<Admission, 'admitManager' | 'change'>;
  rights: Pick<Rights, 'planOfTeam'>;
  clients: Clients;
  limiter: Pick<Limiter, 'check'>;
  terms: AppTerms;
  mail: AppMail;
};

export type NewApp = AppKind & AppSettings;
export type AppChange = { readonly [Name in keyof AppSettings]?: AppSettings[Name] | undefined };
/** One app, where its team looks for it. */
export type AppPlace = { readonly teamId: string; readonly id: string };

type Outcome = Pick<Client, 'registration'> & {
  proposal: ReturnType<typeof proposalOf> | undefined;
  isAsking: boolean;
};

function nowhere(): Refusal {
  return new Refusal('not_found', { words: 'The team has no such app.', param: 'client_id' });
}

export function createTeamApps(parts: TeamAppParts) {
  const { audit, admission, clients, terms, mail } = parts;
  const store = createTeamAppStore(parts.database);

  async function find({ teamId, id }: AppPlace): Promise<Client> {
    const client = await clients.find(id);
    if (client?.owner === undefined || client.owner.teamId !== teamId) throw nowhere();
    return client;
  }

  function checkOffered(): void {
    if (parts.config.teams.apps.enabled) return;
    throw new Refusal('access_denied', { words: 'Teams register no apps here.', reason: 'teams.apps' });
  }

  /** Two apps of one machine must not get each other's codes (RFC 8252 section 8.4). Whose the other is, is nobody's business. */
  async function checkSchemes({ redirectUris }: Registration, id?: string): Promise<void> {
    const owner = await clients.findSchemeOwner(redirectUris, id);
    if (owner === undefined) return;
    throw new Refusal('invalid_request', {
      ...{ words: 'The scheme {scheme} belongs to another app.', values: { scheme: owner.scheme } },
      param: 'redirect_uris',
    });
  }

  function record(type: EventType, actor: Actor, { teamId, id }: AppPlace, details = {}): void {
    audit.record(type, { actor: actor.name, clientId: id, details: { team_id: teamId, ...details } });
  }

  /** Somebody who manages the team, and one of its apps that the configuration file does not declare. */
  async function admitTo(actor: Actor, place: AppPlace): Promise<{ admitted: Admitted; client: Client }> {
    const admitted = await admission.admitManager(actor, place.teamId);
    await find(place);
    return { admitted, client: await clients.getOwn(place.id) };
  }

  /** What the change leaves in force, and what of it waits. */
  async function decide(client: Client, change: AppChange, teamName: string): Promise<Outcome> {
    const { registration, owner } = client;
    const current = proposalOf(registration);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const judge = (base: typeof current, name: string | undefined) =>
      terms.judge(registration, { ...settingsOf(base), ...given }, { before: registration, teamName: name });
    const asked = proposalOf(await judge(owner?.proposal ?? current, teamName));
    await checkSchemes({ ...registration, ...asked }, client.id);
    const state = stateOf(client);
    const keepAsIs = (error: unknown) => {
      if (error instanceof Refusal) return registration;
      throw error;
    };
    if (state === 'pending')
      return { registration: withProposal(registration, asked), proposal: undefined, isAsking: true };
    if (state === 'blocked') return { registration, proposal: asked, isAsking: true };
    const direct = proposalOf(await judge(current, registration.teamName).catch(keepAsIs));
    const inForce = isNarrower(direct, current) ? direct : current;
    const proposal = isSame(asked, inForce) ? undefined : asked;
    return {
      ...{ registration: withProposal(registration, inForce), proposal },
      isAsking: proposal !== undefined,
    };
  }

  /** What an operator registers is allowed by that. */
  async function prepare(actor: Actor, admitted: Admitted, wanted: NewApp) {
    const { team } = admitted;
    const { type, auth, ...settings } = wanted;
    terms.checkKind(wanted);
    const judged = await terms.judge({ type, auth }, settings, { before: undefined, teamName: team.name });
    await checkSchemes(judged);
    const made = needsSecret(judged.auth) ? createSecret() : undefined;
    const registration = { ...judged, secrets: made === undefined ? [] : [made.stored] };
    const isPending = actor.account !== undefined;
    const tell = isPending ? await mail.prepareAsked(team, { isChange: false }) : () => undefined;
    const id = `client_${randomSecret(12)}`;
    return { id, secret: made?.secret, registration, isPending, tell };
  }

  function refuseLost(error: unknown, most: number): never {
    if (!(error instanceof Conflict && error.label === NO_ROOM)) throw error;
    const words = 'The team has {most} apps already, and its plan has no more. Delete one first.';
    throw new Refusal('access_denied', { words, values: { most }, reason: NO_ROOM, cause: error });
  }

  return {
    terms,
    mostApps: (plan: string | undefined): number =>
      parts.config.teams.apps.enabled ? parts.rights.planOfTeam(plan).maxApps : 0,

    /** By id. Refuses with access_denied a member who does not manage the team. */
    async list(actor: Actor, teamId: string, page: { after: string; limit: number }): Promise<Client[]> {
      await admission.admitManager(actor, teamId);
      return clients.list({ ...page, teamId });
    },

    async get(actor: Actor, place: AppPlace): Promise<Client> {
      await admission.admitManager(actor, place.teamId);
      return find(place);
    },

    /** Pending, until an operator allows it. The secret is in this answer alone; `alsoInUnit` may keep it in the same unit. */
    async register(
      actor: Actor,
      teamId: string,
      { alsoInUnit, ...wanted }: NewApp & { alsoInUnit?: ((made: NewClient) => void) | undefined },
    ): Promise<NewClient> {
      const admitted = await admission.admitManager(actor, teamId);
      checkOffered();
      const most = parts.rights.planOfTeam(admitted.team.plan).maxApps;
      if (most === 0) throw new Refusal('access_denied', { words: 'The plan of the team has no apps.' });
      const { id, secret, registration, isPending, tell } = await prepare(actor, admitted, wanted);
      await parts.limiter.check('team_app.registration', teamId);
      try {
        await admission.change(actor, admitted, () => {
          clients.inUnit.register(id, registration);
          store.own(id, { teamId, registeredBy: actor.account?.id, isPending });
          store.checkRoom(teamId, most);
          record('client.created', actor, { teamId, id }, { name: registration.name });
          tell({ id, name: registration.name });
          alsoInUnit?.({ id, secret });
        });
      } catch (error) {
        refuseLost(error, most);
      }
      return { id, secret };
    },

    /** What only takes away counts at once; all else waits for an operator, and what was allowed stays in force. */
    async change(actor: Actor, place: AppPlace, change: AppChange): Promise<Client> {
      const { admitted, client } = await admitTo(actor, place);
      checkOffered();
      const next = await decide(client, change, admitted.team.name);
      const isNew = next.isAsking && client.owner?.askedAt === undefined;
      const tell = isNew ? await mail.prepareAsked(admitted.team, { isChange: true }) : () => undefined;
      const { name } = client.registration;
      await admission.change(actor, admitted, () => {
        store.put(client, next);
        record(next.proposal === undefined ? 'client.updated' : 'client.change_asked', actor, place);
        tell({ id: client.id, name });
      });
      return find(place);
    },

    /** The one before stays good for a day. */
    async rotateSecret(
      actor: Actor,
      place: AppPlace,
      alsoInUnit: (made: RotatedSecret) => void,
    ): Promise<RotatedSecret> {
      const { admitted, client } = await admitTo(actor, place);
      const { registration, made } = addSecret(client);
      await admission.change(actor, admitted, () => {
        clients.inUnit.replace(client, registration);
        record('client.secret_rotated', actor, place);
        alsoInUnit(made);
      });
      return made;
    },

    /** Everything issued to it is dead, and so are the devices that wait for it. */
    async remove(actor: Actor, place: AppPlace): Promise<void> {
      const { admitted, client } = await admitTo(actor, place);
      await admission.change(actor, admitted, () =>
        clients.inUnit.end(client, { actor: actor.name, details: { team_id: place.teamId } }),
      );
    },

    endOfTeam: store.endOfTeam,
    /** They are the team's, whoever registered them. */
    endOfMember: (): void => undefined,
    /** In the open unit. */
    forgetPerson: store.forgetPerson,
  };
}

export type TeamApps = ReturnType<typeof createTeamApps>;
