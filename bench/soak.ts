// Does a server grow under load that does not end (row F23)? Run: node bench/soak.ts [minutes, 60 unless told] [rounds a second, 5]
// Each round takes a token, asks about it before and after its revocation and about one of a person, and reads the keys.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { collectTokens } from './collect-tokens.ts';
import type { Run } from './driver.ts';
import { basic, PASSWORD, resourceOf, service, startLatchkey, withDirectory } from './start.ts';

const [minutes = 60, roundsPerSecond = 5] = process.argv.slice(2).map(Number);
const SAMPLE_SECONDS = 10;
const REDIRECT = 'https://notes.example.com/cb';
const MEBIBYTE = 1_048_576;
/** How far it may be from zero by chance, at p < 0.01 for many samples. */
const SIGNIFICANT = 2.6;

type Inside = { heap: number; resources: number };
type Sample = { atSeconds: number; rss: number; files: number } & Inside;

// Told by a signal, so that the load has no part in it: the heap after a collection, and what keeps the process alive.
const WATCHER = `data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => {
  global.gc();
  process.stderr.write(JSON.stringify({ heap: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo().length }) + '\\n');
})`)}`;

const children: ChildProcess[] = [];
const run: Run = (args, env = {}) => {
  const child = spawn(process.execPath, ['--expose-gc', '--import', WATCHER, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
};

async function askInside(child: ChildProcess): Promise<Inside> {
  const told = new Promise<string>((resolve) =>
    child.stderr?.once('data', (chunk) => resolve(String(chunk))),
  );
  child.kill('SIGUSR2');
  return JSON.parse(await told) as Inside;
}

async function sample(child: ChildProcess, atSeconds: number): Promise<Sample> {
  const inside = await askInside(child);
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  const files = readdirSync(`/proc/${child.pid}/fd`).length;
  return { atSeconds, rss: Number(kilobytes) * 1024, files, ...inside };
}

/** Least squares: growth a second, and how many standard errors it is away from none. */
function fitLine(points: readonly (readonly [x: number, y: number])[]): { slope: number; certainty: number } {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const deviation = count < 3 ? 0 : Math.sqrt(rest / (count - 2) / spread);
  return { slope, certainty: deviation === 0 ? 0 : slope / deviation };
}

function report(samples: readonly Sample[]): void {
  // What is compiled, cached and prepared once comes in the first third.
  const steady = samples.slice(Math.floor(samples.length / 3));
  for (const name of ['rss', 'heap', 'files', 'resources'] as const) {
    const unit = name === 'rss' || name === 'heap' ? MEBIBYTE : 1;
    const { slope, certainty } = fitLine(steady.map((one) => [one.atSeconds, one[name] / unit]));
    const [first, last] = [steady[0]?.[name] ?? 0, steady.at(-1)?.[name] ?? 0].map((value) => value / unit);
    const verdict = certainty > SIGNIFICANT ? 'grows' : 'does not grow';
    console.log(
      `${name.padEnd(9)}  ${first?.toFixed(1)} -> ${last?.toFixed(1)}${unit === 1 ? '' : ' MiB'}  ${(slope * 600).toFixed(2)} in ten minutes  t ${certainty.toFixed(1)}: ${verdict}`,
    );
  }
}

await withDirectory(async (directory) => {
  const { issuer, port, command } = await startLatchkey(run, directory);
  const [child] = children;
  if (child === undefined) throw new Error('no server');
  command(
    ['accounts', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--password-stdin'],
    PASSWORD,
  );
  const api = basic(command(resourceOf('opaque')));
  const machine = basic(command([...service]));
  const made = command([
    ...['clients', 'create', '--name', 'Notes', '--type', 'web', '--redirect-uri', REDIRECT],
    ...['--scope', 'openid', '--scope', 'read:tasks'],
  ]);
  const client = { id: made.client_id ?? '', secret: made.client_secret ?? '', redirectUri: REDIRECT };
  const [token] = await collectTokens({
    issuer,
    port,
    count: 1,
    email: 'ada@example.com',
    password: PASSWORD,
    client,
  });

  let answers = 0;
  const bad = new Map<number, number>();
  async function post(path: string, headers: Record<string, string>, body: string): Promise<string> {
    const response = await fetch(`${issuer}${path}`, { method: 'POST', headers, body });
    answers += 1;
    if (response.status !== 200) bad.set(response.status, (bad.get(response.status) ?? 0) + 1);
    return response.text();
  }

  async function round(): Promise<void> {
    const text = await post('/token', machine, 'grant_type=client_credentials&scope=read:tasks');
    const { access_token: taken } = JSON.parse(text) as { access_token?: string };
    await post('/introspect', api, `token=${taken}`);
    await post('/introspect', api, `token=${token}`);
    await post('/revoke', machine, `token=${taken}`);
    await post('/introspect', api, `token=${taken}`);
    await (await fetch(`${issuer}/jwks`)).text();
  }

  const samples: Sample[] = [];
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  for (let rounds = 0; elapsed() < minutes * 60; rounds += 1) {
    await round();
    if (elapsed() >= samples.length * SAMPLE_SECONDS) samples.push(await sample(child, elapsed()));
    await setTimeout(Math.max(0, (rounds / roundsPerSecond - elapsed()) * 1000));
  }
  const notRight = [...bad].map(([status, count]) => `${count} of ${status}`).join(', ') || 'none';
  console.log(`${minutes} minutes, ${answers} answers, ${notRight} that were not 200`);
  report(samples);
  for (const one of children) one.kill('SIGKILL');
});
