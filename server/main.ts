// The server's door: reads the configuration, starts, says what a newcomer needs next, and stops when it is told to.
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createApp } from './app.ts';

const FORCED = 1;

function say(text: string): void {
  console.log(text);
}

/** Beside the log and never in it: the link opens a door. */
function welcome(
  config: Config,
  { link, hasMailbox }: { link: string | undefined; hasMailbox: boolean },
): void {
  say(`\nLatchkey is ready at ${config.issuer}`);
  say(`  discovery   ${config.issuer}/.well-known/openid-configuration`);
  if (hasMailbox) say(`  messages    ${config.issuer}/mail (until an SMTP server is configured)`);
  if (link !== undefined) {
    say(`\nMake the first administrator here, once, within 15 minutes:\n  ${link}`);
  }
  say('\nRegister an app:  npm run -s latchkey -- clients create --help\n');
}

async function start(): Promise<void> {
  const config = loadConfig();
  const app = await createApp(config);
  const server = await app.start();
  const link = await app.parts.firstAdministrator.createLink();
  welcome(config, { link, hasMailbox: app.postOffice.mailbox !== undefined });

  let isStopping = false;
  async function stop(signal: string): Promise<void> {
    if (isStopping) process.exit(FORCED);
    isStopping = true;
    app.parts.log.info('server.stopping', { signal });
    await server.stop();
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  process.on('uncaughtException', (error) => {
    app.parts.log.error('uncaught', { error });
    process.exitCode = FORCED;
    void server.stop().finally(() => process.exit(FORCED));
  });
}

start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'The server could not start.');
  process.exit(FORCED);
});
