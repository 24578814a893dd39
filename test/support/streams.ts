/** Streams that misbehave, each in one way. */

import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A stream whose writes never complete; a test can push bytes into it. */
export function stalledStream(): Duplex {
  return new Duplex({
    read: () => undefined,
    write: () => undefined,
  });
}

/** The errors with which the calls of a `brokenStream()` fail. */
export interface StreamErrors {
  readonly write?: Error;
  readonly final?: Error;
  readonly destroy?: Error;
}

/** A stream that takes everything, sends nothing, and fails at the given calls. */
export function brokenStream({ write, final, destroy }: StreamErrors): Duplex {
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

/** All that a stream has received and that was not read yet. (From Node 26 on, `read()` is one chunk.) */
export function receivedText(stream: Duplex): string {
  let text = '';
  let chunk: unknown;
  while (Buffer.isBuffer((chunk = stream.read()))) text += chunk.toString();
  return text;
}

/** A stream, and the chunks that were written to it. */
export interface CountingStream {
  readonly stream: Duplex;
  /** The chunks as text. */
  readonly chunks: string[];
}

/**
 * A stream that takes every write at once, and ends its readable side when its writable side ends.
 */
export function countingStream(): CountingStream {
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
 * A socket that reports to be connecting until the test emits 'connect' on it: dialling it hangs
 * until then, without a network.
 */
export function connectingSocket(): Socket {
  return Object.assign(new Socket(), { connecting: true });
}
