// The conformance tool of MCP judges the client of mcp-client.ts, so what that client does with us is what MCP asks for.
// The tool has no scenario for authorization servers in this version: docs/clients.md says what was tried beside it.
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TOOL = join(ROOT, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const CLIENT = join(import.meta.dirname, 'mcp-conformance-client.ts');

type Check = { id: string; status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED' };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function runScenario(name: string): Promise<Check[]> {
  const command = `${process.execPath} ${CLIENT}`;
  const words = [TOOL, 'client', '--scenario', name, '--command', command, '--output-dir', directory];
  await promisify(execFile)(process.execPath, words, { cwd: directory });
  const [file = ''] = globSync(join(directory, '**/checks.json'));
  return JSON.parse(readFileSync(file, 'utf8')) as Check[];
}

test('the client that signs in with us passes the scenario for clients registered by hand, with every check', async () => {
  const checks = await runScenario('auth/pre-registration');
  const judged = checks.filter(({ status }) => status !== 'INFO');
  expect(judged.filter(({ status }) => status !== 'SUCCESS')).toEqual([]);
  expect(new Set(judged.map(({ id }) => id))).toEqual(
    new Set([
      'prm-pathbased-requested',
      'authorization-server-metadata',
      'authorization-request',
      'pkce-code-challenge-sent',
      'pkce-s256-method-used',
      'token-request',
      'pkce-code-verifier-sent',
      'pkce-verifier-matches-challenge',
      'pre-registration-auth',
      'valid-bearer-token',
    ]),
  );
});
