import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    pool: 'forks',
    // For two cores: a third of the time tests wait for processes and timers.
    maxWorkers: 3,
    retry: process.env['CI'] ? 2 : 0,
  },
});
