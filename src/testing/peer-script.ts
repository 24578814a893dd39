/** The types of a scripted peer: its script, its session, and its replies. */

import type { Fault } from './script.ts';

/** What a message must be: equal to this one, deeply, or accepted by this function. */
export type Expected<In> = In | ((message: In) => boolean);

/** How a message is sent. */
export interface ScriptedSendOptions {
  /**
   * Sends the bytes in several parts, cut at these positions, each in a chunk of its own as far as the stream
   * keeps them apart. Default: in one part.
   */
  readonly cuts?: readonly number[] | undefined;
}

/** What a script may do with its connection. All members can be taken out of it. */
export interface ScriptedSession<In, Out = In> {
  /** Counts the connections of the peer, from 1. */
  readonly number: number;
  /** Aborted when the session has ended. */
  readonly signal: AbortSignal;
  /**
   * Resolves with the next message that `reply()` has not answered. At the end of the session it rejects with
   * a `ClosedError`; a script that ends with this error is done, and has not failed.
   */
  readonly receive: () => Promise<In>;
  /**
   * Resolves with the next message that `reply()` has not answered, if it is this one. Otherwise the script
   * has failed, the connection is dropped, and `done()` rejects.
   *
   * @throws {ScriptError} When another message came, or the session has ended.
   */
  readonly expect: (expected: Expected<In>) => Promise<In>;
  /**
   * Sends a message. Resolves when there is room for the next one; also if the session has ended: then the
   * message is dropped.
   *
   * @throws {CodecError} When the message cannot be encoded.
   */
  readonly send: (message: Out, options?: ScriptedSendOptions) => Promise<void>;
  /** Shows a fault: sends raw bytes, ends the stream, or drops it. */
  readonly show: (fault: Fault) => Promise<void>;
  /** Returns the bytes of a message, to send a part of them: `show(faults.raw(encode(m).subarray(0, 3)))`. */
  readonly encode: (message: Out) => Uint8Array;
  /**
   * Resolves after so many milliseconds of the clock of the peer; see its option `clock`. At the end of the
   * session it rejects as `receive()` does.
   */
  readonly delay: (ms: number) => Promise<void>;
}

/**
 * What a peer does on one connection, from the moment that it is open. The script has failed if it throws,
 * except with the error of `receive()` at the end of the session; then the connection is dropped. When it is
 * done, the connection stays open, and each further message must be answered by `reply()`. What it resolves
 * with is ignored.
 */
export type PeerScript<In, Out = In> = (session: ScriptedSession<In, Out>) => unknown;

/** The answer to a message: another message, a fault in place of one, or nothing. */
export type PeerAnswer<Out> = Out | Fault | undefined;

/** Makes the answer to a message. */
export type PeerReplyFunction<In, Out = In> = (
  message: In,
  session: ScriptedSession<In, Out>,
) => PeerAnswer<Out> | Promise<PeerAnswer<Out>>;

/** An answer, or a function that returns one, for each message. */
export type PeerReply<In, Out = In> = Out | Fault | PeerReplyFunction<In, Out>;
