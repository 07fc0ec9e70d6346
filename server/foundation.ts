// What every part stands on: the database and what is kept in it, the log, the way out, the limits and the keys of the server.
import type { Config } from '../config/schema.ts';
import { createAudit } from './audit/audit.ts';
import { createMail } from './mail/mail.ts';
import { createLog } from './observability/log.ts';
import { createFetcher } from './outbound/fetcher.ts';
import { createRemoteKeys } from './outbound/remote-keys.ts';
import { checkCodeGuessing } from './rate-limits/code-guessing.ts';
import { openLimiter } from './rate-limits/limiter.ts';
import { createLimits } from './rate-limits/limits.ts';
import { createArtifacts } from './storage/artifacts.ts';
import { openDatabase } from './storage/database.ts';
import { createDeployment } from './storage/deployment.ts';
import { createDeviceCodes } from './storage/device-codes.ts';
import { migrate } from './storage/migrate.ts';
import { createOutbox } from './storage/outbox.ts';
import { createReplays } from './storage/replays.ts';
import { openSealer } from './storage/secrets-file.ts';
import { loadCookieKeys, loadServerKeys } from './storage/server-keys.ts';
import { createSessionClients } from './storage/session-clients.ts';
import { createSessions } from './storage/sessions.ts';
import { createTokens } from './storage/tokens.ts';

/** Migrates first of all: nothing is read before the schema is that of this program. */
export async function createFoundation(config: Config) {
  const log = createLog({ level: config.log.level });
  await migrate(config.database.url);
  const database = openDatabase({
    url: config.database.url,
    poolMax: config.database.pool_max,
    onDamage: (error) => log.error('row.damaged', { error }),
  });
  const sealer = await openSealer(config.secrets_file, database);
  const keys = await loadServerKeys(database, sealer);
  const limits = createLimits(config.limits);
  checkCodeGuessing(limits, config.device);
  const { limiter, sweep: sweepLimits } = await openLimiter({ counters: database.counters, limits });
  const fetcher = createFetcher({ allowedHosts: config.outbound.allowed_hosts });
  const outbox = createOutbox({ database, key: keys.outbox[0] });
  return {
    ...{ config, log, database, sealer, keys, limiter, sweepLimits, fetcher, outbox },
    loadCookieKeys: () => loadCookieKeys(database, sealer, { keepSeconds: config.sessions.absolute_seconds }),
    deployment: createDeployment(database),
    audit: createAudit({ database }),
    artifacts: createArtifacts({ database, key: keys.artifact[0] }),
    sessions: createSessions({
      database,
      key: keys.artifact[0],
      admin: {
        idleSeconds: config.sessions.admin_idle_seconds,
        absoluteSeconds: config.sessions.admin_absolute_seconds,
      },
    }),
    sessionClients: createSessionClients(database),
    tokens: createTokens(database),
    replays: createReplays(database),
    deviceCodes: createDeviceCodes({
      ...{ database, key: keys.artifact[0], userCodeKey: keys.user_code[0] },
    }),
    remoteKeys: createRemoteKeys({ fetcher }),
    send: createMail({ outbox }).send,
  };
}

export type Foundation = Awaited<ReturnType<typeof createFoundation>>;
