/** Writes the history as a recording, in the messages that programs send. */

import type { ActorState, ActorView, Entry } from '../shared/view.ts';

/** The content of a recording. */
export interface SavedHistory {
  readonly name: string;
  readonly actors: readonly ActorView[];
  readonly entries: readonly Entry[];
  /** The definitions of machines, by the ids of their charts. */
  readonly definitions: ReadonlyMap<string, string>;
}

/** The lines of a recording. An actor's registration replaces its `start` entry, or comes first. */
export function* recordingOf({
  name,
  actors,
  entries,
  definitions,
}: SavedHistory): Generator<string> {
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

/** The introduction. The recording is one program with the actors of all programs. */
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

/** The registration of an actor, with its state before the first kept entry. */
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

/** The line of an entry; '' for a kind that recordings do not have. */
function lineOfEntry(entry: Entry): string {
  const { at, actor: sessionId } = entry;
  switch (entry.kind) {
    case 'start':
      return '';
    case 'stop':
      return lineOf({ type: 'service.stop', sessionId, wirechart: { at } });
    case 'event':
      return lineOf({
        type: 'service.event',
        event: eventText(entry),
        sessionId,
        wirechart: { at },
      });
    case 'state':
      return lineOf({ type: 'service.state', sessionId, ...stateFields(entry.state) });
    case 'message': {
      const { direction, text, bytes, skipped } = entry;
      return lineOf({ type: 'wirechart.message', sessionId, direction, text, bytes, skipped, at });
    }
    case 'problem':
      return lineOf({ type: 'wirechart.problem', text: entry.text, at });
  }
}

const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;

const eventText = ({ name, data, origin }: Extract<Entry, { kind: 'event' }>): string =>
  JSON.stringify({ name, data, $$type: 'scxml', type: 'external', origin });

const stateText = ({ value, context, event, status, tags = [] }: ActorState): string =>
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
    tags,
  });

const stateFields = (state: ActorState): object => ({
  state: stateText(state),
  wirechart: factsOf(state),
});

/** The properties that belong to the field `wirechart`, and not to the XState 4 state. */
const factsOf = (state: ActorState): object =>
  Object.fromEntries(Object.entries(state).filter(([key]) => !V4_STATE_KEYS.has(key)));

const V4_STATE_KEYS: ReadonlySet<string> = new Set(['value', 'context', 'event', 'tags']);
