// The servers that run on this database: each says every minute that it lives, as whom, and with which configuration.
import { nowSeconds } from '../clock.ts';
import type { Database } from './database.ts';
import { createRepeating } from './repeating.ts';
import { sql } from './statement.ts';

const PREFIX = 'node ';
const EVERY_MILLISECONDS = 60_000;
/** Whoever was not heard of for this long was killed. */
const SILENCE_SECONDS = 150;
const MOST_NODES = 100;

export type ServerNode = {
  readonly node: string;
  readonly issuer: string;
  /** Of the configuration that all nodes share. */
  readonly fingerprint: string;
  readonly startedAt: number;
  readonly seenAt: number;
};

/** Two nodes that call themselves differently would make tokens that the other one refuses. */
export class OtherIssuer extends Error {}

/** Those that live, the eldest first. */
export async function listNodes(database: Database): Promise<ServerNode[]> {
  const rows = await database.list<{ name: string; value: string }>(
    sql`SELECT name, value FROM deployment WHERE name LIKE ${`${PREFIX}%`} ORDER BY name LIMIT ${MOST_NODES}`,
  );
  const living = nowSeconds() - SILENCE_SECONDS;
  return rows
    .map(({ name, value }) => ({ ...(JSON.parse(value) as ServerNode), node: name.slice(PREFIX.length) }))
    .filter(({ seenAt }) => seenAt > living)
    .toSorted((one, other) => one.startedAt - other.startedAt || (one.node < other.node ? -1 : 1));
}

export function createNodes(options: {
  database: Database;
  issuer: string;
  fingerprint: string;
  onFault: (error: unknown) => void;
}) {
  const { database, issuer, fingerprint, onFault } = options;
  const name = `${PREFIX}${database.node}`;
  const announcing = createRepeating({ everyMilliseconds: EVERY_MILLISECONDS, run: announce, onFault });
  let startedAt = 0;

  async function announce(): Promise<void> {
    const value = JSON.stringify({ issuer, fingerprint, startedAt, seenAt: nowSeconds() });
    await database.transact(() =>
      database.write(
        sql`INSERT INTO deployment (name, value) VALUES (${name}, ${value})
          ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      ),
    );
  }

  async function forget(names: readonly string[]): Promise<void> {
    await database.transact(() => {
      for (const one of names) database.write(sql`DELETE FROM deployment WHERE name = ${one}`);
    });
  }

  async function forgetSilent(): Promise<void> {
    const known = await database.list<{ name: string }>(
      sql`SELECT name FROM deployment WHERE name LIKE ${`${PREFIX}%`} ORDER BY name LIMIT ${MOST_NODES}`,
    );
    const living = (await listNodes(database)).map(({ node }) => `${PREFIX}${node}`);
    await forget(known.map((row) => row.name).filter((one) => !living.includes(one)));
  }

  function checkIssuer(others: readonly ServerNode[]): void {
    const other = others.find((one) => one.issuer !== issuer);
    if (other === undefined) return;
    throw new OtherIssuer(
      `Another server runs on this database as ${other.issuer}, and this one would be ${issuer} (ISSUER). Stop that one first; if it was killed, wait ${SILENCE_SECONDS} seconds.`,
    );
  }

  return {
    /** Says that this node lives from now on; answers the others. Throws OtherIssuer where one serves as somebody else already. */
    async join(): Promise<ServerNode[]> {
      await forgetSilent();
      checkIssuer(await listNodes(database));
      startedAt = nowSeconds();
      await announce();
      const all = await listNodes(database);
      const own = all.findIndex(({ node }) => node === database.node);
      try {
        // Of two that came at once the elder stays.
        checkIssuer(all.slice(0, own));
      } catch (error) {
        await forget([name]);
        throw error;
      }
      announcing.start();
      return all.filter(({ node }) => node !== database.node);
    },

    async leave(): Promise<void> {
      await announcing.stop();
      if (startedAt > 0) await forget([name]).catch(onFault);
    },
  };
}
