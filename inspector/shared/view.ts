/** The messages between the inspector's server and its page. Types only. */

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Milliseconds since 1970, with fractions. */
export type Timestamp = number;

/** A program that reports or has reported, or an opened recording. */
export interface ProgramView {
  readonly type: 'program';
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  /** `disconnected`: not connected any more. `recording`: read from a file. */
  readonly source: 'live' | 'disconnected' | 'recording';
  /** Whether it accepts events for its actors. */
  readonly control: boolean;
}

export type Status = 'active' | 'done' | 'error' | 'stopped';

/** An actor at one moment. */
export interface ActorState {
  readonly at: Timestamp;
  readonly status: Status;
  /** The state value; for an actor that is not a machine, its status. */
  readonly value: Json;
  readonly context: Json;
  readonly output?: Json;
  readonly error?: Json;
  /** The name of the event that led to this state. */
  readonly event: string;
  readonly microsteps?: readonly Microstep[];
  readonly actions?: readonly string[];
  readonly emitted?: readonly Json[];
  readonly deadlines?: readonly RunningDeadline[];
}

export interface Microstep {
  readonly event: string;
  readonly value: Json;
  readonly transitions: readonly TakenTransition[];
}

export interface TakenTransition {
  readonly source: string;
  readonly event: string;
  readonly target: readonly string[];
}

export interface RunningDeadline {
  readonly event: string;
  readonly ms: number;
  readonly startedAt: Timestamp;
}

/** An actor, with its state before the first kept entry. */
export interface ActorView {
  readonly type: 'actor';
  /** Unique among all programs. */
  readonly id: string;
  readonly program: string;
  readonly name: string;
  readonly parent?: string;
  readonly kind: 'machine' | 'actor';
  /** The id of its machine's chart, which the page requests with `chart`. */
  readonly chart: string;
  /** The number of its `start` entry; 0 when that is no longer kept. */
  readonly start: number;
  readonly base: ActorState;
}

interface EntryOf {
  readonly type: 'entry';
  /** The number of the entry, from 1, without gaps. */
  readonly seq: number;
  readonly at: Timestamp;
  readonly actor: string;
  /** The approximate size, in bytes. */
  readonly size: number;
}

/** Something that happened. */
export type Entry =
  | (EntryOf & { readonly kind: 'start' | 'stop' })
  | (EntryOf & {
      readonly kind: 'event';
      readonly name: string;
      readonly data: Json;
      /** The actor that sent it. */
      readonly origin?: string;
    })
  | (EntryOf & { readonly kind: 'state'; readonly state: ActorState })
  | (EntryOf & {
      readonly kind: 'message';
      readonly direction: 'in' | 'out';
      readonly text: string;
      readonly bytes: number;
      readonly skipped: number;
    })
  /** The reporting itself failed at something. `actor` is the id of the program. */
  | (EntryOf & { readonly kind: 'problem'; readonly text: string });

export type StateEntry = Extract<Entry, { kind: 'state' }>;

/** A state in a chart, with its position in pixels; y grows downwards. */
export interface ChartNode {
  readonly id: string;
  readonly key: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history' | 'initial';
  readonly parent?: string;
  readonly description?: string;
  /** The lines below its name. */
  readonly lines: readonly ChartLine[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An invoked actor, a deadline, or an event that changes no state. */
export interface ChartLine {
  readonly kind: 'actor' | 'deadline' | 'event';
  /** The id of the actor, or the name of the event. */
  readonly name: string;
  readonly text: string;
}

/** All transitions from one state to another. */
export interface ChartEdge {
  readonly source: string;
  readonly target: string;
  readonly labels: readonly ChartLabel[];
  /** The points of the line, from the source to the target. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The centre of the labels. */
  readonly at?: readonly [x: number, y: number];
}

export interface ChartLabel {
  readonly event: string;
  readonly text: string;
}

/** A laid out statechart. */
export interface Chart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
}

/** A message from the server. They are sent in arrays. */
export type ServerMessage =
  /** Starts the full state: the first message, and sent again after the page has missed messages. */
  | { readonly type: 'hello'; readonly control: boolean; readonly wire: boolean }
  | ProgramView
  | ActorView
  | Entry
  | { readonly type: 'chart'; readonly id: string; readonly chart: Chart }
  | { readonly type: 'no-chart'; readonly id: string; readonly why: string }
  /** Whether programs report the messages of their protocol machines. */
  | { readonly type: 'wire'; readonly on: boolean };

/** A request from a page. */
export type PageMessage =
  | { readonly type: 'chart'; readonly id: string }
  | { readonly type: 'wire'; readonly on: boolean }
  /** Sends an event to an actor. Ignored unless control is allowed. */
  | { readonly type: 'send'; readonly actor: string; readonly event: { readonly type: string } };
