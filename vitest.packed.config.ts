import { createRequire } from 'node:module';
import { defineConfig, type Plugin } from 'vitest/config';

/** The packages are found in the project that the set-up has installed them in. */
const installed: Plugin = {
  name: 'installed packages',
  enforce: 'pre',
  resolveId: (id) => {
    const project = process.env['WIRECHART_PACKED_PROJECT'];
    if (project === undefined || !/^(wirechart|xstate)(\/|$)/.test(id)) return undefined;
    return createRequire(`${project}/package.json`).resolve(id);
  },
};

/**
 * `npm run test:packed`: the packages as they ship, packed and installed in empty projects. The tests in
 * `test/users` are run on them once more.
 */
export default defineConfig({
  plugins: [installed],
  test: {
    include: ['test/packed/**/*.test.ts', 'test/users/*.test.ts'],
    // Most of them wait for processes that they have started.
    pool: 'threads',
    globalSetup: ['test/packed/support/set-up.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
