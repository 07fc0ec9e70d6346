// The tokens of a person at this machine: one JSON file by issuer, for its owner only. A write replaces the whole file (rename).
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import { isSameIssuer } from './issuer.ts';

const VERSION = 1;

export type Credential = {
  readonly client_id: string;
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly scope?: string;
  readonly expires_at?: number;
};

export type Kept = { readonly issuer: string; readonly credential: Credential };

/** `current` is the issuer that was signed in to last. */
type Content = { version: number; current: string | null; issuers: Record<string, Credential> };

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

/** `file` need not be there yet. */
export function createCredentials(file: string) {
  function refuse(words: string, cause?: unknown): never {
    throw new Refusal('invalid_request', { words: `${file} ${words}`, cause });
  }

  function read(): Content {
    try {
      const content = JSON.parse(readFileSync(file, 'utf8')) as Partial<Content> | null;
      if (content?.version === VERSION && typeof content.issuers === 'object') return content as Content;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { version: VERSION, current: null, issuers: {} };
      if (!(error instanceof SyntaxError)) refuse(`cannot be read (${codeOf(error)}).`, error);
    }
    return refuse('is damaged, or of another version. Remove it and sign in again.');
  }

  function write(content: Content): void {
    const temporary = `${file}.${randomSecret(9)}`;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const handle = openSync(temporary, 'wx', 0o600);
      try {
        writeSync(handle, `${JSON.stringify(content, null, 2)}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      refuse(`cannot be written (${codeOf(error)}).`, error);
    }
  }

  return {
    file,

    /** Of this issuer, else of the one that was signed in to last. */
    find(issuer: string | undefined): Kept | undefined {
      const { current, issuers } = read();
      const wanted = issuer ?? current ?? '';
      const found = Object.entries(issuers).find(([name]) => isSameIssuer(name, wanted));
      return found === undefined ? undefined : { issuer: found[0], credential: found[1] };
    },

    /** Refuses before a person is asked for anything that could not be kept. */
    checkWritable: (): void => write(read()),

    keep(issuer: string, credential: Credential): void {
      const { issuers } = read();
      write({ version: VERSION, current: issuer, issuers: { ...issuers, [issuer]: credential } });
    },

    /** A refresh does not change which issuer is the current one. */
    replace(issuer: string, credential: Credential): void {
      const content = read();
      write({ ...content, issuers: { ...content.issuers, [issuer]: credential } });
    },

    remove(issuer: string): void {
      const { current, issuers } = read();
      const { [issuer]: _, ...left } = issuers;
      const last = Object.keys(left).at(-1) ?? null;
      write({ version: VERSION, current: current === issuer ? last : current, issuers: left });
    },
  };
}

export type Credentials = ReturnType<typeof createCredentials>;
