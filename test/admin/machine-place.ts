// A place for commands about machines: a key of its own to sign with, and files beside the place, so that a search of it finds
// nothing that was written there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner } from '../service-accounts/issuers.ts';
import { createPlace } from './cli.ts';

export const ISSUER = 'https://id.example.com';
const SMTP = 'smtps://mail.example.com';

/** `variables`: the environment of its commands. */
export async function createMachinePlace() {
  const variables = { ISSUER, LATCHKEY_SMTP_URL: SMTP };
  const place = createPlace(variables);
  const files = mkdtempSync(join(tmpdir(), 'latchkey-files-'));
  const signer = await createSigner();

  /** Anything but a text as JSON; answers the path. */
  function write(name: string, value: unknown): string {
    const path = join(files, name);
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    return path;
  }

  return {
    ...place,
    variables: { ...variables, DATABASE_URL: `sqlite:${place.database}` },
    ...{ signer, write, files },
    /** Its public key, as a set. */
    keyFile: write('keys.json', { keys: [signer.jwk] }),
    remove(): void {
      place.remove();
      rmSync(files, { recursive: true, force: true });
    },
  };
}
