/** The pipes of a child process as one duplex stream, whose end is the end of the child. */

import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import { ClosedError, type WirechartError } from '../../core/errors.ts';
import { isBytes } from '../../core/shape.ts';
import { startTimer } from '../../async/timer.ts';
import { joinStreams } from '../join-streams.ts';
import { CONNECTION, FIND_END, RELEASE, REPLACE, type StandingStream } from '../standing-stream.ts';
import { type Child, END_EVENTS_MS, type Pipes } from './process.ts';

/** How much may still be read from the pipes of a dead child; the rest comes from a descendant. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

type Done = (error?: Error | null) => void;

/**
 * `end()` asks the child to exit, and 'finish' follows when it has exited; `destroy()` kills it at
 * once, also during a graceful end. 'close' follows when the child is closed (so that nothing of its
 * group is left) or kept.
 *
 * The end of the pipes and the exit of the child come in any order. The first of them waits shortly
 * for the other, so that the reader gets everything that the child wrote, and then the reason of
 * its end.
 */
export class ChildStream extends Duplex implements StandingStream {
  readonly #child: Child;
  /** `undefined` until the child is connected. */
  #pipes: Pipes | undefined;
  /**
   * `ended`: nothing more can be read from the pipe. `reported`: the end was passed to the reader.
   */
  #inbound: 'open' | 'ended' | 'reported' = 'open';
  /** `ended` by us: an error of the pipes is no failure then. */
  #outbound: 'open' | 'ended' = 'open';
  /** The first error of the pipes. */
  #pipeError: Error | undefined;
  /** The callback of a write that failed; it is called when the reason is known. */
  #failedWrite: Done | undefined;
  /** Whether the child has exited, and the pipe was still open. */
  #isHeld = false;
  #unreadBudget = MAX_UNREAD_BYTES;
  #stopTimer: (() => void) | undefined;

  /** What was asked for before there were pipes. */
  #early: (() => void)[] = [];

  /** @param pipes - None: they come later, or the child could not be started. */
  constructor(child: Child, pipes: Pipes | undefined) {
    // Nothing is buffered here, because the pipes buffer: so _read() is called only when the reader
    // has taken everything.
    super({ readableHighWaterMark: 0, decodeStrings: false });
    this.#child = child;
    if (pipes !== undefined) this.#attach(pipes);
    void child.left.then(() => {
      // The pipes must close even if nothing ever reads from this stream.
      this.#pipes?.source.resume();
      this.#update();
    });
    void child.ended.then(() => {
      this.#update();
    });
  }

  /** Whether there is no connection yet; then 'connect' follows, or an error. */
  get connecting(): boolean {
    return this.#pipes === undefined;
  }

  /** The connection to the child has been made. To be called once, if the stream is not destroyed. */
  protected connected(pipes: Pipes): void {
    this.#attach(pipes);
    this.emit('connect');
    for (const run of this.#early.splice(0)) run();
    this.#update();
  }

  [RELEASE](): Duplex {
    if (this.#pipes === undefined) throw new ClosedError('There is no connection yet');
    const { source, sink } = this.#pipes;
    source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd).pause();
    const unread: unknown = this.read();
    if (isBytes(unread)) source.unshift(unread);
    return source === sink ? source : joinStreams(source, sink);
  }

  get [CONNECTION](): Duplex | undefined {
    const { source, sink } = this.#pipes ?? {};
    return source === sink ? sink : undefined;
  }

  [REPLACE](connection: Duplex): void {
    this.#attach({ source: connection, sink: connection });
    // A read may be pending, and Node does not ask twice.
    connection.resume();
  }

  async [FIND_END](): Promise<WirechartError | undefined> {
    await new Promise<void>((resolve) => {
      const stopTimer = startTimer(END_EVENTS_MS, resolve);
      void this.#child.ended.then(() => {
        stopTimer();
        resolve();
      });
    });
    return this.#reason;
  }

  #attach(pipes: Pipes): void {
    const { source, sink } = pipes;
    this.#pipes = pipes;
    source.allowHalfOpen = true;
    source.pause().on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd);
    for (const pipe of new Set([source, sink])) pipe.on('error', this.#onPipeError);
    // What the child writes to the descriptor that it is to read from is dropped.
    if (sink !== source) sink.resume();
  }

  override _read(): void {
    if (this.#pipes === undefined) this.#early.push(() => this.#pipes?.source.resume());
    else if (this.#inbound === 'open') this.#pipes.source.resume();
    this.#update();
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    if (this.#reason !== undefined) {
      this.#failedWrite = done;
      this.#update();
      return;
    }
    if (this.#pipes === undefined) {
      this.#failedWrite = done;
      this.#early.push(() => {
        this.#failedWrite = undefined;
        this._write(chunk, encoding, done);
      });
      return;
    }
    const { sink } = this.#pipes;
    sink.write(chunk, encoding, (error) => {
      // Node reports success, wrongly, for writes in flight when the pipe was destroyed.
      if (error == null && !sink.destroyed) done();
      else
        this.#onWriteError(done, error ?? sink.errored ?? new ClosedError('The pipe was closed'));
    });
  }

  override _final(done: Done): void {
    const wasFirst = this.#inbound === 'open' && this.#reason === undefined;
    this.#outbound = 'ended';
    this.#pipes?.sink.end();
    this.#update();
    void this.#child.shutDown().then(() => {
      done(wasFirst || !this.#child.hasFailed ? null : this.#reason);
    });
    this.#hasten();
  }

  override destroy(error?: Error | null): this {
    // With an error, it is the stream that has failed, and the child may still exit by itself.
    if (error == null) this.#child.abort();
    return super.destroy(error ?? undefined);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#stopTimer?.();
    this.#destroyPipes();
    this.#failWrite(error ?? destroyedError());
    // At once: Node emits 'error' only with 'close', which waits until nothing of the child is left.
    if (error !== null) process.nextTick(() => this.emit('error', error));
    void this.#child.shutDown().then(() => {
      done();
    });
    if (!this.exitsAtEnd) this.#child.terminate();
  }

  /** Whether the end of the stream may make the child exit. */
  protected readonly exitsAtEnd: boolean = true;

  /** The process id of the child, which says who is at the other end. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Why the stream has ended; `undefined` when the child has closed its side and runs on. */
  get endCause(): WirechartError | undefined {
    return this.#reason;
  }

  get #reason(): WirechartError | undefined {
    return this.#child.reason;
  }

  readonly #onData = (chunk: Uint8Array): void => {
    const isWanted = this.push(chunk);
    if (this.#child.exit === undefined) {
      if (!isWanted) this.#pipes?.source.pause();
      return;
    }
    this.#unreadBudget -= chunk.length;
    if (this.#unreadBudget < 0) this.#abandonPipe();
  };

  #onWriteError(done: Done, error: Error): void {
    this.#failedWrite = done;
    // A write in flight when we destroy the pipe fails differently with each version of Node.
    if (this.destroyed) this.#failWrite(this.errored ?? destroyedError());
    else this.#onPipeError(error);
  }

  readonly #onEnd = (): void => {
    if (this.#inbound === 'open') this.#inbound = 'ended';
    this.#hasten();
    this.#update();
  };

  /** A child that does not exit at the end is not waited for, once the connection has ended both ways. */
  #hasten(): void {
    const hasEnded = this.connecting || this.#inbound !== 'open';
    if (!this.exitsAtEnd && hasEnded && this.#outbound === 'ended') this.#child.terminate();
  }

  readonly #onPipeError = (error: Error): void => {
    this.#pipeError ??= error;
    this.#update();
  };

  /**
   * Reports the end of the child when all of its events have come; starts to wait after the first.
   */
  #update(): void {
    if (this.destroyed) return;
    const [reason, hasExited] = [this.#reason, this.#child.exit !== undefined];
    if (this.connecting) {
      if (reason !== undefined) this.#reportEarlyEnd(reason);
    } else if (reason !== undefined && this.#inbound !== 'open') this.#reportEndOfChild(reason);
    else if (hasExited || this.#inbound === 'ended' || this.#pipeError !== undefined) {
      // setImmediate: the turn in which the timer fires may still bring the other event.
      this.#stopTimer ??= startTimer(END_EVENTS_MS, () => setImmediate(this.#onOverdue));
    }
  }

  /** The other event did not come in time. */
  readonly #onOverdue = (): void => {
    this.#stopTimer = undefined;
    const isReasonToCome = this.#child.exit !== undefined && this.#reason === undefined;
    if (this.destroyed || isReasonToCome) return;
    if (this.#reason !== undefined) this.#abandonPipe();
    else if (this.#pipeError !== undefined && this.#outbound === 'open')
      this.#fail(this.#pipeError);
    else if (this.#inbound === 'ended') this.#reportEnd();
  };

  /** The child has exited, but another process holds its end of the pipe. That is not read. */
  #abandonPipe(): void {
    if (this.#inbound === 'open') this.#isHeld = true;
    this.#pipes?.source.destroy();
  }

  /** The child has ended before there was a connection. */
  #reportEarlyEnd(reason: WirechartError): void {
    if (this.#outbound === 'ended' && !this.#child.hasFailed) super.destroy();
    else this.destroy(this.#child.exit?.exitCode === 0 ? silentError(reason) : reason);
  }

  #reportEnd(): void {
    this.#inbound = 'reported';
    this.push(null);
  }

  #reportEndOfChild(reason: WirechartError): void {
    // Nothing more comes, and what is written would be lost.
    this.#destroyPipes();
    const isPlainEnd = this.#child.exit?.exitCode === 0 && this.#failedWrite === undefined;
    if (this.#inbound === 'reported') this.#failWrite(reason);
    else if (this.#outbound === 'ended') this.#reportEnd();
    else if (this.#isHeld && isPlainEnd) this.#fail(heldError(this.#child.command, reason));
    else if (isPlainEnd) this.#reportEnd();
    else this.#fail(reason);
  }

  #fail(error: Error): void {
    // A failed write must not wait until the reader has taken everything: the reader may wait for
    // it.
    if (this.#failedWrite !== undefined) this.#failWrite(error);
    // What the child wrote before comes first; the next _read() calls this again. A reader that has paused
    // may have taken everything, and not have handled it.
    else if (this.readableLength === 0 && !this.isPaused()) this.destroy(error);
  }

  #destroyPipes(): void {
    this.#pipes?.source.destroy();
    this.#pipes?.sink.destroy();
  }

  #failWrite(error: Error): void {
    const done = this.#failedWrite;
    this.#failedWrite = undefined;
    done?.(error);
  }
}

/** So does a program that makes a daemon of itself, and a shell that does not wait for the peer. */
const heldError = (command: string, cause: WirechartError): ClosedError =>
  new ClosedError(
    `${command} exited with code 0, but a process that it has started still holds the connection; ` +
      'have the peer stay in the foreground (QEMU: without -daemonize; a shell: with exec)',
    { cause },
  );

/** So does a program that makes a daemon of itself, too. */
const silentError = (cause: WirechartError): ClosedError =>
  new ClosedError(
    `${cause.message} before a connection was made; have it stay in the foreground, and listen at the ` +
      'address that spawnPeer() was given',
    { cause },
  );

function destroyedError(): ClosedError {
  return new ClosedError('The stream was destroyed', { expected: true });
}
