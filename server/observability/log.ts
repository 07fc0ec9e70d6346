// The log: JSON lines with an allow-list of fields, no secrets, no way to forge a line (ASVS 16.2 to 16.4, row H06).
import { type DestinationStream, type Logger, pino } from 'pino';
import { nowMilliseconds } from '../clock.ts';

const fieldNames = [
  'account_id',
  'address',
  'attempt',
  'bytes',
  'cause',
  'client_id',
  'count',
  'credential_type',
  'database',
  'duration_ms',
  'error_code',
  'file',
  'grant_id',
  'grant_type',
  'host',
  'issuer',
  'job',
  'kid',
  'message',
  'method',
  'migration',
  'name',
  'node',
  'param',
  'path',
  'port',
  'reason',
  'request_id',
  'resource',
  'retry_after_seconds',
  'route',
  'seconds',
  'setting',
  'signal',
  'stack',
  'status',
  'subject',
  'version',
] as const;

type Scalar = string | number | boolean | null | undefined;

/** What may be written. `error` takes an Error (name, message and stack are written) or a stable code. */
export type LogFields = { [name in (typeof fieldNames)[number]]?: Scalar } & { error?: unknown };

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type Log = {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log whose every line carries these fields. */
  child(fields: LogFields): Log;
};

const known = new Set<string>(fieldNames);
const MAX_RAW_CHARACTERS = 16_384;
const MAX_TEXT_CHARACTERS = 1_000;
const MAX_STACK_CHARACTERS = 4_000;

const secrets = new RegExp(
  [
    String.raw`\blk[a-z]*_[\w.~-]{6,}`,
    String.raw`\beyJ[\w-]*\.[\w.-]*`,
    String.raw`\b(?:bearer|basic|dpop)\s+[\w+/=.~-]+`,
    // The engine's own ids, which are bearer secrets, are 43 characters; no word of ours is that long.
    String.raw`[\w-]{40,}`,
  ].join('|'),
  'gi',
);
const namedSecrets =
  /((?:\w*(?:token|secret|passwor[dt]|assertion|verifier|cookie|authorization)|(?:device|user)_code|[?&](?:code|state))["']?\s*[=:]\s*["']?)[^\s"'&,;)}]+/gi;
const controls = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text without anything that looks like a secret, and without what could forge a line or drive a terminal. */
function cleanText(text: string, maxCharacters = MAX_TEXT_CHARACTERS): string {
  const redacted = text
    .slice(0, MAX_RAW_CHARACTERS)
    .replace(secrets, '[redacted]')
    .replace(namedSecrets, '$1[redacted]');
  return redacted.slice(0, maxCharacters).replace(controls, asVisibleEscape);
}

function asVisibleEscape(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function describeError(error: Error): LogFields & { error: string } {
  const { cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    error: error.name,
    message: error.message,
    error_code: code,
    stack: error.stack,
    cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined,
  };
}

function cleanStack(stack: string): string {
  return cleanText(stack.replace(/\n\s*/g, ' | '), MAX_STACK_CHARACTERS);
}

function cleanFields(fields: LogFields): Record<string, Scalar> {
  const { error, ...rest } = fields;
  const described = error instanceof Error ? describeError(error) : { error };
  const clean: Record<string, Scalar> = {};
  for (const [name, value] of Object.entries({ ...described, ...rest })) {
    if (name !== 'error' && !known.has(name)) continue;
    if (typeof value === 'string') clean[name] = name === 'stack' ? cleanStack(value) : cleanText(value);
    else if (typeof value === 'boolean' || Number.isFinite(value)) clean[name] = value as boolean | number;
  }
  return clean;
}

function wrap(logger: Logger): Log {
  function writer(level: 'debug' | 'info' | 'warn' | 'error') {
    return (event: string, fields: LogFields = {}) => {
      if (logger.isLevelEnabled(level)) logger[level](cleanFields(fields), cleanText(event));
    };
  }
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    child: (fields) => wrap(logger.child(cleanFields(fields))),
  };
}

/** The log of the program, on standard output unless a stream is given. */
export function createLog({ level, stream }: { level: LogLevel; stream?: DestinationStream }): Log {
  const options = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: () => `,"time":"${new Date(nowMilliseconds()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Not synchronous: a slow reader of our output must not hold up requests. pino writes what is left at exit.
  return wrap(pino(options, stream ?? pino.destination({ dest: 1, sync: false })));
}
