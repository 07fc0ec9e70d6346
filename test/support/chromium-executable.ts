// Finds a Chromium that really starts: the one of @sparticuz/chromium with the libraries it brings, or the machine's.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

/** What it takes to start it: the program, and variables beside the caller's own. */
export type Chromium = { executablePath: string; variables: Record<string, string> };

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Answers the first that opens a page; throws with the reason of each when none does. Unpacks into `directory`. */
export async function findChromium(directory: string): Promise<Chromium> {
  const refusals: string[] = [];
  const candidates = [() => unpack(directory), ...installed().map((found) => async () => found)];
  for (const candidate of candidates) {
    try {
      const found = await candidate();
      await openPage(found);
      return found;
    } catch (error) {
      refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    `No Chromium starts on this machine; install one (Debian: apt-get install chromium).\n${refusals.join('\n')}`,
  );
}

export function startChromium({ executablePath, variables }: Chromium): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS, env: { ...process.env, ...variables } });
}

/**
 * Unpacks with a process of its own, because the package knows no directory but TMPDIR: the shared one may hold
 * another user's files, or half of what a parallel run is unpacking.
 */
async function unpack(directory: string): Promise<Chromium> {
  mkdirSync(directory, { recursive: true });
  const script = "import('@sparticuz/chromium').then((module) => module.default.executablePath())";
  // The name of that runtime makes the package unpack libnss3 and its kin too, which a bare machine lacks.
  const env = { ...process.env, TMPDIR: directory, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
  await promisify(execFile)(process.execPath, ['--eval', script], { env, cwd: import.meta.dirname });
  writeFileSync(join(directory, 'fonts.conf'), fontsConfiguration(directory));
  return {
    executablePath: join(directory, 'chromium'),
    variables: {
      LD_LIBRARY_PATH: join(directory, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(directory, 'fonts.conf'),
    },
  };
}

function fontsConfiguration(directory: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${directory}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${directory}/fonts-cache</cachedir>
</fontconfig>
`;
}

function installed(): Chromium[] {
  const directories = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  const paths = directories
    .map((directory) => join(directory, 'chromium'))
    .filter((path) => existsSync(path));
  return [...new Set(paths)].map((executablePath) => ({ executablePath, variables: {} }));
}

async function openPage(found: Chromium): Promise<void> {
  const browser = await startChromium(found);
  try {
    const page = await browser.newPage();
    await page.goto('data:text/html,<title>ready</title>');
  } finally {
    await browser.close();
  }
}
