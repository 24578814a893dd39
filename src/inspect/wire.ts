/**
 * The messages between a watched program and an inspector, each one JSON object.
 *
 * The protocol is that of @xstate/inspect 0.8.0, so that any receiver of that package understands it:
 * `service.*` messages in the terms of XState 4, in which `machine`, `state` and `event` are nested JSON
 * texts. What XState 4 has no terms for is in the field `wirechart` of the same message and in messages
 * whose type starts with `wirechart.`; other receivers ignore both.
 *
 * Before the first of these messages, both sides prove that they know the token (`proof.ts`):
 *
 * 1. The program requests a WebSocket at `/program`, with its nonce in the header `Wirechart-Nonce`.
 * 2. The inspector answers with its own nonce in that header, and its proof in `Wirechart-Proof`.
 *    The program goes on only if that proof is right.
 * 3. The program sends its proof, and nothing else.
 * 4. The inspector confirms it. Then the program introduces itself.
 *
 * A browser can neither set nor read headers. Its nonce is in the URL, `/program?nonce=…`, and the inspector
 * answers with its first message, a `ChallengeMessage`. A program that is not let in gets a WebSocket that is closed
 * at once, with one of `CLOSE_CODES`: a page would not see an HTTP status.
 *
 * A recording holds the same messages, one per line, starting with a `wirechart.program`.
 */

/** A JSON value. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Milliseconds since 1970, with fractions. */
export type Timestamp = number;

/** Introduces the program: the first message of a connection and of a recording. */
export interface ProgramMessage {
  readonly type: 'wirechart.program';
  /** The version of the additions to @xstate/inspect. */
  readonly version: 1;
  readonly name: string;
  /** The process id. A page has none. */
  readonly pid?: number;
  /** Identifies one run of one program, so that an inspector recognises it when it reconnects. */
  readonly instance: string;
  /**
   * Which file of a recording this is, from 2 on; the first one has no number. The file before it is `….1`, and
   * all before that one are gone.
   */
  readonly part?: number;
  /** Whether the program accepts events from its inspector. */
  readonly control: boolean;
  readonly at: Timestamp;
}

/** An actor exists. Sent again, with its current state, to every watcher that starts later. */
interface RegisterMessage {
  readonly type: 'service.register';
  /** The definition that XState 4's `createMachine` accepts, as JSON. */
  readonly machine: string;
  /** An XState 4 state, as JSON. */
  readonly state: string;
  readonly id: string;
  readonly sessionId: string;
  /** The parent's `sessionId`. */
  readonly parent?: string;
  readonly wirechart: StateFacts & {
    /** Any actor that is not a machine is shown as a chart of its four statuses. */
    readonly kind: 'machine' | 'actor';
  };
}

/**
 * An event has arrived at an actor, which has not handled it yet. An actor handles its events in the order in
 * which they arrive, and reports a state after each: of an event that it does not handle, a state without a
 * microstep that has transitions. Events that a machine raises are parts of the handling of another one.
 */
interface EventMessage {
  readonly type: 'service.event';
  /** An SCXML event as JSON: `{ name, data, $$type, type, origin? }`. The origin is the sender's `sessionId`. */
  readonly event: string;
  readonly sessionId: string;
  readonly wirechart: { readonly at: Timestamp };
}

/** An actor has handled an event, or changed on its own. */
interface StateMessage {
  readonly type: 'service.state';
  readonly state: string;
  readonly sessionId: string;
  readonly wirechart: StateFacts;
}

/** An actor has ended. No more messages about it follow. */
interface StopMessage {
  readonly type: 'service.stop';
  readonly sessionId: string;
  readonly wirechart: { readonly at: Timestamp };
}

/** A protocol machine has sent or received a message. Only reported while an inspector asks for it. */
export interface WireMessage {
  readonly type: 'wirechart.message';
  readonly sessionId: string;
  readonly direction: 'in' | 'out';
  /** The message as text, cut where it is too long. */
  readonly text: string;
  /**
   * The size in bytes. Exact for texts and binary data; for other values the size of the JSON made for
   * display, which is too small where that JSON is cut.
   */
  readonly bytes: number;
  /** The number of messages left out since the previous one, because there were too many. */
  readonly skipped: number;
  readonly at: Timestamp;
}

/** The feed itself failed at something. The watched program is not affected. */
interface ProblemMessage {
  readonly type: 'wirechart.problem';
  readonly text: string;
  readonly at: Timestamp;
}

/** Any message from a program. */
export type FeedMessage =
  | ProgramMessage
  | RegisterMessage
  | EventMessage
  | StateMessage
  | StopMessage
  | WireMessage
  | ProblemMessage;

/** What XState 5 knows about an actor after an event, and an XState 4 state cannot hold. */
interface StateFacts {
  readonly at: Timestamp;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: Json;
  readonly error?: Json;
  /** The microsteps that the event caused: more than one where eventless transitions followed. */
  readonly microsteps?: readonly Microstep[];
  /** The names of the actions that were executed, in order. */
  readonly actions?: readonly string[];
  /** The emitted events, in order. */
  readonly emitted?: readonly Json[];
  /** The timers that are still running. */
  readonly deadlines?: readonly RunningDeadline[];
}

/** One microstep of a machine. */
interface Microstep {
  /** The event's XState 4 name. */
  readonly event: string;
  /** The state value after the step. */
  readonly value: Json;
  readonly transitions: readonly TakenTransition[];
}

/** A transition that was taken. State node ids are without `#`. */
interface TakenTransition {
  readonly source: string;
  readonly event: string;
  readonly target: readonly string[];
  /**
   * Which of the transitions of its source for its event it is in the definition, from 0: the guards of those
   * before it have refused. Missing where it is the first.
   */
  readonly index?: number;
}

/** A running timer: `after`, or a delayed `raise` or `sendTo`. */
interface RunningDeadline {
  /** The event's XState 4 name. */
  readonly event: string;
  readonly ms: number;
  readonly startedAt: Timestamp;
}

/** The inspector's nonce and proof, for a program in a browser. */
export interface ChallengeMessage {
  readonly type: 'wirechart.challenge';
  readonly nonce: string;
  readonly proof: string;
}

/** Why a WebSocket of a browser is closed: 4000 and the HTTP status that another client would get. */
export const CLOSE_CODES = {
  /** By the program: the inspector has not proved that it knows the token. */
  noProof: 4401,
  /** By the inspector: pages of this site may not report. */
  origin: 4403,
  /** By the inspector: too many wrong tokens came from this address. */
  wrongTokens: 4429,
  /** By the inspector: too many connections wait for a proof. */
  busy: 4503,
} as const;

/** The program's proof that it knows the token: its first message, answered by a `ProvedMessage`. */
export interface ProofMessage {
  readonly type: 'wirechart.proof';
  readonly proof: string;
}

/** The program's proof is right: the first message from the inspector. */
export interface ProvedMessage {
  readonly type: 'wirechart.proved';
}

/** Any message from an inspector after that. Others are ignored. */
export type InspectorCommand =
  /** Asks for the registration of every living actor. */
  | { readonly type: 'xstate.inspecting' }
  /** Sends an event (an SCXML event as JSON) to the actor in its `origin` or, without one, in `service`. */
  | { readonly type: 'xstate.event'; readonly event: string; readonly service?: string }
  /** Starts or stops the reporting of protocol machines' messages. */
  | { readonly type: 'wirechart.wire'; readonly on: boolean };
