/** Takes every edge of the chart's graph on the real machine, and compares it with the model. */

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type ActorLogic,
  type EventObject,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate';
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph';
import type { ProtocolEvent } from '../../src/machines/protocol-types.ts';
import { leaves, pathOfNode } from '../machines/chart.ts';
import { BOUND } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { isThorough, thorough } from '../support/thorough.ts';
import {
  COMMANDS,
  type LinkMethod,
  FAULTS,
  STATE_NAMES,
  possibleIn,
  type Stimulus,
  TABLE,
  type Variant,
} from './model.ts';
import { Rig } from './rig.ts';
import { textOf } from './texts.ts';
import {
  type Chart,
  chartOf,
  ERRORS,
  EVENTS,
  type Input,
  inputOf,
  DIVERSE_VARIANTS,
  VARIANTS,
} from './variants.ts';

type Snapshot = SnapshotFrom<Chart>;

/** The actors of the chart, by the method of the link that each calls. */
const ACTORS: Record<LinkMethod, string> = {
  dial: 'dialer',
  listen: 'listener',
  accept: 'acceptor',
  establish: 'handshake',
  session: 'session',
  read: 'reader',
  write: 'writer',
  drain: 'drain',
  farewell: 'farewell',
  discard: 'discarder',
  flush: 'flush',
  close: 'closer',
  destroy: 'destroyer',
};
const isLinkMethod = (key: string): key is LinkMethod => key in ACTORS;
const LINK_METHODS = Object.keys(ACTORS).filter(isLinkMethod);

/** XState's own events are not part of a machine's event type. */
const internal = (event: EventObject & Record<string, unknown>): ProtocolEvent<string> =>
  event as EventObject as ProtocolEvent<string>;

/** The stimuli that are possible in a snapshot, each with its event. */
const eventsIn = ({
  children,
  status,
  value,
  _nodes,
}: Snapshot): [Stimulus, ProtocolEvent<string>][] => [
  // XState drops events to a machine that has ended, and prints a warning.
  ...COMMANDS.filter(() => status === 'active').map(
    (command): [Stimulus, ProtocolEvent<string>] => [command, EVENTS[command]],
  ),
  ...LINK_METHODS.filter((method) => children[idOf(method)]?.src === ACTORS[method])
    // It has ended there, and was not stopped.
    .filter((method) => method !== 'read' || pathOf(value) !== 'RUNNING.halfOpen')
    .flatMap(reportsOf),
  ..._nodes
    .flatMap(({ after }) => after)
    .map(({ eventType }): [Stimulus, ProtocolEvent<string>] => [
      'deadline',
      internal({ type: eventType }),
    ]),
];

/** What discards is the reader of its state. */
const idOf = (method: LinkMethod): string => (method === 'discard' ? 'reader' : ACTORS[method]);

const reportsOf = (method: LinkMethod): [Stimulus, ProtocolEvent<string>][] => {
  const done = internal({ type: `xstate.done.actor.${idOf(method)}`, output: BOUND });
  const failed = FAULTS.map((fault): [Stimulus, ProtocolEvent<string>] => [
    `${method} ${fault}`,
    internal({ type: `xstate.error.actor.${idOf(method)}`, error: ERRORS[fault] }),
  ]);
  return method === 'write' ? failed : [[`${method} done`, done], ...failed];
};

/** The chart as pure logic, which starts no actors and emits nothing. */
const pureLogic = (chart: Chart): ActorLogic<Snapshot, ProtocolEvent<string>, Input> => ({
  getInitialSnapshot: (_, input) => initialTransition(chart, input)[0],
  transition: (snapshot, event) => transition(chart, snapshot, event)[0],
  getPersistedSnapshot: (snapshot) => snapshot,
});

/** Distinguishes states only by what decides where they lead. */
const coarseKeyOf = ({ value, context }: Snapshot): string => {
  const { phase, endExpected, cause, suppressed, session } = context;
  return JSON.stringify([
    [pathOf(value), phase, endExpected],
    [cause === undefined, suppressed.length > 0, session > 0],
  ]);
};
/** Distinguishes states by everything that they remember. */
const fineKeyOf = ({ value, context }: Snapshot): string => {
  const { phase, endExpected, cause, suppressed, session } = context;
  return JSON.stringify([
    [pathOf(value), phase, endExpected],
    [textOf(cause), suppressed.map(textOf), session > 0],
  ]);
};

interface Edge {
  readonly path: readonly Stimulus[];
  readonly stimulus: Stimulus;
  readonly leadsTo: string;
  /** Whether it leads back to its start. */
  readonly isLoop: boolean;
}

/** The edges of the chart's graph, each with the shortest path to its start. */
function edgesOf(variant: Variant, keyOf: typeof fineKeyOf): Edge[] {
  const stimuli = new Map<ProtocolEvent<string>, Stimulus>();
  const stimulusOf = (event: ProtocolEvent<string>): Stimulus => {
    const stimulus = stimuli.get(event);
    if (stimulus === undefined) throw new Error(`No stimulus has the event ${event.type}`);
    return stimulus;
  };
  const graph = getAdjacencyMap(pureLogic(chartOf(variant)), {
    input: inputOf(variant),
    serializeState: keyOf,
    serializeEvent: stimulusOf,
    events: (snapshot) =>
      eventsIn(snapshot).map(([stimulus, event]) => {
        stimuli.set(event, stimulus);
        return event;
      }),
    limit: 1_000_000,
  });
  const paths = new Map<string, readonly Stimulus[]>();
  // The states are in the order in which they were found: breadth first.
  return adjacencyMapToArray(graph).map(({ state, event, nextState }) => {
    const [key, next] = [keyOf(state), keyOf(nextState)];
    const path = paths.get(key) ?? [];
    if (paths.size === 0) paths.set(key, path);
    const stimulus = stimulusOf(event);
    if (!paths.has(next)) paths.set(next, [...path, stimulus]);
    return { path, stimulus, leadsTo: pathOf(nextState.value), isLoop: next === key };
  });
}

const rigAfter = async (variant: Variant, path: readonly Stimulus[]): Promise<Rig> => {
  const rig = new Rig(variant);
  rig.check();
  for (const stimulus of path) {
    await rig.take(stimulus);
    rig.check();
  }
  return rig;
};

const TEARDOWNS = ['destroy done', 'destroy reset', 'deadline'] as const;
const visited = new Set<string>();
const used = new Set<number>();

const take = async (rig: Rig, { stimulus, leadsTo }: Edge): Promise<void> => {
  expect(possibleIn(rig.model, rig.variant), rig.history).toContain(stimulus);
  await rig.take(stimulus);
  rig.check();
  expect(rig.model.state, rig.history).toBe(leadsTo);
};

/** How many edges were taken. */
let taken = 0;

/** Takes edges that start in the same state, each on a new machine; all loops share one machine. */
async function replay(variant: Variant, edges: readonly Edge[]): Promise<void> {
  const loops = edges.filter(({ isLoop }) => isLoop);
  const walks = [loops, ...edges.filter(({ isLoop }) => !isLoop).map((edge) => [edge])];
  for (const [at, walk] of walks.entries()) {
    const rig = await rigAfter(variant, edges[0]?.path ?? []);
    for (const edge of walk) await take(rig, edge);
    await rig.returnToIdle(TEARDOWNS[at % TEARDOWNS.length]);
    visited.add(rig.model.state);
    for (const { leadsTo } of walk) visited.add(leadsTo);
    for (const row of rig.rows) used.add(row);
  }
  await turn();
}

const replayAll = async (variant: Variant, keyOf: typeof fineKeyOf): Promise<number> => {
  const edges = edgesOf(variant, keyOf);
  for (const path of new Set(edges.map((edge) => edge.path))) {
    await replay(
      variant,
      edges.filter((edge) => edge.path === path),
    );
  }
  taken += edges.length;
  return edges.length;
};

const nameOf = (variant: Variant): string =>
  Object.entries(variant)
    .flatMap(([key, isSet]) => (isSet ? [key] : []))
    .join(', ') || 'none';
const withNames = (variants: readonly Variant[]) =>
  variants.map((variant) => ({ name: nameOf(variant), variant }));

describe('every edge of the chart leads where the model says', () => {
  it.each(withNames(DIVERSE_VARIANTS))('for the options: $name', async ({ variant }) => {
    const edges = await replayAll(variant, thorough(coarseKeyOf, fineKeyOf));
    expect(edges).toBeGreaterThan(250);
  });

  const diverse = DIVERSE_VARIANTS.map(nameOf);
  const others = withNames(VARIANTS).filter(({ name }) => !diverse.includes(name));
  it.runIf(isThorough).each(others)('and for the options: $name', async ({ variant }) => {
    await replayAll(variant, coarseKeyOf);
  });

  it('and all edges together reach every state and use every row of the model', () => {
    if (isThorough) console.log(`${String(taken)} edges`);
    expect([...visited].sort()).toEqual([...STATE_NAMES].sort());
    expect(TABLE.filter((_, row) => !used.has(row))).toEqual([]);
  });

  it('and the chart has no other states than the model', () => {
    // This state is left as soon as it is entered.
    const transient = 'DISCONNECTING.closed';
    const states = leaves.map(pathOfNode).filter((path) => path !== transient);
    // Only a machine for a single session has the state ENDED.
    expect([...states, 'ENDED'].sort()).toEqual([...STATE_NAMES].sort());
  });
});

const isReport = (stimulus: Stimulus): boolean => {
  const [method = '', how] = stimulus.split(' ');
  return isLinkMethod(method) && (how === 'done' || how === 'reset');
};

describe('a command in the turn in which a method settles', () => {
  const variants = thorough(DIVERSE_VARIANTS, VARIANTS);
  it.each(withNames(variants))('is handled first, for the options: $name', async ({ variant }) => {
    // One path to each state is enough: the context does not influence which event is handled
    // first.
    const paths = new Map<string, readonly Stimulus[]>();
    for (const { leadsTo, path, stimulus } of edgesOf(variant, coarseKeyOf)) {
      if (!paths.has(leadsTo)) paths.set(leadsTo, [...path, stimulus]);
    }
    for (const path of paths.values()) {
      const { model } = await rigAfter(variant, path);
      for (const report of possibleIn(model, variant).filter(isReport))
        await raceAll(variant, path, report);
    }
  });
});

async function raceAll(
  variant: Variant,
  path: readonly Stimulus[],
  report: Stimulus,
): Promise<void> {
  for (const command of COMMANDS) {
    const rig = await rigAfter(variant, path);
    await rig.race(report, command);
    rig.check();
    await rig.returnToIdle();
  }
  await turn();
}
