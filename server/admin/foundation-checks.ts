// What a deployment stands on, checked from the ground up: configuration, secrets file, database, schema, keys. Changes nothing.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/schema.ts';
import { type Database, openDatabase, sqlitePathOf } from '../storage/database.ts';
import { readSecretsFile } from '../storage/secrets-file.ts';
import { createSealer } from '../storage/server-keys.ts';
import { describeFault } from './faults.ts';
import type { Finding } from './finding.ts';
import { findMigrations, listDamage, listSealedKeys, readDurability } from './store.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url));

function ok(check: string, sentence: string): Finding {
  return { check, level: 'ok', sentence };
}

function error(check: string, sentence: string): Finding {
  return { check, level: 'error', sentence };
}

function checkSecretsFile(config: Config): Finding {
  const check = 'secrets_file';
  if (!existsSync(config.secrets_file)) {
    return ok(check, 'There is none yet; the first start of the server makes it.');
  }
  try {
    readSecretsFile(config.secrets_file);
    return ok(check, 'Only its owner can read it.');
  } catch (cause) {
    return error(check, describeFault(cause).error_description);
  }
}

async function checkSchema(database: Database): Promise<Finding> {
  const check = 'schema';
  const applied = await findMigrations(database);
  if (applied === undefined)
    return error(check, 'The database is empty. Start the server, or run: latchkey migrate');
  const known = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.ts'));
  const missing = known.filter((name) => !applied.includes(name));
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length > 0)
    return error(check, `The database is newer than this program: it has ${newer.join(', ')}.`);
  if (missing.length > 0) return error(check, `Not applied: ${missing.join(', ')}. Run: latchkey migrate`);
  return ok(check, `Up to date (${known.at(-1)}).`);
}

const durable: Readonly<Record<Database['dialect'], Readonly<Record<string, readonly string[]>>>> = {
  sqlite: { journal_mode: ['wal'], synchronous: ['full'] },
  postgres: {
    fsync: ['on'],
    synchronous_commit: ['on', 'local', 'remote_write', 'remote_apply'],
    full_page_writes: ['on'],
  },
};

async function checkDurability(database: Database): Promise<Finding> {
  const found = await readDurability(database);
  const weak = Object.entries(durable[database.dialect])
    .filter(([name, good]) => !good.includes(found[name] ?? ''))
    .map(([name]) => `${name} is ${found[name]}`);
  const words = Object.entries(found)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  return weak.length === 0
    ? ok('durability', `What is acknowledged is on disk: ${words}.`)
    : error('durability', `A crash can lose what was acknowledged: ${weak.join(', ')}.`);
}

async function checkIntegrity(database: Database): Promise<Finding[]> {
  if (database.dialect !== 'sqlite') return [];
  const damage = await listDamage(database);
  return damage.length === 0
    ? [ok('integrity', 'SQLite finds no damage.')]
    : [error('integrity', `The file is damaged; restore a copy. SQLite says: ${damage.join('; ')}`)];
}

async function checkKeys(database: Database, config: Config): Promise<Finding> {
  const check = 'keys';
  const sealed = await listSealedKeys(database);
  if (sealed.length === 0) return ok(check, 'There are none yet; the first start of the server makes them.');
  try {
    const sealer = createSealer(readSecretsFile(config.secrets_file));
    for (const key of sealed) sealer.unseal(key.sealed, `server key ${key.purpose}`);
    return ok(check, `The secrets file opens the ${sealed.length} keys of the server.`);
  } catch (cause) {
    return error(check, describeFault(cause).error_description);
  }
}

async function checkInside(database: Database, config: Config): Promise<Finding[]> {
  if (!(await database.isHealthy())) return [error('database', 'It does not answer.')];
  const reached = ok('database', `It answers (${database.dialect}).`);
  const schema = await checkSchema(database);
  const rest = [await checkDurability(database), ...(await checkIntegrity(database))];
  if (schema.level === 'error') return [reached, schema, ...rest];
  return [reached, schema, ...rest, await checkKeys(database, config)];
}

async function checkDatabase(config: Config): Promise<Finding[]> {
  const path = sqlitePathOf(config.database.url);
  // Opening it would make it.
  if (path !== undefined && !existsSync(path)) {
    return [error('database', 'There is none yet. Start the server, or run: latchkey migrate')];
  }
  let database: Database | undefined;
  try {
    database = openDatabase({ url: config.database.url, poolMax: 2 });
    return await checkInside(database, config);
  } catch (cause) {
    return [error('database', describeFault(cause).error_description)];
  } finally {
    await database?.close();
  }
}

export async function checkFoundation(config: Config): Promise<Finding[]> {
  return [checkSecretsFile(config), ...(await checkDatabase(config))];
}
