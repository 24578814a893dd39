import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'inspector/test/**/*.test.ts'],
    globalSetup: ['test/support/compile.ts'],
    // A test that hangs is a promise that did not settle: the very defect this library must not have.
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
