// The engine's interactions for our pages: what is asked of the person, and how their answer goes back.
import type { Config } from '../../config/schema.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { Refusal } from '../errors.ts';
import type { Grants } from '../grants/grants.ts';
import type { WebContext } from '../web/context.ts';
import { listTags } from '../web/words.ts';
import { routes } from './endpoints.ts';
import type { Engine } from './engine.ts';
import { describeQuestion, permit, type Question } from './question.ts';
import { restartQuery } from './restart.ts';
import type { TeamAnswer, TeamQuestion } from './team-question.ts';

export type Interaction = {
  readonly uid: string;
  readonly prompt: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectUri: string;
  readonly loginHint: string | undefined;
  /** Who is signed in in this browser, if anybody. */
  readonly accountId: string | undefined;
  /** An answer was given already: only going on is left. */
  readonly isAnswered: boolean;
  readonly returnTo: string;
};

type Parts = {
  engine: Engine;
  config: Config;
  teamQuestion: TeamQuestion;
  accounts: Pick<Accounts, 'get'>;
  grants: Pick<Grants, 'findConsent' | 'recordConsent'>;
};

const GONE =
  'This page is too old, was answered already, or was begun in another browser. Go back to the app and start again.';

export function createInteractions({ engine, config, teamQuestion, accounts, grants }: Parts) {
  /** Row A21: the cookie of the browser that began it must be there, and name this very interaction. */
  async function load(ctx: WebContext, uid: string) {
    const { provider, catalog } = await engine.current();
    const details = await provider.interactionDetails(ctx.req, ctx.res).catch((cause: unknown) => {
      const isGone = cause instanceof Error && cause.name === 'SessionNotFound';
      throw isGone
        ? new Refusal('invalid_request', { words: GONE, reason: 'no such interaction here', cause })
        : cause;
    });
    if (details.uid !== uid)
      throw new Refusal('invalid_request', { words: GONE, reason: 'another interaction' });
    ctx.state.uiLocales = listTags(details.params.ui_locales);
    const client = await provider.Client.find(String(details.params.client_id));
    if (client === undefined)
      throw new Refusal('invalid_request', { words: 'The app is not allowed here any more.' });
    return { provider, catalog, details, client };
  }

  async function describe(ctx: WebContext, uid: string): Promise<Interaction> {
    const { details, client } = await load(ctx, uid);
    const hint = details.params.login_hint;
    return {
      uid,
      prompt: details.prompt.name,
      clientId: client.clientId,
      clientName: client.clientName ?? client.clientId,
      redirectUri: String(details.params.redirect_uri),
      loginHint: typeof hint === 'string' ? hint : undefined,
      accountId: details.session?.accountId,
      isAnswered: details.result !== undefined,
      returnTo: details.returnTo,
    };
  }

  async function ask(ctx: WebContext, uid: string) {
    const { catalog, details, client } = await load(ctx, uid);
    const accountId = details.session?.accountId;
    if (accountId === undefined || details.prompt.name !== 'consent' || details.result !== undefined) {
      throw new Refusal('invalid_request', { words: GONE, reason: 'nothing to consent to' });
    }
    const { clientId } = client;
    const { access_token_seconds: seconds } = config.tokens;
    const asked = { client, params: details.params, permitted: undefined, mayHold: () => true };
    const account = await accounts.get(accountId);
    const choosing = await teamQuestion.look(describeQuestion(catalog, asked, seconds), {
      ...{ catalog, account, clientId },
    });
    const permitted = await grants.findConsent(accountId, clientId, choosing.preferred?.id);
    const { mayHold } = choosing;
    const question = describeQuestion(catalog, { ...asked, permitted, mayHold }, seconds);
    return { accountId, question: teamQuestion.addTeams(question, choosing, catalog) };
  }

  async function answer(ctx: WebContext, result: Record<string, unknown>): Promise<string> {
    const { provider } = await engine.current();
    return provider.interactionResult(ctx.req, ctx.res, result);
  }

  return {
    /** Refuses with invalid_request where it is not this browser's, too old, or over. */
    get: describe,

    /** The same, and not answered yet (row A22). */
    async getOpen(ctx: WebContext, uid: string): Promise<Interaction> {
      const interaction = await describe(ctx, uid);
      if (interaction.isAnswered)
        throw new Refusal('invalid_request', { words: GONE, reason: 'answered already' });
      return interaction;
    },

    /** What the person is asked to allow; refuses where they are not asked. */
    async getQuestion(ctx: WebContext, uid: string): Promise<{ accountId: string; question: Question }> {
      return ask(ctx, uid);
    },

    /** They are who they say: answers where to go on. `methods` is amr (RFC 8176). */
    signedIn: (ctx: WebContext, accountId: string, methods: readonly string[]): Promise<string> =>
      answer(ctx, { login: { accountId, amr: [...methods], remember: true } }),

    /**
     * Remembers what was allowed and answers where to go on; undefined where nothing was. Refuses where a team has to be
     * chosen and was not.
     */
    async allowed(ctx: WebContext, uid: string, choice: TeamAnswer): Promise<string | undefined> {
      const { accountId, question } = await ask(ctx, uid);
      const { settled, teamId, isChosen } = teamQuestion.settle(question, choice);
      const clientId = question.client.id;
      const before = await grants.findConsent(accountId, clientId, teamId);
      const scopes = permit(before, settled, isChosen);
      if (scopes === undefined) return undefined;
      grants.recordConsent({ accountId, clientId, teamId }, scopes);
      return answer(ctx, { consent: teamId === undefined ? {} : { team_id: teamId } });
    },

    /** RFC 6749 section 4.1.2.1: the app is told access_denied. */
    denied: (ctx: WebContext): Promise<string> =>
      answer(ctx, { error: 'access_denied', error_description: 'the person did not allow it' }),

    /**
     * Where it begins again, if the session in which it was begun has ended since: the person reset their password on
     * the way. The engine calls such an interaction lost. Undefined where there is nothing to begin again.
     */
    async findRestart(ctx: WebContext, uid: string): Promise<string | undefined> {
      const { provider } = await engine.current();
      if (ctx.cookies.get(provider.cookieName('interaction'), { signed: true }) !== uid) return undefined;
      const details = await provider.Interaction.find(uid);
      const sessionUid = details?.session?.uid;
      if (details === undefined || sessionUid === undefined) return undefined;
      if ((await provider.Session.findByUid(sessionUid)) !== undefined) return undefined;
      return `${routes.authorization}?${await restartQuery(provider, details, [])}`;
    },

    /** The same request again, for whoever is signed in now: after another person signed in on the way. */
    async restart(ctx: WebContext, uid: string): Promise<string> {
      const { details, provider } = await load(ctx, uid);
      const query = await restartQuery(provider, details, ['login']);
      await details.destroy();
      return `${routes.authorization}?${query}`;
    },
  };
}

export type Interactions = ReturnType<typeof createInteractions>;
