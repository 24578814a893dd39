/** The writer loop: takes batches off the outgoing queue and gives them to the stream. */

import type { Duplex } from 'node:stream';
import { ClosedError } from '../core/errors.ts';
import type { Batch, Outbound } from './outbound.ts';
import type { StopSignal } from '../async/stop-signal.ts';

/** How many batches of a backlog are given to the stream in one go. */
const MAX_BATCHES_PER_TURN = 4;

/**
 * Runs until `signal` is aborted; a batch that is with the stream then is still confirmed. What is
 * sent in one turn of the event loop leaves in one write, or as soon as it fills a batch; while the
 * stream asks to wait, nothing is written. Never resolves; rejects with what the stream reports.
 */
export function writeLoop(stream: Duplex, outgoing: Outbound, signal: StopSignal): Promise<never> {
  return new Promise((_, reject) => {
    let scheduled = false;
    const written = (batch: Batch, error: Error | null | undefined): void => {
      // Node reports success for what was on its way when the stream was destroyed: that is a lie.
      if (error == null && !stream.destroyed) outgoing.confirm(batch);
      else reject(error ?? stream.errored ?? new ClosedError('The stream was destroyed'));
    };
    const closed = (): void => {
      reject(stream.errored ?? new ClosedError('The stream was closed'));
    };
    const write = (batch: Batch): void => {
      stream.write(batch.data, 'utf8', (error) => {
        written(batch, error);
      });
    };
    const pump = (): void => {
      if (signal.aborted || stream.destroyed || stream.writableNeedDrain) return;
      const batch = outgoing.take();
      if (batch === undefined) return;
      if (!outgoing.hasMore) {
        write(batch);
        return;
      }
      // A backlog goes out in few system calls, and in turns, so that others have theirs.
      stream.cork();
      write(batch);
      for (let taken = 1; taken < MAX_BATCHES_PER_TURN; taken += 1) {
        const next = outgoing.take();
        if (next !== undefined) write(next);
      }
      stream.uncork();
      setImmediate(pump);
    };
    const scheduledPump = (): void => {
      scheduled = false;
      pump();
    };
    stream.on('drain', pump);
    // Nobody reads while a message is handled: then it is here that a stream's death is noticed.
    stream.once('close', closed);
    if (stream.destroyed && outgoing.undelivered > 0) closed();
    outgoing.wake = (full) => {
      if (full) pump();
      else if (!scheduled) {
        scheduled = true;
        // Not a microtask: a caller that awaits each send() would then never share a write.
        process.nextTick(scheduledPump);
      }
    };
    signal.addEventListener(
      'abort',
      () => {
        stream.off('drain', pump).off('close', closed);
        outgoing.wake = undefined;
      },
      { once: true },
    );
    pump();
  });
}
