/**
 * How a report reaches its inspector. `Reporter` knows what is sent and when; a transport knows the
 * WebSocket of Node or of a browser, and proves that both sides know the token.
 */

import type { ProgramMessage } from './wire.ts';

/** The deadline of each step until the inspector has confirmed the proof. */
export const HANDSHAKE_TIMEOUT_MS = 2_000;
/** A larger message from the inspector closes the connection. */
export const MAX_COMMAND_BYTES = 1024 * 1024;

/** Why nothing was reported to what answered, in the words of the warning. */
export const REFUSALS = {
  noProof: 'it does not prove that it knows the token',
  noToken: 'the URL has no token of 22 or more characters',
} as const;

/** Called for what happens on a connection. */
export interface ConnectionListener {
  /** Both sides have proved that they know the token. */
  readonly onProved: () => void;
  /** What the inspector sends after that. */
  readonly onCommand: (command: unknown) => void;
  /**
   * The connection has ended, or none came about. `refusal`: why what answered cannot be the inspector, or
   * does not take reports; `undefined` if nothing answered.
   */
  readonly onClosed: (refusal?: Refusal) => void;
}

/** Why nothing can be reported. */
export interface Refusal {
  readonly why: string;
  /** What to do; default: to use the right URL. */
  readonly advice?: string;
}

/** One connection, or one attempt at it. Nothing may be sent on it before `onProved`. */
export interface Connection {
  /** What has been sent and still waits in this process, in bytes. */
  readonly unsentBytes: number;
  send(line: string): void;
  /** Calls a function once, when nothing waits any more. */
  onceDrained(listener: () => void): void;
  /** Closes it after everything that was sent. Resolves when it is closed. */
  close(): Promise<void>;
  /** Ends it at once. */
  terminate(): void;
}

/** Opens connections to one inspector. */
export interface Transport {
  /** What to call the inspector, without the token. */
  readonly name: string;
  /** Why no connection can ever come about from here; `undefined` if one can. */
  readonly unable?: Refusal | undefined;
  /** Resolves when `connect()` may be called. */
  ready(): Promise<void>;
  connect(listener: ConnectionListener): Connection;
  /** The first message. */
  introduction(name: string | undefined, control: boolean): ProgramMessage;
  /** Shows a warning to the people who run the program. */
  warn(text: string): void;
  /** Calls a function later, without keeping the program alive. Returns what cancels it. */
  later(run: () => void, ms: number): () => void;
  /** The report has ended. */
  dispose?(): void;
}
