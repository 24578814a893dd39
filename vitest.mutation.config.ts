import { defineConfig } from 'vitest/config';

/** What `npm run mutate` runs for each mutant: the tests of the machine and the loops, and no slow ones. */
export default defineConfig({
  test: {
    include: [
      'test/machines/{commands,deadlines,expected-end,late,protocol-*}.test.ts',
      'test/machines/{throwing,wait}.test.ts',
      'test/protocol/{acceptance-*,adopted-stream,callbacks,disconnect*,expected-end}.test.ts',
      'test/protocol/{observation,reading,reentrancy,send}.test.ts',
      'test/async/{queue,stop-signal}.test.ts',
      'test/io/{inbound,outbound,reader,reader-flood,writer}.test.ts',
      'test/walks/link*.test.ts',
    ],
    globalSetup: ['test/support/compile.ts'],
    testTimeout: 10_000,
    hookTimeout: 10_000,
  },
});
