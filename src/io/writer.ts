/** The writer loop: takes batches from the outgoing queue and writes them to the stream. */

import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import type { Encoded } from '../core/codec.ts';
import { ClosedError, describe } from '../core/errors.ts';
import { isBytes, isError } from '../core/shape.ts';
import type { Batch, Outbound } from './outbound.ts';
import { Passer } from './descriptors/passer.ts';
import type { StopSignal } from '../async/stop-signal.ts';

/** How many batches of a backlog are written in one turn of the event loop. */
const MAX_BATCHES_PER_TURN = 4;

/**
 * Runs until `signal` is aborted; a batch that the stream has taken by then is still confirmed.
 * Messages sent in one turn of the event loop are written together, or as soon as they fill a
 * batch; while the stream needs to drain, nothing is written. Never resolves; rejects with the
 * error of the stream. A stream whose methods throw is destroyed.
 */
export function writeLoop(stream: Duplex, outgoing: Outbound, signal: StopSignal): Promise<never> {
  return new Promise((_, reject) => {
    let scheduled = false;
    const written = (batch: Batch, error: Error | null | undefined): void => {
      // Node reports success, wrongly, for writes in flight when the stream was destroyed.
      if (error == null && !stream.destroyed) outgoing.confirm(batch);
      else reject(error ?? stream.errored ?? new ClosedError('The stream was destroyed'));
    };
    const closed = (): void => {
      reject(stream.errored ?? new ClosedError('The stream was closed'));
    };
    const write = (batch: Batch): void => {
      writeParts(stream, batch.data, (error) => {
        written(batch, error);
      });
    };
    const passer = new Passer(stream, outgoing, () => {
      pump();
    });
    const writeNext = (): void => {
      if (signal.aborted || stream.destroyed || stream.writableNeedDrain) return;
      if (outgoing.passing !== undefined && !passer.passNext()) return;
      const batch = outgoing.take();
      if (batch === undefined) return;
      if (!outgoing.hasMore) {
        write(batch);
        return;
      }
      // A backlog is written in few system calls, and in turns, so as not to starve others.
      stream.cork();
      write(batch);
      for (let taken = 1; taken < MAX_BATCHES_PER_TURN; taken += 1) {
        const next = outgoing.passing === undefined ? outgoing.take() : undefined;
        if (next !== undefined) write(next);
      }
      stream.uncork();
      setImmediate(pump);
    };
    const pump = (): void => {
      try {
        writeNext();
      } catch (error) {
        // What the stream's own code throws leaves the stream in the middle of a write.
        const reason = asError(error);
        stream.destroy(reason);
        reject(reason);
      }
    };
    const scheduledPump = (): void => {
      scheduled = false;
      pump();
    };
    stream.on('drain', pump);
    // While a message is being handled nothing is read: only 'close' shows then that it is dead.
    stream.once('close', closed);
    if (stream.destroyed && outgoing.undelivered > 0) closed();
    outgoing.wake = (full) => {
      if (full) pump();
      else if (!scheduled) {
        scheduled = true;
        // Not a microtask: a caller that awaits each send() would then get one write per message.
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

/** Writes one message, or several, to a stream. `done` is called as a callback of `write()` is. */
export function writeParts(
  stream: Duplex,
  data: Encoded,
  done: (error: Error | null | undefined) => void,
): void {
  if (typeof data === 'string' || isBytes(data)) {
    stream.write(data, 'utf8', done);
    return;
  }
  // In one system call. The callbacks are called in order: the last one speaks for all.
  stream.cork();
  for (const [at, part] of data.entries()) {
    if (at < data.length - 1) stream.write(part);
    else stream.write(part, done);
  }
  stream.uncork();
}

const asError = (thrown: unknown): Error =>
  isError(thrown) ? thrown : new Error(describe(thrown), { cause: thrown });
