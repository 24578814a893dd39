/** What a program needs from the hub, and the hub from a program's connection. */

import type { ActorView, Entry, ProgramView } from '../shared/view.ts';
import type { Charts } from './charts.ts';
import type { JsonObject } from './checks.ts';
import type { Total } from './living.ts';

export type { V4Machine } from './receiver.ts';

/** A union of entries without some of their properties. */
type EntryWithout<E extends Partial<Entry>, K extends keyof Entry> = E extends unknown
  ? Omit<E, K>
  : never;

/** An entry that has no number yet. */
export type NewEntry = EntryWithout<Entry, 'seq' | 'type'>;

/** The same, before its size is known. */
export type UnsizedEntry = EntryWithout<Entry, 'seq' | 'type' | 'size'>;

/** Where a program publishes what it receives. */
export interface Publisher {
  program(view: ProgramView): void;
  /** The number of the next entry. */
  readonly nextSeq: number;
  actor(view: ActorView): void;
  /** The id of the latest program with this name that has disconnected, and was not followed by another. */
  previousRun(id: string, name: string): string | undefined;
  add(entry: NewEntry): void;
  /** The definitions of all machines. */
  readonly charts: Pick<Charts, 'check' | 'add'>;
  /** What all programs hold. */
  readonly total: Total;
  /** Other receivers, which get messages with unique actor ids. */
  readonly relay: { readonly isUsed: boolean; pass(message: JsonObject): void };
}

/** A connected program's end of its connection. */
export interface ProgramSocket {
  send(command: object): void;
  /** Sends a ping, whose pong repeats the payload. */
  ping(payload: string): void;
}
