// The last line of a test run, alone on it and easy to read for a program: `N passed, N failed[, N skipped]`.
import type { Reporter, TestModule } from 'vitest/node';

type Counts = { passed: number; failed: number; skipped: number };

/** A vitest reporter; it stands beside the default one and speaks when everything else has spoken. */
export function createClosingLine(): Reporter {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  return {
    onInit() {
      // Only what is written on exit is surely behind the summary and whatever the teardown says.
      process.once('exit', (code) => {
        process.stdout.write(`${closingLine(counts, code)}\n`);
      });
    },
    onTestRunEnd(modules, unhandledErrors) {
      counts = countAll(modules);
      counts.failed += unhandledErrors.length;
    },
  };
}

export function closingLine(counts: Counts, exitCode: number): string {
  // A run can fail before its first test, or after its last; a zero would then be a lie.
  const failed = counts.failed === 0 && exitCode !== 0 ? 1 : counts.failed;
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  return `${counts.passed} passed, ${failed} failed${skipped}`;
}

function countAll(modules: ReadonlyArray<TestModule>): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === 'pending' ? 'failed' : state] += 1;
    }
    // A file that does not load and a broken beforeAll have no failing test of their own.
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
  }
  return counts;
}
