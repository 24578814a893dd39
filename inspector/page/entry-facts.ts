/** What the details say of an entry, apart from how it is drawn. */

import type { ActorState, Entry, RunningDeadline } from '../shared/view.ts';
import { duration, eventText, oneLine, valueText } from './format.ts';
import type { Model } from './model.ts';

/** Entries that are searched for the previous one of the same program. */
const MAX_SEARCHED = 500;
const MAX_NAME_CHARACTERS = 200;

/** What an entry is, as a title: `Event START`. */
export function titleOf(entry: Entry): string {
  switch (entry.kind) {
    case 'start':
      return 'Actor started';
    case 'stop':
      return 'Actor ended';
    case 'event':
      return `Event ${short(eventText(entry.name))}`;
    case 'state':
      return `State ${short(valueText(entry.state.value))}`;
    case 'message':
      return entry.direction === 'in' ? 'Message received' : 'Message sent';
    case 'problem':
      return 'Problem of the inspection';
  }
}

const short = (text: string): string => oneLine(text, MAX_NAME_CHARACTERS);

/** When an entry was, besides the clock: since its actor started, and since the previous entry. */
export function relativeTimes(model: Model, entry: Entry): string[] {
  const actor = model.history.actors.get(entry.actor)?.actor;
  const start = actor === undefined || actor.start === 0 ? undefined : startOf(model, actor.start);
  const previous = previousOf(model, entry);
  return [
    ...(start === undefined ? [] : [`${duration(entry.at - start)} after its actor started`]),
    ...(previous === undefined
      ? []
      : [`${duration(entry.at - previous.at)} after the previous entry`]),
    // A clock that was set back gives no duration.
  ].filter((text) => !text.startsWith(' '));
}

const startOf = (model: Model, seq: number): number | undefined => model.history.entry(seq)?.at;

const programPart = ({ actor }: Entry): string => actor.split('/', 1)[0] ?? '';

function previousOf(model: Model, entry: Entry): Entry | undefined {
  for (let seq = entry.seq - 1; seq > 0 && entry.seq - seq <= MAX_SEARCHED; seq -= 1) {
    const other = model.history.entry(seq);
    if (other !== undefined && programPart(other) === programPart(entry)) return other;
  }
  return undefined;
}

/** What became of deadlines: `started` are new, `ended` have fired or were cancelled. */
export interface DeadlineChanges {
  readonly started: readonly RunningDeadline[];
  readonly fired: readonly RunningDeadline[];
  readonly cancelled: readonly RunningDeadline[];
}

/** The deadlines that differ between two states. */
export function deadlineChanges(
  before: ActorState | undefined,
  after: ActorState,
): DeadlineChanges {
  const idOf = ({ event, startedAt }: RunningDeadline) => `${String(startedAt)} ${event}`;
  const old = before?.deadlines ?? [];
  const now = after.deadlines ?? [];
  const [oldIds, nowIds] = [new Set(old.map(idOf)), new Set(now.map(idOf))];
  const gone = old.filter((one) => !nowIds.has(idOf(one)));
  return {
    started: now.filter((one) => !oldIds.has(idOf(one))),
    fired: gone.filter(({ event }) => event === after.event),
    cancelled: gone.filter(({ event }) => event !== after.event),
  };
}
