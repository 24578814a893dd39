/** Every edge of the chart's own graph, on the real machine, against the model by hand. */

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
  PLACE_NAMES,
  possibleIn,
  type Stimulus,
  TABLE,
  type World,
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
  UNLIKE_WORLDS,
  WORLDS,
} from './worlds.ts';

type Snapshot = SnapshotFrom<Chart>;

/** The actors of the chart, by the method of the link that each calls. */
const ACTORS: Record<LinkMethod, string> = {
  dial: 'dialer',
  listen: 'listener',
  accept: 'acceptor',
  establish: 'handshake',
  read: 'reader',
  write: 'writer',
  flush: 'flush',
  close: 'closer',
  destroy: 'destroyer',
};
const isLinkMethod = (key: string): key is LinkMethod => key in ACTORS;
const LINK_METHODS = Object.keys(ACTORS).filter(isLinkMethod);

/** XState's own events are no part of a machine's event type. */
const internal = (event: EventObject & Record<string, unknown>): ProtocolEvent =>
  event as EventObject as ProtocolEvent;

/** What a stimulus is to the machine: with its actors alive, one event each. */
const eventsIn = ({ children, status, _nodes }: Snapshot): [Stimulus, ProtocolEvent][] => [
  // XState itself hears nothing any more for a machine that has ended, and warns of it.
  ...COMMANDS.filter(() => status === 'active').map((command): [Stimulus, ProtocolEvent] => [
    command,
    EVENTS[command],
  ]),
  ...LINK_METHODS.filter((method) => ACTORS[method] in children).flatMap(reportsOf),
  ..._nodes
    .flatMap(({ after }) => after)
    .map(({ eventType }): [Stimulus, ProtocolEvent] => ['deadline', internal({ type: eventType })]),
];

const reportsOf = (method: LinkMethod): [Stimulus, ProtocolEvent][] => {
  const done = internal({ type: `xstate.done.actor.${ACTORS[method]}`, output: BOUND });
  const failed = FAULTS.map((fault): [Stimulus, ProtocolEvent] => [
    `${method} ${fault}`,
    internal({ type: `xstate.error.actor.${ACTORS[method]}`, error: ERRORS[fault] }),
  ]);
  return method === 'write' ? failed : [[`${method} done`, done], ...failed];
};

/** The chart as a function; nothing is started and nothing emitted. */
const onPaper = (chart: Chart): ActorLogic<Snapshot, ProtocolEvent, Input> => ({
  getInitialSnapshot: (_, input) => initialTransition(chart, input)[0],
  transition: (snapshot, event) => transition(chart, snapshot, event)[0],
  getPersistedSnapshot: (snapshot) => snapshot,
});

/** Which states are told apart: by what decides where they lead, or by all that they remember. */
const roughKeyOf = ({ value, context }: Snapshot): string => {
  const { phase, endExpected, cause, suppressed, session } = context;
  return JSON.stringify([
    [pathOf(value), phase, endExpected],
    [cause === undefined, suppressed.length > 0, session > 0],
  ]);
};
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
  /** Whether it leads back to where it came from. */
  readonly isLoop: boolean;
}

/** The chart's graph: every edge, with the shortest path to its start. */
function edgesOf(world: World, keyOf: typeof fineKeyOf): Edge[] {
  const stimuli = new Map<ProtocolEvent, Stimulus>();
  const stimulusOf = (event: ProtocolEvent): Stimulus => {
    const stimulus = stimuli.get(event);
    if (stimulus === undefined) throw new Error(`No stimulus makes ${event.type}`);
    return stimulus;
  };
  const graph = getAdjacencyMap(onPaper(chartOf(world)), {
    input: inputOf(world),
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

const walked = async (world: World, path: readonly Stimulus[]): Promise<Rig> => {
  const rig = new Rig(world);
  rig.check();
  for (const stimulus of path) {
    await rig.take(stimulus);
    rig.check();
  }
  return rig;
};

const HOMES = ['destroy done', 'destroy reset', 'deadline'] as const;
const visited = new Set<string>();
const used = new Set<number>();

const take = async (rig: Rig, { stimulus, leadsTo }: Edge): Promise<void> => {
  expect(possibleIn(rig.model), rig.story).toContain(stimulus);
  await rig.take(stimulus);
  rig.check();
  expect(rig.model.place, rig.story).toBe(leadsTo);
};

/** Edges that start in the same state: each on a machine of its own, but for those that lead nowhere. */
async function replay(world: World, edges: readonly Edge[]): Promise<void> {
  const loops = edges.filter(({ isLoop }) => isLoop);
  const walks = [loops, ...edges.filter(({ isLoop }) => !isLoop).map((edge) => [edge])];
  for (const [at, walk] of walks.entries()) {
    const rig = await walked(world, edges[0]?.path ?? []);
    for (const edge of walk) await take(rig, edge);
    await rig.goHome(HOMES[at % HOMES.length]);
    visited.add(rig.model.place);
    for (const { leadsTo } of walk) visited.add(leadsTo);
    for (const row of rig.rows) used.add(row);
  }
  await turn();
}

const replayAll = async (world: World, keyOf: typeof fineKeyOf): Promise<number> => {
  const edges = edgesOf(world, keyOf);
  for (const path of new Set(edges.map((edge) => edge.path))) {
    await replay(
      world,
      edges.filter((edge) => edge.path === path),
    );
  }
  return edges.length;
};

const nameOf = (world: World): string =>
  Object.entries(world)
    .flatMap(([key, is]) => (is ? [key] : []))
    .join(', ') || 'none of all';
const named = (worlds: readonly World[]) => worlds.map((world) => ({ name: nameOf(world), world }));

describe('every edge of the chart leads where the model says', () => {
  it.each(named(UNLIKE_WORLDS))('where the machine is for: $name', async ({ world }) => {
    const edges = await replayAll(world, thorough(roughKeyOf, fineKeyOf));
    expect(edges).toBeGreaterThan(250);
  });

  const others = WORLDS.filter((world) => !UNLIKE_WORLDS.includes(world));
  it.runIf(isThorough).each(named(others))('and for: $name', async ({ world }) => {
    await replayAll(world, roughKeyOf);
  });

  it('and they lead everywhere, and use every row of the model', () => {
    expect([...visited].sort()).toEqual([...PLACE_NAMES].sort());
    expect(TABLE.filter((_, row) => !used.has(row))).toEqual([]);
  });

  it('and the chart has no state that the model does not know', () => {
    // It is left as soon as it is entered.
    const passed = 'DISCONNECTING.closed';
    const states = leaves.map(pathOfNode).filter((path) => path !== passed);
    // Only the machine of one session has the state to end in.
    expect([...states, 'ENDED'].sort()).toEqual([...PLACE_NAMES].sort());
  });
});

const isReport = (stimulus: Stimulus): boolean => {
  const [method = '', how] = stimulus.split(' ');
  return isLinkMethod(method) && (how === 'done' || how === 'reset');
};

describe('a command in the turn in which a method settles', () => {
  const worlds = thorough(UNLIKE_WORLDS, WORLDS);
  it.each(named(worlds))('comes first, where the machine is for: $name', async ({ world }) => {
    // One way into each place is enough: what is remembered does not matter to who comes first.
    const paths = new Map<string, readonly Stimulus[]>();
    for (const { leadsTo, path, stimulus } of edgesOf(world, roughKeyOf)) {
      if (!paths.has(leadsTo)) paths.set(leadsTo, [...path, stimulus]);
    }
    for (const path of paths.values()) {
      const { model } = await walked(world, path);
      for (const report of possibleIn(model).filter(isReport)) await raceAll(world, path, report);
    }
  });
});

async function raceAll(world: World, path: readonly Stimulus[], report: Stimulus): Promise<void> {
  for (const command of COMMANDS) {
    const rig = await walked(world, path);
    await rig.race(report, command);
    rig.check();
    await rig.goHome();
  }
  await turn();
}
