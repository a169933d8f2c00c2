import { defineConfig } from 'vitest/config';

/** Everything that needs no VM and no peer from outside this repository. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/qemu/scenarios/**'],
    pool: 'forks',
    isolate: false,
    testTimeout: 60_000,
  },
});
