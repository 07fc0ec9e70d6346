// The database knows with which configuration it is served: a change is an event of the audit log.
import type { Config } from '../../config/schema.ts';
import { sha256Hex } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import type { Deployment } from '../storage/deployment.ts';
import type { Audit } from './audit.ts';

type Parts = { config: Config; database: Database; deployment: Deployment; audit: Audit };

/** Of what all nodes must share. */
export function fingerprintOf(config: Config): string {
  // Where this node listens, how it logs and who carries its mail is its own affair.
  const {
    listen: _listen,
    log: _log,
    database: _database,
    secrets_file: _file,
    mail: _mail,
    ...shared
  } = config;
  return sha256Hex(JSON.stringify(shared));
}

export async function noteConfiguration({ config, database, deployment, audit }: Parts): Promise<void> {
  const fingerprint = fingerprintOf(config);
  const before = await deployment.find('configuration_fingerprint');
  if (before === fingerprint) return;
  await database.transact(() => {
    deployment.setOnce('epoch', '1');
    deployment.set('configuration_fingerprint', fingerprint);
    audit.record('configuration.changed', { actor: 'system', details: { before, after: fingerprint } });
  });
}
