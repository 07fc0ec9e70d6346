// How the tests run: two workers at most, one PostgreSQL and one Chromium per run (test/support/global-setup.ts).
import { defineConfig } from 'vitest/config';
import { createClosingLine } from './test/support/closing-line.ts';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: 'test/support/global-setup.ts',
    reporters: ['default', createClosingLine()],
  },
});
