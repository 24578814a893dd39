/** What the inspector's server tells its page, and what the page asks of it. Types only. */

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Milliseconds since 1970, with fractions. */
export type Timestamp = number;

/** A program that reports or has reported, or a recording that was opened. */
export interface ProgramView {
  readonly type: 'program';
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  /** `recording`: read from a file. */
  readonly source: 'live' | 'gone' | 'recording';
  /** Whether its actors take events from here. */
  readonly control: boolean;
}

export type Status = 'active' | 'done' | 'error' | 'stopped';

/** What is known of an actor at one moment. */
export interface ActorState {
  readonly at: Timestamp;
  readonly status: Status;
  /** The state's value, as XState says it; for actors that are no machines, their status. */
  readonly value: Json;
  readonly context: Json;
  readonly output?: Json;
  readonly error?: Json;
  /** The name of the event that led here. */
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

/** An actor, with its state before the first entry that is still kept. */
export interface ActorView {
  readonly type: 'actor';
  /** Unique among all programs. */
  readonly id: string;
  readonly program: string;
  readonly name: string;
  readonly parent?: string;
  readonly kind: 'machine' | 'actor';
  /** Names the chart of its machine; see `ChartRequest`. */
  readonly chart: string;
  /** The number of the entry that began it; 0 when that is no longer kept. */
  readonly start: number;
  readonly base: ActorState;
}

interface EntryOf {
  readonly type: 'entry';
  /** Counts entries, from 1. */
  readonly seq: number;
  readonly at: Timestamp;
  readonly actor: string;
  /** Roughly, in bytes. */
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
  /** Something went wrong in the reporting itself; `actor` is the program then. */
  | (EntryOf & { readonly kind: 'problem'; readonly text: string });

export type StateEntry = Extract<Entry, { kind: 'state' }>;

/** A part of a chart, in pixels, y downwards. */
export interface ChartNode {
  readonly id: string;
  readonly key: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history' | 'initial';
  readonly parent?: string;
  readonly description?: string;
  /** What stands below its name. */
  readonly lines: readonly ChartLine[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An invoked actor, a deadline, or an event that changes no state. */
export interface ChartLine {
  readonly kind: 'actor' | 'deadline' | 'event';
  /** The id of the actor; the name of the event. */
  readonly name: string;
  readonly text: string;
}

/** All transitions from one state to one other. */
export interface ChartEdge {
  readonly source: string;
  readonly target: string;
  readonly labels: readonly ChartLabel[];
  /** Bends, from the source to the target. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The middle of the labels. */
  readonly at?: readonly [x: number, y: number];
}

export interface ChartLabel {
  readonly event: string;
  readonly text: string;
}

/** A statechart, laid out. */
export interface Chart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
}

/** What the server says, many at a time. */
export type ServerMessage =
  /** First, and whenever the page missed something: all that follows is new. */
  | { readonly type: 'hello'; readonly control: boolean; readonly wire: boolean }
  | ProgramView
  | ActorView
  | Entry
  | { readonly type: 'chart'; readonly id: string; readonly chart: Chart }
  | { readonly type: 'no-chart'; readonly id: string; readonly why: string }
  /** Whether programs report their messages. */
  | { readonly type: 'wire'; readonly on: boolean };

/** What a page asks for. */
export type PageMessage =
  | { readonly type: 'chart'; readonly id: string }
  | { readonly type: 'wire'; readonly on: boolean }
  /** Only where control is allowed. */
  | { readonly type: 'send'; readonly actor: string; readonly event: { readonly type: string } };
