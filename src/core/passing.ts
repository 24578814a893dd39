/** An open descriptor of this process on its way to the peer, with the message that it belongs to. */

import type { Server, Socket } from 'node:net';

/** A descriptor of this process: its number, or something open that has one, such as a `FileHandle`. */
export type OpenDescriptor = number | { readonly fd: number } | Socket | Server;

/**
 * Where a descriptor is: `waiting` for its message to be sent; `queued` with it; `passed` to the kernel; or
 * `dropped`, so that neither it nor its message is sent.
 */
export type PassingStage = 'waiting' | 'queued' | 'passed' | 'dropped';

/** One descriptor, for one message of one session. */
export interface Passing {
  readonly stage: PassingStage;
  /** The message is in the outgoing queue. Resolves when the descriptor is passed; rejects when it is dropped. */
  queue(): Promise<void>;
  /**
   * Passes the descriptor to the kernel. Returns the stage: still `queued`, if the socket is full.
   * To be called when nothing that was written before is left in the stream; its message must be the next bytes.
   */
  pass(): PassingStage;
  /** Neither the descriptor nor its message is sent. Ignored when the descriptor was passed or dropped before. */
  drop(reason: unknown): void;
}
