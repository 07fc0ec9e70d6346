// The file and the environment made into one frozen Config, or one error that names every fault. The only reader of process.env.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { describeIssue, listFaults } from './faults.ts';
import { type Config, configSchema, environmentVariables } from './schema.ts';

const defaultFile = fileURLToPath(new URL('latchkey.yaml', import.meta.url));

/** What else the environment tells: NODE_ENV, and where a crash test wants this process to die. */
export const environment = Object.freeze({ nodeEnv: process.env.NODE_ENV, crashAt: process.env.CRASH_AT });

/** Where the programs of the person at this terminal keep their settings (XDG base directories: a relative path counts as none). */
export function findConfigFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = env.XDG_CONFIG_HOME ?? '';
  return isAbsolute(folder) ? folder : join(homedir(), '.config');
}

// Libraries that trace under DEBUG print the paths of requests, and some of ours open a door (row H06).
// They look for it when they are loaded, so the server's door loads this file first.
delete process.env.DEBUG;

/** The configuration cannot be used. The message has one line for each fault and no value of any setting. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(['The configuration is not valid:', ...faults].join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

type LoadOptions = { env?: NodeJS.ProcessEnv; file?: string };

/**
 * Reads `file`, else the file that LATCHKEY_CONFIG names (relative to the working directory), else
 * config/latchkey.yaml; the environment wins over it. Throws a ConfigError.
 */
export function loadConfig({ env = process.env, file }: LoadOptions = {}): Config {
  const settings = parseSettings(readSettings(file ?? (env.LATCHKEY_CONFIG || defaultFile)));
  const sources = applyEnvironment(settings, env);
  const result = configSchema.safeParse(settings, { error: describeIssue });
  if (!result.success) throw new ConfigError(listFaults(result.error.issues, sources));
  return deepFreeze(result.data);
}

function readSettings(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown';
    throw new ConfigError([`the file (LATCHKEY_CONFIG): cannot be read (${code})`]);
  }
}

function parseSettings(text: string): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0]);
    // Their own messages quote the line, and with it the value.
    const words = code === 'DUPLICATE_KEY' ? 'this key is there twice' : `this is not valid YAML (${code})`;
    return `line ${line}, column ${col}: ${words}`;
  });
  if (faults.length > 0) throw new ConfigError(faults);
  const settings = resolveAliases(document) ?? {};
  if (!isMapping(settings)) throw new ConfigError(['the file: must be a mapping of settings']);
  return settings;
}

/** YAML reads `*.example.com` without quotes as an alias, and only stumbles over it here. */
function resolveAliases(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch {
    throw new ConfigError([
      'the file: an alias (*name) leads nowhere; put quotes around text that begins with *',
    ]);
  }
}

/** Writes the environment over the settings; answers which setting came from which variable. */
function applyEnvironment(settings: Record<string, unknown>, env: NodeJS.ProcessEnv): Map<string, string> {
  const sources = new Map<string, string>();
  for (const [variable, path] of Object.entries(environmentVariables)) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    const [key = path, section] = path.split('.').reverse();
    const target = section === undefined ? settings : findSection(settings, section);
    if (target === undefined) continue;
    target[key] = parseVariable(variable, text);
    sources.set(path, variable);
  }
  return sources;
}

/** A section that is there but is no mapping stays as it is: the schema names that fault. */
function findSection(settings: Record<string, unknown>, name: string): Record<string, unknown> | undefined {
  if (!Object.hasOwn(settings, name)) settings[name] = {};
  const section = settings[name];
  return isMapping(section) ? section : undefined;
}

function parseVariable(variable: string, text: string): unknown {
  if (variable === 'PORT') return /^\d{1,9}$/.test(text) ? Number(text) : text;
  if (variable !== 'TRUSTED_PROXIES' && variable !== 'DEVICE_AUTH_CLIENT_IDS') return text;
  return text.split(',').map((item) => item.trim());
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
  return value;
}
