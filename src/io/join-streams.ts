/**
 * One byte stream made of a readable and a writable one, each of Node, of a library that imitates Node's
 * (readable-stream, duplexify) or of the WHATWG.
 *
 * Node's `Duplex.from()` does the same, but it no longer destroys a half when the other one is done, so
 * that a socket or a pipe stays open and keeps the process alive.
 */

import { Duplex, Readable, Writable } from 'node:stream';
import { describe } from '../core/errors.ts';
import { isError, memberOf } from '../core/shape.ts';
import type { WebReadable, WebWritable } from '../core/types.ts';

/** What was joined before, so that one pair is one stream, however often it is asked for. */
const joinedStreams = /* @__PURE__ */ new WeakMap<object, Duplex>();

/** The readable half of a byte stream that has been checked. */
type ReadableHalf = Readable | WebReadable;
type WritableHalf = Writable | WebWritable;

/** A byte stream of an address that has been checked: one object, or two. */
export type ByteStream =
  Duplex | { readonly readable: ReadableHalf; readonly writable: WritableHalf };

const hasMethods = (value: unknown, ...names: string[]): boolean =>
  names.every((name) => typeof memberOf(value, name) === 'function');

const isWebReadable = (value: unknown): value is WebReadable => hasMethods(value, 'getReader');
const isWebWritable = (value: unknown): value is WebWritable => hasMethods(value, 'getWriter');
const isReadable = (value: unknown): value is ReadableHalf =>
  isWebReadable(value) || hasMethods(value, 'on', 'once', 'pause', 'resume', 'destroy');
const isWritable = (value: unknown): value is WritableHalf =>
  isWebWritable(value) || hasMethods(value, 'on', 'once', 'write', 'end', 'destroy');

/** Whether a value has the methods of a readable and of a writable stream of Node. */
export const isDuplexShaped = (value: unknown): value is Duplex =>
  hasMethods(value, 'on', 'once', 'pause', 'resume', 'write', 'end', 'destroy');

/** Whether a value is a byte stream, of whatever library and realm. */
export const isByteStream = (value: unknown): value is ByteStream =>
  isDuplexShaped(value) ||
  (isReadable(memberOf(value, 'readable')) && isWritable(memberOf(value, 'writable')));

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
    : joinStreams(stream.readable, stream.writable);
  joinedStreams.set(stream, joined);
  return joined;
}

/** Joins a readable and a writable stream. Destroying the result destroys both. */
function joinStreams(readable: ReadableHalf, writable: WritableHalf): Duplex {
  return new JoinedStream(
    isWebReadable(readable) ? fromWebReadable(readable) : readable,
    isWebWritable(writable) ? fromWebWritable(writable) : writable,
  );
}

type Half = Pick<Readable | Writable, 'closed' | 'destroy' | 'on' | 'once'>;

class JoinedStream extends Duplex {
  readonly #readable: Readable;
  readonly #writable: Writable;
  #hasEnded = false;

  constructor(readable: Readable, writable: Writable) {
    super({ allowHalfOpen: true });
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
      if (!this.writableFinished) this.destroy();
    });
  }

  override _read(): void {
    this.#readable.resume();
  }

  override _write(
    chunk: Buffer,
    _: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    this.#writable.write(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#writable.once('finish', callback);
    this.#writable.end();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const halves = new Set<Half>([this.#readable, this.#writable]);
    void Promise.all(Array.from(halves, (half) => destroyAndWait(half, error))).then(() => {
      callback(error);
    });
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (!this.push(chunk)) this.#readable.pause();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.push(null);
  };

  readonly #fail = (error: unknown): void => {
    this.destroy(toError(error));
  };
}

/** Resolves when a half is closed. One that does not say whether it is closed is not waited for. */
function destroyAndWait(half: Half, error: Error | null): Promise<void> {
  return new Promise((resolve) => {
    half.once('close', resolve);
    half.destroy(error ?? undefined);
    if (memberOf(half, 'closed') !== false) resolve();
  });
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
