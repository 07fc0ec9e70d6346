// What does a start cost on a database that exists, and how much memory is held then and after load? Run: node bench/at-rest.ts
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { cpuMicroseconds, spread } from './driver.ts';
import { API, basic, resourceOf, service, startLatchkey, startSmall, withDirectory } from './start.ts';

const ROUNDS = 5;
const LOAD_SECONDS = 6;

type Program = { url: string; headers: Record<string, string>; body: string };
type Start = (run: (args: string[], env?: Record<string, string>) => ChildProcess) => Promise<Program>;
type Sample = { startMilliseconds: number; restMegabytes: number; loadedMegabytes: number };

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function sample(start: Start): Promise<Sample> {
  const children: ChildProcess[] = [];
  const { url, headers, body } = await start((args, env = {}) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    return child;
  });
  const child = children[0] as ChildProcess;
  child.stdout?.resume();
  const pid = child.pid as number;
  const startMilliseconds = cpuMicroseconds(pid) / 1000;
  const restMegabytes = residentMegabytes(pid);
  const load = { url, method: 'POST', headers, body, connections: 32, duration: LOAD_SECONDS } as const;
  const { non2xx } = await autocannon(load);
  if (non2xx > 0) throw new Error(`${non2xx} refusals`);
  const loadedMegabytes = residentMegabytes(pid);
  // Not by force: what was compiled is kept at the end.
  child.kill('SIGTERM');
  await once(child, 'exit');
  return { startMilliseconds, restMegabytes, loadedMegabytes };
}

function print(name: string, samples: readonly Sample[]): void {
  const start = spread(samples.map((each) => each.startMilliseconds));
  const rest = spread(samples.map((each) => each.restMegabytes));
  const loaded = spread(samples.map((each) => each.loadedMegabytes));
  console.log(`${name.padEnd(22)} start ${start} ms of CPU, at rest ${rest} MB, after load ${loaded} MB`);
}

await withDirectory(async (directory) => {
  let headers: Record<string, string> | undefined;
  const latchkey: Start = async (run) => {
    const { issuer, command } = await startLatchkey(run, directory, { name: 'at-rest' });
    if (headers === undefined) {
      command(resourceOf('jwt'));
      headers = basic(command([...service]));
    }
    return { url: `${issuer}/token`, headers, body: 'grant_type=client_credentials&scope=read:tasks' };
  };
  const engine: Start = async (run) => ({
    url: `${await startSmall(run, 'engine-memory')}/token`,
    headers: basic({ client_id: 'app', client_secret: 'app-secret' }),
    body: `grant_type=client_credentials&scope=read&resource=${encodeURIComponent(API)}`,
  });
  await sample(latchkey);
  const [ours, its]: [Sample[], Sample[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await sample(latchkey));
    its.push(await sample(engine));
  }
  print('Latchkey on SQLite', ours);
  print('the engine in memory', its);
});
