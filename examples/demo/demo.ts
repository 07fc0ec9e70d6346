// npm run demo [-- --port 3000]: a throw-away server with a person, an app, a device, a service and an API, all to be tried by hand.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Deployment, describeDeployment, writeConfiguration } from './deployment.ts';
import { printGuide } from './guide.ts';
import { createPrograms, findFreePorts } from './programs.ts';

const { values } = parseArgs({ options: { port: { type: 'string' } } });
const directory = mkdtempSync(join(tmpdir(), 'latchkey-demo-'));
const programs = createPrograms();
// Whatever ends us, short of SIGKILL.
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

const server = ['-r', './server/node-version.cjs', 'server/main.ts'];
const commandLine = ['-r', './server/node-version.cjs', 'server/cli.ts'];

let isEnding = false;
async function end(status: number, words: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await programs.end();
  console.log(words);
  process.exit(status);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void end(0, '\nEverything is removed.'));

function onEnd(what: string): void {
  void end(1, `This ended by itself, so the demo ends too: ${what}`);
}

async function populate(deployment: Deployment): Promise<void> {
  const { configFile, keyFile, person } = deployment;
  const keys = await programs.run(['examples/service-jwt-bearer.ts', 'make-key', keyFile]);
  writeConfiguration(deployment, JSON.parse(keys));
  const who = ['--email', person.email, '--name', person.name, '--password-stdin'];
  const environment = { LATCHKEY_CONFIG: configFile };
  await programs.run([...commandLine, 'accounts', 'create', ...who], environment, person.password);
}

async function startAll({ issuer, app, api, ports, configFile }: Deployment): Promise<void> {
  await programs.serve(server, { LATCHKEY_CONFIG: configFile }, onEnd);
  const asked = { ISSUER: issuer, CLIENT_ID: api.id, CLIENT_SECRET: api.secret.text };
  await programs.serve(['examples/api-introspection.ts'], { ...asked, PORT: String(ports.api) }, onEnd);
  const signing = { ISSUER: issuer, CLIENT_ID: app.id, CLIENT_SECRET: app.secret.text, API: api.address };
  await programs.serve(['examples/web-app.ts'], { ...signing, PORT: String(ports.app) }, onEnd);
}

const [free = 0, appPort = 0, apiPort = 0] = await findFreePorts(3);
const ports = { server: values.port === undefined ? free : Number(values.port), app: appPort, api: apiPort };
const deployment = describeDeployment(directory, ports);
try {
  await populate(deployment);
  await startAll(deployment);
  console.log(printGuide(deployment));
} catch (error) {
  await end(1, `The demo could not start: ${(error as Error).message}`);
}
