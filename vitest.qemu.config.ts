import { defineConfig } from 'vitest/config';

/** End-to-end runs against real peers: QEMU guests, virtiofsd, qemu-storage-daemon, DPDK. Slow, and one pair at a time. */
export default defineConfig({
  test: {
    include: ['test/qemu/scenarios/**/*.test.ts'],
    globalSetup: ['test/qemu/prepare.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 600_000,
  },
});
