import { defineConfig } from 'vitest/config';

/** `npm run test:packed`: the packages as they ship, packed and installed in empty projects. */
export default defineConfig({
  test: {
    include: ['test/packed/**/*.test.ts'],
    // Most of them wait for processes that they have started.
    pool: 'threads',
    globalSetup: ['test/packed/support/set-up.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
