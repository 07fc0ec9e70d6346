// The one-time link on which the first administrator is made: 15 minutes, one use, and gone once there is one (S18).
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Account, Accounts, NewAccount } from './accounts.ts';
import { createLinkStore } from './link-store.ts';

const PURPOSE = 'first_administrator';
const LIFE_SECONDS = 900;

export function createFirstAdministrator(options: {
  database: Database;
  accounts: Accounts;
  issuer: string;
}) {
  const { database, accounts, issuer } = options;
  const links = createLinkStore(database);

  return {
    /** A new link, or undefined where there is an administrator. Links made before end. */
    async createLink(): Promise<string | undefined> {
      if (await accounts.hasAdministrator()) return undefined;
      const secret = randomSecret();
      await database.transact(() => {
        links.endAll(PURPOSE);
        links.register(secret, { purpose: PURPOSE, expiresAt: nowSeconds() + LIFE_SECONDS });
      });
      return `${issuer}/first-administrator/${secret}`;
    },

    /** Refuses with not_found where the link is spent, too old, or there is an administrator already. */
    async check(secret: string): Promise<void> {
      const isGood = await links.isGood(secret, PURPOSE);
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
          links.consume(secret, PURPOSE),
        );
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw new Refusal('not_found', { words: 'This link was used already.', cause: error });
      }
    },
  };
}

export type FirstAdministrator = ReturnType<typeof createFirstAdministrator>;
