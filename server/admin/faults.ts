// What went wrong with a command, in the two members that every error of ours has (RFC 6749 section 5.2).
import { CommanderError } from 'commander';
import { Refusal } from '../errors.ts';
import { IssuerFault } from './issuer.ts';

export type Fault = { error: string; error_description: string };

/** Errors whose message is written for the operator, by name: their modules are heavy, or closed to this folder. */
const spoken: Readonly<Record<string, string>> = {
  ConfigError: 'invalid_configuration',
  SecretsFileError: 'secrets_file',
  WrongSecretsFile: 'secrets_file',
};

function describeByName(error: Error): Fault {
  // Not every class sets its name.
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  const code = spoken[name];
  if (code !== undefined) return { error: code, error_description: error.message };
  if (name === 'StorageFault') {
    const words = `The database cannot answer: ${error.message}.`;
    return { error: 'temporarily_unavailable', error_description: words };
  }
  if (name === 'Conflict') return { error: 'conflict', error_description: new Refusal('conflict').words };
  return { error: 'server_error', error_description: `Unexpected: ${error.message}` };
}

/** The words are public to the operator; nothing in them is a secret or a stack. */
export function describeFault(error: unknown): Fault {
  if (error instanceof Refusal) return { error: error.code, error_description: error.words };
  if (error instanceof IssuerFault) return { error: error.code, error_description: error.message };
  if (error instanceof CommanderError) {
    return { error: 'invalid_request', error_description: error.message.replace(/^error: /, '') };
  }
  if (error instanceof Error) return describeByName(error);
  return { error: 'server_error', error_description: `Unexpected: ${String(error)}` };
}
