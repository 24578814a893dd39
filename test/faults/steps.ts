/**
 * The scripts by which a test makes a peer misbehave, and the requests to the peer's process. They
 * are sent as JSON, so they are plain data. Text is latin1: each character is one byte.
 */

/** One step of a script; a connection executes its steps in order. */
export type Step =
  /** Waits for the next command (a JSON object), whose id, if it has one, replaces `$id` in later text. */
  | 'take'
  /** Waits for a `resume` request. */
  | 'wait'
  /** Stops reading, and so does not notice the end of the stream either. */
  | 'stall'
  /** Starts reading again. */
  | 'read'
  /** Ends its side, and continues reading. */
  | 'end'
  /** Closes the connection; the kernel sends a reset if there are unread bytes. */
  | 'close'
  /** Sends a reset (TCP only). */
  | 'reset'
  /** From now on, does not end its side when the other side has ended. */
  | 'linger'
  /** Writes the text. */
  | { readonly send: string }
  /** Writes the text byte by byte. */
  | { readonly trickle: string }
  /** Writes the text repeatedly, as fast as the other side reads; forever without `times`. */
  | { readonly flood: string; readonly times?: number };

/** Whether a step sends more than the receiver should buffer. */
export const isEndless = (step: Step): boolean => typeof step === 'object' && 'flood' in step;

/** The steps of a connection. */
export type Script = readonly Step[];

export type Transport = 'unix' | 'tcp';

/** The address of a listener of the peer. */
export type PeerAddress =
  { readonly path: string } | { readonly host: string; readonly port: number };

/** A request to the peer's control socket; each has a connection of its own. */
export type Request =
  /**
   * Listens. The first connection gets the first script, and so on; the last script is repeated.
   */
  | {
      readonly kind: 'listen';
      readonly transport: Transport;
      readonly scripts: readonly Script[];
    }
  /** Returns an address at which nothing listens any more. */
  | { readonly kind: 'deadAddress'; readonly transport: Transport }
  /**
   * Ends one `wait` of the last connection of a listener; waits for a connection if there is none.
   */
  | { readonly kind: 'resume'; readonly listener: number }
  /** Reports on the last connection of a listener; with `closed`, when it has closed. */
  | { readonly kind: 'report'; readonly listener: number; readonly closed: boolean };

/** A report on the last connection of a listener. */
export interface ConnectionReport {
  /** How many connections the listener has had. */
  readonly connections: number;
  /** In bytes. */
  readonly received: number;
  /** In bytes that were handed to the kernel. */
  readonly written: number;
  /** Whether the other side has ended its side. */
  readonly ended: boolean;
  /** The code of the socket's error. */
  readonly error: string | null;
}

/** The response to a request; `error` is the text of an exception. */
export interface Response {
  readonly listener?: number;
  readonly address?: PeerAddress;
  readonly report?: ConnectionReport;
  readonly error?: string;
}
