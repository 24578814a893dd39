/**
 * The language in which a test tells a peer how to misbehave. It crosses a process boundary as JSON, so
 * it is data only. Text is latin1: each character is one byte, whatever it is.
 */

/** One thing that a peer does on a connection; it does them in order. */
export type Step =
  /** Waits for the next command (a JSON object), whose id is `$id` in what is said after it. */
  | 'take'
  /** Waits until it is told to go on. */
  | 'wait'
  /** Reads no more, and so never sees the end either. */
  | 'stall'
  /** Reads again. */
  | 'read'
  /** Ends its side, and goes on reading. */
  | 'end'
  /** Closes; the kernel makes a reset of it when there are unread bytes. */
  | 'close'
  /** Sends a reset (TCP only). */
  | 'reset'
  /** Does not end its side when the other side has ended. */
  | 'linger'
  /** Writes. */
  | { readonly say: string }
  /** Writes byte by byte, each on its own. */
  | { readonly trickle: string }
  /** Writes again and again, as fast as the other side reads; for ever unless `times` is given. */
  | { readonly flood: string; readonly times?: number };

/** Whether a step brings more than anybody wants to hold. */
export const isEndless = (step: Step): boolean => typeof step === 'object' && 'flood' in step;

/** What a connection does from its first to its last. */
export type Script = readonly Step[];

/** Over what a peer is reached. */
export type Wire = 'unix' | 'tcp';

/** Where the peer listens, or nobody. */
export type Place = { readonly path: string } | { readonly host: string; readonly port: number };

/** What the peer is asked over its control socket; one request a connection. */
export type Request =
  /** Listens. Each connection plays its own script; those after the last play the last. */
  | { readonly ask: 'listen'; readonly wire: Wire; readonly scripts: readonly Script[] }
  /** Gives an address where somebody listened once. */
  | { readonly ask: 'leave'; readonly wire: Wire }
  /** Lets the last connection of a listener, or else its first, pass one `wait`. */
  | { readonly ask: 'go'; readonly listener: number }
  /** Tells of the last connection of a listener; when it has closed, if `closed` says so. */
  | { readonly ask: 'tell'; readonly listener: number; readonly closed: boolean };

/** What a peer tells of a connection. */
export interface Account {
  /** How many connections the listener has had. */
  readonly connections: number;
  /** Bytes that came, and bytes that the kernel has taken. */
  readonly received: number;
  readonly written: number;
  /** Whether the other side has ended. */
  readonly ended: boolean;
  /** The code of the error with which it closed. */
  readonly error: string | null;
}

/** What it answers: to `listen` and `leave` a place, to `tell` an account. */
export interface Answer {
  readonly listener?: number;
  readonly place?: Place;
  readonly account?: Account;
  readonly failure?: string;
}
