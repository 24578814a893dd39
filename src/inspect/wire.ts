/**
 * What goes from a watched program to an inspector and back, one JSON object a message.
 *
 * It is the wire protocol of @xstate/inspect 0.8.0, so that any receiver of that package understands
 * it: `service.*` messages in the vocabulary of XState 4, whose `machine`, `state` and `event` are
 * JSON texts of their own. What that vocabulary cannot say stands in the field `wirechart` of the same
 * message, and in messages whose type begins with `wirechart.`; such receivers ignore both.
 *
 * A recording is the same messages, one a line, with a `wirechart.program` first.
 */

/** A JSON value, as far as this protocol cares. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Milliseconds since 1970, with fractions. */
export type Timestamp = number;

/** Who reports. The first message of a connection and of a recording. */
export interface ProgramMessage {
  readonly type: 'wirechart.program';
  /** The version of what is said beyond @xstate/inspect. */
  readonly version: 1;
  readonly name: string;
  readonly pid: number;
  /** Names one run of one program, so that an inspector recognises it when it reports again. */
  readonly instance: string;
  /** Whether the program takes events from its inspector. */
  readonly control: boolean;
  readonly at: Timestamp;
}

/** An actor exists; sent again, with its present state, to everyone who begins to watch. */
export interface RegisterMessage {
  readonly type: 'service.register';
  /** JSON of a definition that XState 4's `createMachine` takes. */
  readonly machine: string;
  /** JSON of an XState 4 state. */
  readonly state: string;
  readonly id: string;
  readonly sessionId: string;
  /** The parent's `sessionId`. */
  readonly parent?: string;
  readonly wirechart: StateFacts & {
    /** A statechart, or any other actor, which is shown as a chart of its four statuses. */
    readonly kind: 'machine' | 'actor';
  };
}

/** An event has come to an actor, which has not handled it yet. */
export interface EventMessage {
  readonly type: 'service.event';
  /** JSON of an SCXML event: `{ name, data, $$type, type, origin? }`; its origin is the sender's `sessionId`. */
  readonly event: string;
  readonly sessionId: string;
  readonly wirechart: { readonly at: Timestamp };
}

/** An actor has handled an event, or changed by itself. */
export interface StateMessage {
  readonly type: 'service.state';
  readonly state: string;
  readonly sessionId: string;
  readonly wirechart: StateFacts;
}

/** An actor has ended; no more will be said of it. */
interface StopMessage {
  readonly type: 'service.stop';
  readonly sessionId: string;
  readonly wirechart: { readonly at: Timestamp };
}

/** A message that a protocol machine sent or received; only while an inspector asks for it. */
export interface WireMessage {
  readonly type: 'wirechart.message';
  readonly sessionId: string;
  readonly direction: 'in' | 'out';
  /** The message as text, cut when it is long. */
  readonly text: string;
  /**
   * Its size in bytes: of a text or of binary data as they are; of anything else, of the JSON that is
   * made of it to be shown, which is less than the message where that is cut.
   */
  readonly bytes: number;
  /** How many messages were left out since the one before, because there were too many. */
  readonly skipped: number;
  readonly at: Timestamp;
}

/** The feed itself failed at something; the watched program has not noticed. */
interface ProblemMessage {
  readonly type: 'wirechart.problem';
  readonly text: string;
  readonly at: Timestamp;
}

/** What a program says. */
export type FeedMessage =
  | ProgramMessage
  | RegisterMessage
  | EventMessage
  | StateMessage
  | StopMessage
  | WireMessage
  | ProblemMessage;

/** What XState 5 knows of an actor after an event, and the v4 state cannot say. */
export interface StateFacts {
  readonly at: Timestamp;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: Json;
  readonly error?: Json;
  /** The steps that the event led through; more than one where transitions followed by themselves. */
  readonly microsteps?: readonly Microstep[];
  /** The names of the actions that were executed, in order. */
  readonly actions?: readonly string[];
  /** What was emitted, in order. */
  readonly emitted?: readonly Json[];
  /** What is scheduled and has not happened yet. */
  readonly deadlines?: readonly RunningDeadline[];
}

/** One microstep of a machine. */
export interface Microstep {
  /** The event's name, in XState 4's spelling. */
  readonly event: string;
  /** The state's value after the step. */
  readonly value: Json;
  readonly transitions: readonly TakenTransition[];
}

/** A transition that was taken: state node ids, without `#`. */
export interface TakenTransition {
  readonly source: string;
  readonly event: string;
  readonly target: readonly string[];
}

/** An event that is scheduled: `after`, or a delayed `raise` or `sendTo`. */
export interface RunningDeadline {
  /** The event's name, in XState 4's spelling. */
  readonly event: string;
  readonly ms: number;
  readonly startedAt: Timestamp;
}

/** What an inspector says; anything else is ignored. */
export type InspectorCommand =
  /** Somebody begins to watch: tell what there is. */
  | { readonly type: 'xstate.inspecting' }
  /** An event, as JSON of an SCXML event, for the actor that is its `origin` (or, without one, `service`). */
  | { readonly type: 'xstate.event'; readonly event: string; readonly service?: string }
  /** Shows the messages of all protocol machines, or shows them no longer. */
  | { readonly type: 'wirechart.wire'; readonly on: boolean };
