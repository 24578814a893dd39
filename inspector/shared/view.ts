/** The messages between the inspector's server and its page. Types only. */

import type { MachineShape } from './shape.ts';

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
  /** The number of its oldest entries that are no longer kept. */
  readonly dropped?: number;
  /** The id of the program that it is another run of, which had disconnected when this one came. */
  readonly restartOf?: string;
}

export type Status = 'active' | 'done' | 'error' | 'stopped';

/** An actor at one moment. */
export interface ActorState {
  readonly at: Timestamp;
  readonly status: Status;
  /** The state value; for an actor that is not a machine, its status. */
  readonly value: Json;
  readonly context: Json;
  readonly tags?: readonly string[];
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
  /** Which of the transitions of its source for its event it is, from 0. */
  readonly index?: number;
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
  /** The id of its machine, if it has one of its own. */
  readonly machine?: string;
  /** The id of its machine's chart, which the page requests with `chart`. */
  readonly chart: string;
  /** The number of its `start` entry; 0 when that is no longer kept. */
  readonly start: number;
  readonly base: ActorState;
}

interface EntryOf {
  readonly type: 'entry';
  /** The number of the entry, from 1, ascending over all programs. */
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
  /** Of a history state: whether it restores all levels, or the one below its parent. */
  readonly history?: 'shallow' | 'deep';
  readonly tags: readonly string[];
  /** The names of the actions on entry and on exit, in order. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** For any event, the matching ones are in the order in which XState tries them. */
  readonly transitions: readonly ChartTransition[];
  readonly meta?: Json;
  /** The lines below its name that say what it is. */
  readonly notes: readonly ChartNote[];
  /** The lines below its notes. */
  readonly lines: readonly ChartLine[];
  /** Its states are not drawn. */
  readonly isCollapsed?: true;
  /** It is within a collapsed state, whose box it has: it is not drawn. */
  readonly isHidden?: true;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A transition of a state. */
export interface ChartTransition {
  readonly event: string;
  /** Which of the transitions of its state for its event it is, from 0. */
  readonly index: number;
  /** The event in words. */
  readonly text: string;
  readonly guard?: string;
  /** The ids of its targets; none for one that changes no state. */
  readonly target: readonly string[];
  readonly actions: readonly string[];
  readonly description?: string;
}

/** A part of a state's definition, as a short text. */
export interface ChartNote {
  readonly kind: 'tags' | 'description' | 'entry' | 'exit';
  readonly text: string;
}

/** An invoked actor, a deadline, or an event that changes no state. */
export interface ChartLine {
  readonly kind: 'actor' | 'deadline' | 'event';
  /** The id of the actor, or the name of the event. */
  readonly name: string;
  readonly text: string;
  /** Of an event: which of the transitions of its state for it it is, from 0. */
  readonly index?: number;
  /** The name of an actor's logic, unless its text says it. */
  readonly src?: string;
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

/** A transition of an edge. */
export interface ChartLabel {
  readonly event: string;
  /** Which of the transitions of its state for its event it is, from 0. */
  readonly index: number;
  /** The event and the guard. */
  readonly text: string;
  /** What is drawn: the event, the guard and the actions, in short lines. */
  readonly lines: readonly string[];
  /** The state that has the transition, when it is within a collapsed source. */
  readonly from?: string;
  /** The target, when it is within a collapsed state. */
  readonly to?: string;
}

/** A laid out statechart. */
export interface Chart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** All states, parents before their children. */
  readonly nodes: readonly ChartNode[];
  /** The drawn transitions. */
  readonly edges: readonly ChartEdge[];
  /** Laid out in plain columns, with straight lines: the better layout takes too long, or still takes its time. */
  readonly isSimple?: true;
  /** Whether notes and the actions of transitions are drawn. */
  readonly details: boolean;
}

/** Which chart is meant. */
export interface ChartRef {
  readonly id: string;
  /** The ids of the states whose states are not drawn; by default the server chooses them. */
  readonly collapsed?: readonly string[];
  /** Whether notes and the actions of transitions are drawn; by default where there is room. */
  readonly details?: boolean;
}

/** A message from the server. They are sent in arrays. */
export type ServerMessage =
  /** Starts the full state: the first message, and sent again after the page has missed messages. */
  | {
      readonly type: 'hello';
      readonly control: boolean;
      readonly wire: boolean;
      /** The number of the newest entry: the later ones happen while the page is open. */
      readonly newest?: number;
    }
  | ProgramView
  | ActorView
  | Entry
  | (ChartRef & { readonly type: 'chart'; readonly chart: Chart })
  | (ChartRef & { readonly type: 'no-chart'; readonly why: string })
  /** What a machine consists of; no shape when it is not known. */
  | { readonly type: 'shape'; readonly id: string; readonly shape?: MachineShape }
  /** The layout takes its time. Another answer follows. */
  | (ChartRef & { readonly type: 'chart-progress'; readonly states: number })
  /** Whether programs report the messages of their protocol machines. */
  | { readonly type: 'wire'; readonly on: boolean }
  /** How much of a long recording has been read, and whether that is all. `id` tells two apart. */
  | {
      readonly type: 'opening';
      readonly id: number;
      readonly name: string;
      readonly bytes: number;
      readonly isDone: boolean;
    }
  /** The program was forgotten, with its actors and entries. */
  | { readonly type: 'forgotten'; readonly program: string }
  /** What became of a `send` of this page. */
  | { readonly type: 'sent'; readonly id: number; readonly problem?: string };

/** A request from a page. */
export type PageMessage =
  | (ChartRef & {
      readonly type: 'chart';
      /** The page does not want this chart any more. */
      readonly cancel?: true;
    })
  /** Asks for the shape of the machine with this chart. */
  | { readonly type: 'shape'; readonly id: string }
  | { readonly type: 'wire'; readonly on: boolean }
  /** Forgets a program that is not connected, or a recording. */
  | { readonly type: 'forget'; readonly program: string }
  /** Sends an event to an actor. Ignored unless control is allowed. `id` is repeated in the answer. */
  | {
      readonly type: 'send';
      readonly id?: number;
      readonly actor: string;
      readonly event: { readonly type: string };
    };
