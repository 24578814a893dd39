/**
 * What is said to and by a child process, as one stream whose end is the child's.
 *
 * - `end()` asks the child to leave, and 'finish' comes when it has left; `destroy()` kills it at
 *   once, also while something gentler is under way. 'close' comes when it is gone, or is kept.
 * - The end of the pipes and the exit come one after the other, in any order. Whichever is first waits
 *   for the other for a moment, so that the reader is told why, and after all that was said.
 */

import { Duplex } from 'node:stream';
import { ClosedError } from '../../core/errors.ts';
import { startTimer } from '../../async/timer.ts';
import { type Child, LINGER_MS, type Pipes } from './process.ts';

/** How much the pipes of a dead child may still hold, in bytes; what is more is a descendant's. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

type Done = (error?: Error | null) => void;

/** See the module's comment. */
export class ChildStream extends Duplex {
  readonly #child: Child;
  readonly #pipes: Pipes;
  /** `open`: more may come. `over`: nothing more comes. `told`: and the reader knows. */
  #inflow: 'open' | 'over' | 'told' = 'open';
  /** `open`; `ended` by us, and then nothing that happens to the pipes is a failure. */
  #outflow: 'open' | 'ended' = 'open';
  /** What the pipes have reported. */
  #fault: Error | undefined;
  /** The write that the child did not take; it is told why when that is known. */
  #unwritten: Done | undefined;
  #legacy = MAX_UNREAD_BYTES;
  #stopTimer: (() => void) | undefined;

  constructor(child: Child, pipes: Pipes) {
    // Of what it has read nothing waits here: that is what the pipes are for, and _read() is then
    // called only when the reader has taken all there is.
    super({ readableHighWaterMark: 0, decodeStrings: false });
    this.#child = child;
    this.#pipes = pipes;
    const { source, sink } = pipes;
    source.allowHalfOpen = true;
    source.pause().on('data', this.#onData).on('end', this.#onOver).on('close', this.#onOver);
    for (const pipe of new Set([source, sink])) pipe.on('error', this.#onFault);
    void child.exited.then(() => {
      // Nobody may ever read, and the pipes must close all the same.
      source.resume();
      this.#look();
    });
  }

  override _read(): void {
    if (this.#inflow === 'open') this.#pipes.source.resume();
    this.#look();
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    if (this.#isAlone) {
      this.#unwritten = done;
      this.#look();
      return;
    }
    const { sink } = this.#pipes;
    sink.write(chunk, encoding, (error) => {
      // Node reports success for what was on its way when the pipe was destroyed: that is a lie.
      if (error == null && !sink.destroyed) done();
      else this.#onUnwritten(done, error ?? sink.errored ?? new ClosedError('The pipe was closed'));
    });
  }

  override _final(done: Done): void {
    const wasFirst = this.#inflow === 'open' && !this.#isAlone;
    this.#outflow = 'ended';
    this.#pipes.sink.end();
    this.#look();
    void this.#child.leave().then(() => {
      const { reason, hasFailed } = this.#child;
      done(wasFirst || !hasFailed ? null : reason);
    });
  }

  override destroy(error?: Error | null): this {
    // With an error it is the stream itself that has failed, and the child may still leave.
    if (error == null) this.#child.end();
    return super.destroy(error ?? undefined);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#stopTimer?.();
    this.#pipes.source.destroy();
    this.#pipes.sink.destroy();
    this.#failWrite(error ?? destroyed());
    void this.#child.leave().then(() => {
      done(error);
    });
  }

  /** Whether the child is gone. */
  get #isAlone(): boolean {
    return this.#child.stage === 'gone';
  }

  readonly #onData = (chunk: Uint8Array): void => {
    const isWanted = this.push(chunk);
    if (!this.#isAlone) {
      if (!isWanted) this.#pipes.source.pause();
      return;
    }
    this.#legacy -= chunk.length;
    if (this.#legacy < 0) this.#pipes.source.destroy();
  };

  #onUnwritten(done: Done, error: Error): void {
    this.#unwritten = done;
    // What was on its way when we destroyed it fails in another way with each version of Node.
    if (this.destroyed) this.#failWrite(this.errored ?? destroyed());
    else this.#onFault(error);
  }

  readonly #onOver = (): void => {
    if (this.#inflow === 'open') this.#inflow = 'over';
    this.#look();
  };

  readonly #onFault = (error: Error): void => {
    this.#fault ??= error;
    this.#look();
  };

  /** Is the end there? All of it, or a first sign? */
  #look(): void {
    if (this.destroyed) return;
    const { reason } = this.#child;
    if (reason !== undefined && this.#inflow !== 'open') this.#tellDeath(reason);
    else if (reason !== undefined || this.#inflow === 'over' || this.#fault !== undefined) {
      // The turn of the event loop in which the time is up may bring what was waited for.
      this.#stopTimer ??= startTimer(LINGER_MS, () => setImmediate(this.#giveUp));
    }
  }

  /** The other sign did not come. */
  readonly #giveUp = (): void => {
    this.#stopTimer = undefined;
    if (this.destroyed || this.#child.stage === 'exited') return;
    // A descendant of the child holds the pipe: it is none of ours.
    if (this.#isAlone) this.#pipes.source.destroy();
    else if (this.#fault !== undefined && this.#outflow === 'open') this.#fail(this.#fault);
    else if (this.#inflow === 'over') this.#tellEnd();
  };

  #tellEnd(): void {
    this.#inflow = 'told';
    this.push(null);
  }

  #tellDeath(reason: Error): void {
    if (this.#inflow === 'told') this.#failWrite(reason);
    else if (this.#outflow === 'ended') this.#tellEnd();
    else this.#fail(reason);
  }

  #fail(error: Error): void {
    // A write cannot wait until the reader has taken all, for the reader may be what waits for it.
    if (this.#unwritten !== undefined) this.#failWrite(error);
    // What was said before goes first; _read() comes back here.
    else if (this.readableLength === 0) this.destroy(error);
  }

  #failWrite(error: Error): void {
    const done = this.#unwritten;
    this.#unwritten = undefined;
    done?.(error);
  }
}

function destroyed(): ClosedError {
  return new ClosedError('The stream was destroyed', { expected: true });
}
