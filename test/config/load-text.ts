// Loads a configuration that a test writes, and lists the faults of one that is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';

export const shop = {
  client_id: 'shop',
  name: 'The Shop',
  type: 'web',
  grants: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://shop.example/cb'],
  scopes: ['openid', 'read:orders'],
  auth: 'client_secret_basic',
  secret_sha256: ['a'.repeat(64)],
};

export const phone = {
  client_id: 'phone',
  name: 'The Phone',
  type: 'native',
  grants: ['authorization_code'],
  redirect_uris: ['com.example.phone:/cb'],
  auth: 'none',
};

export const orders = {
  identifier: 'https://orders.example',
  name: 'Orders',
  scopes: { 'read:orders': 'See your orders' },
};

export const ordersCaller = {
  client_id: 'orders-api',
  auth: 'client_secret_basic',
  secret_sha256: ['b'.repeat(64)],
};

/** The configuration that this YAML and this environment make. */
export function loadText(text: string, env: NodeJS.ProcessEnv = {}): Config {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
  try {
    const file = join(directory, 'latchkey.yaml');
    writeFileSync(file, text);
    return loadConfig({ env, file });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The same, from settings beside `version: 1`. */
export function loadSettings(settings: object, env: NodeJS.ProcessEnv = {}): Config {
  return loadText(JSON.stringify({ version: 1, ...settings }), env);
}

/** The faults for which `load` is refused, or none. */
export function listFaultsOf(load: () => unknown): readonly string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
