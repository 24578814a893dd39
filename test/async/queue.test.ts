/** The FIFO queue, and that neither it nor the outgoing queue retains what was taken. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queue } from '../../src/async/queue.ts';
import { run } from '../inspect/programs.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

describe('a queue', () => {
  it('returns each item once, in the order of push()', () => {
    // How many items are pushed or, below 0, taken.
    const anyStep = fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: -60, max: 60 }) },
      { weight: 1, arbitrary: fc.constant('clear' as const) },
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60, size: 'max' }), (steps) => {
        const queue = new Queue<{ readonly id: number }>();
        const model: { readonly id: number }[] = [];
        let id = 0;
        for (const step of steps) {
          if (step === 'clear') {
            queue.clear();
            model.length = 0;
          } else if (step < 0) {
            const taken = Array.from({ length: -step }, () => queue.take());
            expect(taken).toEqual(taken.map(() => model.shift()));
          } else {
            const items = Array.from({ length: step }, () => ({ id: (id += 1) }));
            for (const item of items) queue.push(item);
            model.push(...items);
          }
          expect([queue.size, queue.first]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });

  it('retains no item that was taken, even if it is never empty', async () => {
    const exit = await run(
      `
        const { Queue } = await import('./src/async/queue.js');
        const queue = new Queue();
        const taken = [];
        queue.push({});
        for (let at = 0; at < 1_000; at += 1) {
          queue.push({ load: 'x'.repeat(100) });
          taken.push(new WeakRef(queue.take()));
        }
        // The target of a new or dereferenced WeakRef stays alive until the end of the turn.
        await new Promise((resolve) => setImmediate(resolve));
        gc();
        console.log(taken.filter((reference) => reference.deref() !== undefined).length, queue.size);
      `,
      { flags: ['--expose-gc'] },
    );
    expect(exit).toEqual({ code: 0, stdout: '0 1\n', stderr: '' });
  });
});

describe('the outgoing queue', () => {
  it('retains no batch that was taken, even if it is never empty', async () => {
    const exit = await run(
      `
        const { Outbound } = await import('./src/io/outbound.js');
        const bounds = { maxMessageBytes: Infinity, highWaterMark: Infinity, maxQueuedBytes: Infinity };
        const outgoing = new Outbound(bounds);
        const push = () => void outgoing.push(new Uint8Array(64 * 1024));
        const taken = [];
        const takeOne = () => {
          const batch = outgoing.take();
          outgoing.confirm(batch);
          taken.push(new WeakRef(batch.data));
        };
        for (let at = 0; at < 10; at += 1) push();
        for (let at = 0; at < 200; at += 1) {
          push();
          takeOne();
        }
        await new Promise((resolve) => setImmediate(resolve));
        gc();
        console.log(taken.filter((reference) => reference.deref() !== undefined).length);
      `,
      { flags: ['--expose-gc'] },
    );
    expect(exit).toEqual({ code: 0, stdout: '0\n', stderr: '' });
  });
});
