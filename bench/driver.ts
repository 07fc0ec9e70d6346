// Runs variants of one server in turn under the same load, each on a core of its own, and prints ratios of one run.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';

/** What a variant answers once it is up: where to send which bodies, and how to tell a right answer. */
export type Ready = {
  url: string;
  headers: Record<string, string>;
  bodies: string[];
  isRight: (text: string) => boolean;
  /** The body after this answer, where each request needs the answer before it: one chain for each of `bodies`. */
  follow?: (text: string) => string;
  /** Where the right answer is a refusal. */
  isRefusal?: true;
};

/** Starts a program, pinned to the core of servers. */
export type Run = (args: string[], env?: Record<string, string>) => ChildProcess;

export type Variant = { name: string; start(run: Run): Promise<Ready> };

type Sample = { requestsPerSecond: number; cpuMicroseconds: number };

const SERVER_CORE = '0';
const LOAD_CORE = '1';
const CONNECTIONS = 32;
const TICKS_PER_SECOND = 100;

function has(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const canPin = has('taskset');
export const loader = has('wrk') ? 'wrk' : 'autocannon';

function spawnPinned(core: string, args: string[], env: Record<string, string>): ChildProcess {
  const [command, ...rest] = canPin
    ? ['taskset', '-c', core, process.execPath, ...args]
    : [process.execPath, ...args];
  return spawn(command as string, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** User and system time of a process so far, in microseconds (proc(5), fields 14 and 15). */
export function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_SECOND;
}

function luaScript(ready: Ready): string {
  const quote = (text: string) => JSON.stringify(text);
  const headers = Object.entries(ready.headers).map(
    ([name, value]) => `wrk.headers[${quote(name)}] = ${quote(value)}`,
  );
  const bodies = ready.bodies.map(quote).join(',\n');
  return `wrk.method = "POST"\n${headers.join('\n')}\nlocal bodies = {\n${bodies}\n}\nlocal n = 0
request = function() n = n % #bodies + 1; return wrk.format(nil, nil, nil, bodies[n]) end\n`;
}

function loadWithWrk(ready: Ready, seconds: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const script = join(directory, 'load.lua');
  writeFileSync(script, luaScript(ready));
  const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, ready.url];
  const [command, ...args] = canPin ? ['taskset', '-c', LOAD_CORE, ...wrk] : wrk;
  return new Promise((resolve, reject) => {
    const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('exit', () => {
      rmSync(directory, { recursive: true });
      const fault = ready.isRefusal ? /Socket errors/ : /Non-2xx|Socket errors/;
      if (fault.test(text)) reject(new Error(text));
      else resolve(Number(/(\d+) requests in/.exec(text)?.[1]));
    });
  });
}

async function loadWithAutocannon(ready: Ready, seconds: number): Promise<number> {
  const requests = ready.bodies.map((body) => ({ method: 'POST' as const, headers: ready.headers, body }));
  const result = await autocannon({ url: ready.url, connections: CONNECTIONS, duration: seconds, requests });
  if ((result.non2xx > 0 && !ready.isRefusal) || result.errors > 0)
    throw new Error(`${result.non2xx} refusals, ${result.errors} errors`);
  return result.requests.total;
}

/** Neither program can do this one: each connection sends what its last answer tells it to. */
async function loadInChains(
  ready: Ready,
  follow: (text: string) => string,
  seconds: number,
): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const until = performance.now() + seconds * 1000;
  let total = 0;

  async function pull(index: number): Promise<void> {
    while (performance.now() < until) {
      const text = await send(ready, ready.bodies[index] as string, agent);
      if (!ready.isRight(text)) throw new Error(`a wrong answer: ${text}`);
      ready.bodies[index] = follow(text);
      total += 1;
    }
  }

  await Promise.all(ready.bodies.map((_body, index) => pull(index)));
  agent.destroy();
  return total;
}

function send({ url, headers }: Ready, body: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function checkAnswer(ready: Ready): Promise<void> {
  if (ready.follow !== undefined) return;
  for (const body of ready.bodies.slice(0, 3)) {
    const response = await fetch(ready.url, { method: 'POST', headers: ready.headers, body });
    const text = await response.text();
    if (!ready.isRight(text)) throw new Error(`a wrong answer: ${response.status} ${text}`);
  }
}

async function sample(ready: Ready, pid: number, seconds: number): Promise<Sample> {
  const before = cpuMicroseconds(pid);
  const load = loader === 'wrk' ? loadWithWrk : loadWithAutocannon;
  const total =
    ready.follow === undefined
      ? await load(ready, seconds)
      : await loadInChains(ready, ready.follow, seconds);
  return { requestsPerSecond: total / seconds, cpuMicroseconds: (cpuMicroseconds(pid) - before) / total };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Least, median and greatest. */
export function spread(values: number[], digits = 0): string {
  const fixed = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    value.toFixed(digits),
  );
  return fixed.join(' / ');
}

/** Measures all variants `rounds` times in turn and prints each one's figures and its ratios to the others, pair by pair. */
export async function compare(variants: readonly Variant[], { rounds = 3, seconds = 5 } = {}): Promise<void> {
  const children: ChildProcess[] = [];
  const running: { name: string; ready: Ready; pid: number; samples: Sample[] }[] = [];
  try {
    for (const variant of variants) {
      let last: ChildProcess | undefined;
      const ready = await variant.start((args, env = {}) => {
        last = spawnPinned(SERVER_CORE, args, env);
        children.push(last);
        return last;
      });
      last?.stdout?.resume();
      await checkAnswer(ready);
      running.push({ name: variant.name, ready, pid: last?.pid ?? 0, samples: [] });
    }
    for (const one of running) await sample(one.ready, one.pid, 2);
    for (let round = 0; round < rounds; round += 1) {
      // Whoever comes after another pays for what that one left to be written: the order turns round each time.
      const inTurn = round % 2 === 0 ? running : running.toReversed();
      for (const one of inTurn) one.samples.push(await sample(one.ready, one.pid, seconds));
    }
    print(running);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

function print(running: readonly { name: string; ready: Ready; samples: Sample[] }[]): void {
  const isChained = running.some(({ ready }) => ready.follow !== undefined);
  const load = isChained
    ? 'chains of requests, each from the answer before'
    : `${loader}, ${CONNECTIONS} connections`;
  console.log(`load by ${load}; min / median / max of the rounds`);
  for (const { name, samples } of running) {
    const rates = spread(samples.map((each) => each.requestsPerSecond));
    const cpu = spread(samples.map((each) => each.cpuMicroseconds));
    console.log(`${name.padEnd(24)} requests/s ${rates.padEnd(26)} CPU µs/request ${cpu}`);
  }
  const [subject, ...others] = running;
  for (const other of others) {
    const pairs =
      subject?.samples.map((each, round) => [each, other.samples[round] as Sample] as const) ?? [];
    const byRate = pairs.map(([mine, its]) => mine.requestsPerSecond / its.requestsPerSecond);
    const byCpu = pairs.map(([mine, its]) => its.cpuMicroseconds / mine.cpuMicroseconds);
    const words = `by CPU time ${spread(byCpu, 2)}, by requests/s ${spread(byRate, 2)}`;
    console.log(`${subject?.name} over ${other.name}: ${words}`);
  }
}
