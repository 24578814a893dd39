/**
 * One byte stream made of a readable and a writable one, each of Node, of a library that imitates Node's
 * (readable-stream, duplexify) or of the WHATWG. Unlike one of `Duplex.from()`, it always destroys both.
 */

import { Duplex, Readable, Writable } from 'node:stream';
import { ArgumentError, describe, textOf } from '../core/errors.ts';
import { isError, memberOf } from '../core/shape.ts';
import type { StreamPair, WebReadable, WebWritable } from '../core/types.ts';
import {
  type ByteStream,
  flawOfHalves,
  isDuplexShaped,
  isReadable,
  isWebReadable,
  isWebWritable,
  isWritable,
  type ReadableHalf,
  type WritableHalf,
} from './byte-stream.ts';
import { claim, isClaimed } from './claims.ts';

/** What was joined before, so that one pair is one stream, however often it is asked for. */
const joinedStreams = /* @__PURE__ */ new WeakMap<object, Duplex>();

/**
 * Joins a readable and a writable stream to one duplex stream of bytes: the standard streams of a process, two
 * pipes, a pair of WHATWG streams. `{ stream: { readable, writable } }` is joined in the same way; use this
 * function where something else needs a `Duplex`.
 *
 * The result owns both halves: read from, write to and close the result only. `end()` ends the writable half and
 * leaves the other direction open. `destroy()` destroys both halves, whatever state each of them is in, and 'close'
 * follows when both are closed. When both directions have ended, it destroys itself. A half that fails, or that
 * closes before its end, destroys the result with its error.
 *
 * @param readable - What the peer sends: a readable stream of Node, of a library that imitates Node's, or of the
 *   WHATWG.
 * @param writable - What is sent to the peer. May be the same object as `readable`.
 * @throws {ArgumentError} When an argument is not such a stream, or cannot be used: it is in object mode, has an
 *   encoding, is locked, has ended, or belongs to a session or to another joined stream.
 *
 * @example
 * const stream = joinStreams(child.stdout, child.stdin);
 * await protocol.connect({ stream });
 */
export function joinStreams(
  readable: StreamPair['readable'],
  writable: StreamPair['writable'],
): Duplex {
  if (!isReadable(readable)) {
    throw new ArgumentError(`readable must be a readable stream, not ${textOf(readable)}`);
  }
  if (!isWritable(writable)) {
    throw new ArgumentError(`writable must be a writable stream, not ${textOf(writable)}`);
  }
  const flaw = flawOfHalves(readable, writable);
  if (flaw !== undefined) throw new ArgumentError(`The streams cannot be joined: ${flaw}`);
  const pair = { readable, writable };
  if (isClaimed(pair)) {
    throw new ArgumentError('The streams cannot be joined: one of them is joined, or in a session');
  }
  claim(pair);
  return join(readable, writable);
}

/**
 * Joins the standard input and output of this process. The peer need not see the end of ours, and is not waited
 * for: when standard output has ended, the inbound direction ends, too.
 */
export const joinStdio = (): Duplex => new JoinedStream(process.stdin, process.stdout, true);

/** Whether a stream has every property that the engine reads. Older libraries lack the last two. */
const isComplete = (stream: Duplex): boolean =>
  ['destroyed', 'readableEnded', 'writableEnded', 'errored', 'closed'].every(
    (name) => memberOf(stream, name) !== undefined,
  );

/**
 * A byte stream as a `Duplex` that behaves as Node's: the stream itself if it does, else a new one that
 * owns it. From then on nothing else may read or write it.
 */
export function toDuplex(stream: ByteStream): Duplex {
  if (isDuplexShaped(stream) && isComplete(stream)) return stream;
  const known = joinedStreams.get(stream);
  if (known !== undefined) return known;
  const joined = isDuplexShaped(stream)
    ? new JoinedStream(stream, stream)
    : join(stream.readable, stream.writable);
  joinedStreams.set(stream, joined);
  return joined;
}

function join(readable: ReadableHalf, writable: WritableHalf): Duplex {
  return new JoinedStream(
    isWebReadable(readable) ? fromWebReadable(readable) : readable,
    isWebWritable(writable) ? fromWebWritable(writable) : writable,
  );
}

type Half = Pick<Readable | Writable, 'closed' | 'destroy' | 'on' | 'once'>;
type Callback = (error?: Error | null) => void;

class JoinedStream extends Duplex {
  readonly #readable: Readable;
  readonly #writable: Writable;
  #hasEnded = false;
  #hasFinished = false;
  readonly #endsTogether: boolean;

  /** @param endsTogether - Whether the end of our side is taken as the end of the peer's, too. */
  constructor(readable: Readable, writable: Writable, endsTogether = false) {
    super({ allowHalfOpen: true });
    this.#endsTogether = endsTogether;
    this.#readable = readable;
    this.#writable = writable;
    for (const half of new Set<Half>([readable, writable])) half.on('error', this.#fail);
    readable.pause();
    readable.on('data', this.#onData);
    readable.once('end', this.#onEnd);
    readable.once('close', () => {
      if (!this.#hasEnded) this.destroy();
    });
    writable.once('close', () => {
      if (!this.#hasFinished) this.destroy();
    });
  }

  override _read(): void {
    this.#readable.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: Callback): void {
    try {
      this.#writable.write(chunk, callback);
    } catch (error) {
      callback(toError(error));
    }
  }

  override _final(callback: Callback): void {
    this.#writable.once('finish', () => {
      this.#hasFinished = true;
      callback();
      if (this.#endsTogether) this.#onEnd();
    });
    this.#writable.end();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const halves = new Set<Half>([this.#readable, this.#writable]);
    void Promise.all(Array.from(halves, (half) => destroyAndWait(half, error))).then(() => {
      callback(error);
    });
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (!this.#hasEnded && !this.push(chunk)) this.#readable.pause();
  };

  readonly #onEnd = (): void => {
    if (!this.#hasEnded) this.push(null);
    this.#hasEnded = true;
  };

  readonly #fail = (error: unknown): void => {
    this.destroy(toError(error));
  };
}

/** Destroys a half, and resolves when it is closed. One that does not say when it closes is not waited for. */
function destroyAndWait(half: Half, error: Error | null): Promise<void> {
  return new Promise((resolve) => {
    const willClose = emitsClose(half);
    half.once('close', resolve);
    try {
      half.destroy(error ?? undefined);
    } catch {
      resolve(); // The other half, and the caller of destroy(), must not suffer from it.
    }
    if (!willClose) resolve();
  });
}

/** Whether 'close' is still to come: not from a closed half, one with `emitClose: false`, or an old library's. */
function emitsClose(half: Half): boolean {
  const isSilent = ['_readableState', '_writableState'].some(
    (name) => memberOf(memberOf(half, name), 'emitClose') === false,
  );
  return memberOf(half, 'closed') === false && !isSilent;
}

function fromWebReadable(stream: WebReadable): Readable {
  const reader = stream.getReader();
  return new Readable({
    read() {
      reader.read().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: unknown) => this.destroy(toError(error)),
      );
    },
    destroy(error, callback) {
      reader.cancel(error ?? undefined).catch(ignore);
      callback(error);
    },
  });
}

function fromWebWritable(stream: WebWritable): Writable {
  const writer = stream.getWriter();
  return new Writable({
    write(chunk: Uint8Array, _, callback) {
      // A copy of its own: the receiver may transfer the memory, which is shared with other buffers.
      writer.write(new Uint8Array(chunk)).then(
        () => {
          callback();
        },
        (error: unknown) => {
          callback(toError(error));
        },
      );
    },
    final(callback) {
      writer.close().then(
        () => {
          callback();
        },
        (error: unknown) => {
          callback(toError(error));
        },
      );
    },
    destroy(error, callback) {
      writer.abort(error ?? undefined).catch(ignore);
      callback(error);
    },
  });
}

const toError = (thrown: unknown): Error =>
  isError(thrown) ? thrown : new Error(describe(thrown), { cause: thrown });

function ignore(): void {
  // The stream has ended or failed already.
}
