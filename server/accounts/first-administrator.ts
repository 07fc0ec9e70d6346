// The one-time link on which the first administrator is made: 15 minutes, one use, and gone once there is one (S18).
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { randomSecret, sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Account, Accounts, NewAccount } from './accounts.ts';
import { createAccountStore } from './store.ts';

const PURPOSE = 'first_administrator';
const LIFE_SECONDS = 900;

export function createFirstAdministrator(options: {
  database: Database;
  accounts: Accounts;
  issuer: string;
}) {
  const { database, accounts, issuer } = options;
  const store = createAccountStore(database);

  return {
    /** A new link, or undefined where there is an administrator. Links made before end. */
    async createLink(): Promise<string | undefined> {
      if (await accounts.hasAdministrator()) return undefined;
      const secret = randomSecret();
      await database.transact(() => {
        store.endLinks(PURPOSE);
        store.registerLink({
          secretHash: sha256(secret),
          purpose: PURPOSE,
          expiresAt: nowSeconds() + LIFE_SECONDS,
        });
      });
      return `${issuer}/first-administrator/${secret}`;
    },

    /** Refuses with not_found where the link is spent, too old, or there is an administrator already. */
    async check(secret: string): Promise<void> {
      const isGood = await store.isLinkGood(sha256(secret), PURPOSE);
      if (!isGood || (await accounts.hasAdministrator())) {
        throw new Refusal('not_found', {
          words: 'This link was used already, or it is too old. Restart the server for a new one.',
        });
      }
    },

    /** Makes the administrator and spends the link in one unit: of several at once one wins. */
    async register(secret: string, wanted: Omit<NewAccount, 'isAdmin'>): Promise<Account> {
      await this.check(secret);
      try {
        return await accounts.register({ ...wanted, isAdmin: true }, 'anonymous', () =>
          store.consumeLink(sha256(secret), PURPOSE),
        );
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw new Refusal('not_found', { words: 'This link was used already.', cause: error });
      }
    },
  };
}

export type FirstAdministrator = ReturnType<typeof createFirstAdministrator>;
