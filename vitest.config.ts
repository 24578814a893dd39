import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { sourceAliases } from './test/support/source-packages.ts';

const LONG = '**/*.long.test.ts';
/** The page of the inspector, which needs a browser. */
const PAGE = 'inspector/test/page-*';
/** Tests of the packed packages have a configuration of their own. */
const PACKED = 'test/packed/**';
/** They import the packages by their names, here from the sources; see `test/users/support.ts`. */
const USERS = 'test/users/*.test.ts';
/** Each needs a process to itself: it replaces a module, or measures memory or coverage. */
const ALONE = [
  'test/codecs/byte-buffer.test.ts',
  'test/faults/{attempt,jam,session}.test.ts',
  'test/fuzz/*.test.ts',
  'test/inspect/record-to-disk.test.ts',
];
/** The machines of CI are shared, and at times three times as slow. */
const SLOWNESS = process.env['CI'] === undefined ? 1 : 3;
const common = {
  // A test that hangs is a promise that did not settle: the very defect this library must not have.
  testTimeout: 20_000 * SLOWNESS,
  hookTimeout: 20_000 * SLOWNESS,
  restoreMocks: true,
};
/** A page is slower than a program, most of all on a busy machine. */
const browser = {
  globalSetup: ['inspector/test/chromium.ts'],
  testTimeout: 60_000 * SLOWNESS,
  hookTimeout: 60_000 * SLOWNESS,
};

/** They work for a long time, and for twice as long on a busy machine. */
const long = { testTimeout: 180_000, hookTimeout: 60_000 };

/** `npm test` runs the projects but those called `long`, which `npm run test:long` runs. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/compile.ts'],
    // One more than can work at a time, as many tests wait for other processes.
    maxWorkers: availableParallelism() + 1,
    projects: [
      { name: 'alone', include: ALONE },
      { name: 'page', include: [`${PAGE}.test.ts`], exclude: [LONG], isolate: false, ...browser },
      // Files share the modules of their worker: to load them again takes longer than most tests.
      {
        name: 'shared',
        include: ['{test,inspector/test}/**/*.test.ts'],
        exclude: [LONG, PACKED, USERS, `${PAGE}.test.ts`, ...ALONE],
        isolate: false,
      },
      { name: 'long', include: [`test/${LONG}`], exclude: [PACKED], ...long },
      { name: 'long page', include: [`${PAGE}.long.test.ts`], ...browser, ...long },
      {
        name: 'users',
        include: [USERS],
        isolate: false,
        globalSetup: ['test/users/from-sources.ts'],
      },
    ].map((test) => ({ resolve: { alias: sourceAliases() }, test: { ...common, ...test } })),
  },
});
