// The throw-away deployment of the demo: one configuration file that declares an app, an API and a trusted service.
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Ports = { server: number; app: number; api: number };
export type Secret = { text: string; hash: string };
export type Deployment = ReturnType<typeof describeDeployment>;

export const SERVICE = 'https://robot.example.com';

function createSecret(): Secret {
  const text = randomBytes(32).toString('base64url');
  return { text, hash: createHash('sha256').update(text).digest('hex') };
}

/** Everything that has a name in the demo; nothing is written yet. */
export function describeDeployment(directory: string, ports: Ports) {
  return {
    directory,
    ports,
    issuer: `http://localhost:${ports.server}`,
    app: { id: 'notes', address: `http://localhost:${ports.app}`, secret: createSecret() },
    api: { id: 'tasks-api', address: `http://localhost:${ports.api}/tasks`, secret: createSecret() },
    person: {
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      password: randomBytes(9).toString('base64url'),
    },
    configFile: join(directory, 'latchkey.json'),
    keyFile: join(directory, 'robot.pem'),
  };
}

/** `serviceKeys` is the public half (RFC 7517) of the key that the service made for itself. */
export function writeConfiguration(deployment: Deployment, serviceKeys: unknown): void {
  const { directory, ports, issuer, app, api } = deployment;
  const configuration = {
    version: 1,
    issuer,
    listen: { host: 'localhost', port: ports.server },
    database: { url: `sqlite:${join(directory, 'latchkey.sqlite')}` },
    secrets_file: join(directory, 'secrets'),
    log: { level: 'warn' },
    device: { interval_seconds: 2 },
    clients: [
      {
        client_id: app.id,
        name: 'Notes',
        type: 'web',
        grants: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${app.address}/callback`],
        post_logout_redirect_uris: [`${app.address}/`],
        scopes: ['openid', 'profile', 'email', 'offline_access', 'read:tasks'],
        auth: 'client_secret_basic',
        secret_sha256: [app.secret.hash],
      },
    ],
    resources: [
      {
        identifier: 'https://tasks.example.com',
        name: 'Tasks',
        scopes: { 'read:tasks': 'Read your tasks', 'write:tasks': 'Change your tasks' },
        default: true,
        introspection: { client_id: api.id, auth: 'client_secret_basic', secret_sha256: [api.secret.hash] },
      },
    ],
    trusted_issuers: [{ issuer: SERVICE, name: 'Robot', jwks: serviceKeys, scopes: ['read:tasks'] }],
  };
  writeFileSync(deployment.configFile, JSON.stringify(configuration, null, 2), { mode: 0o600 });
}
