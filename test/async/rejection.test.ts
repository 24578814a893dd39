/** Promises that are handed out, and the stacks of their rejections. */

import { describe, expect, it } from 'vitest';
import { defer } from '../../src/async/deferred.ts';
import { rejectHandedOut } from '../../src/async/rejection.ts';
import { TimeoutError } from '../../src/index.ts';
import { rejection, turn } from '../support/signal.ts';

describe('rejectHandedOut()', () => {
  const pending = () => {
    const { promise, resolve } = defer<unknown>();
    return {
      promise,
      reject: (error: TimeoutError) => {
        rejectHandedOut(promise, resolve, error);
      },
    };
  };

  it('rejects with the error, whose stack begins with the function that awaits the promise', async () => {
    const { promise, reject } = pending();
    const awaited = rejection(
      (async function theCaller() {
        await promise;
      })(),
    );
    const error = new TimeoutError('execute', 5);
    setImmediate(reject, error);
    expect(await awaited).toBe(error);
    expect(error.stack).toMatch(/^TimeoutError: .*\n(.*processTicks.*\n)?.*theCaller/);
  });

  it('is no unhandled rejection when nothing awaits the promise', async () => {
    const unhandled: unknown[] = [];
    const record = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', record);
    pending().reject(new TimeoutError('execute', 5));
    await turn();
    await turn();
    process.off('unhandledRejection', record);
    expect(unhandled).toEqual([]);
  });
});
