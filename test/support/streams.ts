/** Streams that misbehave, each in one way. */

import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A stream that takes one write and never confirms it; bytes can be pushed into it from outside. */
export function stalledStream(): Duplex {
  return new Duplex({
    read: () => undefined,
    write: () => undefined,
  });
}

/** Which call of a `brokenStream()` fails, and with what. */
export interface Breakage {
  readonly write?: Error;
  readonly final?: Error;
  readonly destroy?: Error;
}

/** A stream that takes everything, says nothing, and fails at the steps that are named. */
export function brokenStream({ write, final, destroy }: Breakage): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, callback) => {
      callback(write);
    },
    final: (callback) => {
      callback(final);
    },
    destroy: (error, callback) => {
      callback(error ?? destroy ?? null);
    },
  });
}

/** What `countingStream()` gives. */
export interface Counting {
  readonly stream: Duplex;
  /** The chunks that were written, as text. */
  readonly chunks: string[];
}

/** A stream that takes everything at once, and ends when it is ended. */
export function countingStream(): Counting {
  const chunks: string[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, callback) => {
      chunks.push(chunk.toString());
      callback();
    },
    final: (callback) => {
      stream.push(null);
      callback();
    },
  });
  return { stream, chunks };
}

/**
 * A socket that says it is connecting, and goes on saying so until the test emits 'connect' on it:
 * dialling it hangs for as long as one wants, without a network.
 */
export function connectingSocket(): Socket {
  return Object.assign(new Socket(), { connecting: true });
}
