import { defineConfig } from 'vitest/config';

/** `npm run proof`: the walks, faults and fuzzing of `npm test`, at their full length. */
export default defineConfig({
  test: {
    include: ['test/{walks,faults,fuzz}/**/*.test.ts'],
    env: { WIRECHART_PROOF: '1' },
    globalSetup: ['test/support/compile.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
