/** What is kept of the past, as a recording: the same messages as on the wire. */

import type { ActorState, ActorView, Entry } from '../shared/view.ts';

/** What is to be saved. */
export interface Kept {
  readonly name: string;
  readonly actors: readonly ActorView[];
  readonly entries: readonly Entry[];
  /** Of machines, by the names of their charts. */
  readonly definitions: ReadonlyMap<string, string>;
}

/** The lines of a recording. An actor begins with its first entry, or was there before. */
export function* recordingOf({ name, actors, entries, definitions }: Kept): Generator<string> {
  const lineOfActor = (actor: ActorView) =>
    registration(actor, definitions.get(actor.chart) ?? '{}');
  const byId = new Map(actors.map((actor) => [actor.id, actor]));
  yield header(name);
  for (const actor of actors) if (actor.start === 0) yield lineOfActor(actor);
  for (const entry of entries) {
    const actor = entry.kind === 'start' ? byId.get(entry.actor) : undefined;
    yield actor === undefined ? lineOfEntry(entry) : lineOfActor(actor);
  }
}

/** A program of its own, for actors of all programs. */
const header = (name: string): string =>
  lineOf({
    type: 'wirechart.program',
    version: 1,
    name,
    pid: 0,
    instance: '',
    control: false,
    at: Date.now(),
  });

/** An actor, with its state before the first entry that is kept. */
const registration = (actor: ActorView, definition: string): string =>
  lineOf({
    type: 'service.register',
    machine: definition,
    state: stateText(actor.base),
    id: actor.name,
    sessionId: actor.id,
    ...(actor.parent !== undefined && { parent: actor.parent }),
    wirechart: { ...factsOf(actor.base), kind: actor.kind },
  });

/** An entry; '' for one that a recording has no place for. */
function lineOfEntry(entry: Entry): string {
  const { at, actor: sessionId } = entry;
  switch (entry.kind) {
    case 'start':
      return '';
    case 'stop':
      return lineOf({ type: 'service.stop', sessionId, wirechart: { at } });
    case 'event': {
      const { name, data, origin } = entry;
      const scxml = { name, data, $$type: 'scxml', type: 'external', origin };
      const event = JSON.stringify(scxml);
      return lineOf({ type: 'service.event', event, sessionId, wirechart: { at } });
    }
    case 'state':
      return lineOf({
        type: 'service.state',
        state: stateText(entry.state),
        sessionId,
        wirechart: factsOf(entry.state),
      });
    case 'message': {
      const { direction, text, bytes, skipped } = entry;
      const facts = { direction, text, bytes, skipped, at };
      return lineOf({ type: 'wirechart.message', sessionId, ...facts });
    }
    case 'problem':
      return lineOf({ type: 'wirechart.problem', text: entry.text, at });
  }
}

const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;

const stateText = ({ value, context, event, status }: ActorState): string =>
  JSON.stringify({
    value,
    context,
    _event: { name: event, data: { type: event }, $$type: 'scxml', type: 'external' },
    event: { type: event },
    actions: [],
    activities: {},
    meta: {},
    events: [],
    children: {},
    done: status === 'done',
    tags: [],
  });

/** What stands in the field `wirechart`, and not in the v4 state. */
const factsOf = (state: ActorState): object =>
  Object.fromEntries(Object.entries(state).filter(([key]) => !IN_STATE.has(key)));

const IN_STATE: ReadonlySet<string> = new Set(['value', 'context', 'event']);
