/** What a chart says of a machine: its texts, its details, and the states that are collapsed. */

import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import type { Chart } from '../../inspector/shared/view.ts';
import {
  collapsedByDefault,
  drawnGraph,
  withHiddenStates,
} from '../../inspector/src/drawn-graph.ts';
import type { Graph, GraphNode } from '../../inspector/src/graph.ts';
import { simpleLayout } from '../../inspector/src/simple-layout.ts';
import { chainOf, expectValidLayout, graphFor } from './charts.ts';

const done = fromPromise(() => Promise.resolve(1));

/** Two machines' worth of texts: actors with and without a name, actions, tags, guards. */
const described = setup({
  actors: { probe: done },
  actions: { open: () => undefined, note: () => undefined, shut: () => undefined },
  guards: { isReady: () => true },
}).createMachine({
  id: 'vm',
  initial: 'off',
  states: {
    off: {
      description: 'Nothing runs. It waits for a start.',
      tags: ['idle'],
      meta: { since: 1 },
      on: { START: { target: 'on', guard: 'isReady', actions: ['open', 'note'] } },
    },
    on: {
      initial: 'up',
      states: {
        up: {
          entry: 'open',
          exit: ['shut', 'note'],
          invoke: [
            { src: 'probe', onDone: 'down' },
            { src: done, onError: 'down' },
            { id: 'reader', src: 'probe', onDone: 'down' },
          ],
          on: {
            '*': { actions: 'note' },
            'net.*': { actions: 'note' },
            'net.up': [{ guard: 'isReady', target: 'down' }, 'down'],
          },
        },
        down: {},
        back: { type: 'history' },
        deep: { type: 'history', history: 'deep' },
      },
      on: { STOP: 'off' },
    },
  },
});

function all(node: GraphNode): GraphNode[] {
  return [node, ...node.children.flatMap(all)];
}

function stateIn({ root }: Graph, id: string): GraphNode {
  const found = all(root).find((node) => node.id === id);
  if (found === undefined) throw new Error(`There is no state ${id}`);
  return found;
}

const labelsIn = ({ edges }: Graph, source: string, target: string) =>
  edges.find((edge) => edge.source === source && edge.target === target)?.labels ?? [];

describe('a graph', () => {
  const graph = graphFor(described);

  it('has the tags, the actions, the description and the meta of a state', () => {
    expect(stateIn(graph, 'vm.off')).toMatchObject({
      tags: ['idle'],
      description: 'Nothing runs. It waits for a start.',
      meta: { since: 1 },
      notes: [
        { kind: 'tags', text: '#idle' },
        { kind: 'description', text: 'Nothing runs.' },
      ],
    });
    const { entry, exit, notes } = stateIn(graph, 'vm.on.up');
    expect({ entry, exit }).toEqual({ entry: ['open'], exit: ['shut', 'note'] });
    expect(notes.map(({ text }) => text)).toEqual(['entry / open', 'exit / shut, note']);
  });

  it('names an actor without an id by its logic, or by its state', () => {
    const { lines } = stateIn(graph, 'vm.on.up');
    const actors = lines.filter(({ kind }) => kind === 'actor');
    expect(actors.map(({ text, src }) => [text, src])).toEqual([
      ['probe', undefined],
      ['actor 2 of up', undefined],
      ['reader', 'probe'],
    ]);
    const texts = labelsIn(graph, 'vm.on.up', 'vm.on.down').map(({ text }) => text);
    expect(texts).toContain('probe done');
    expect(texts).toContain('actor 2 of up failed');
    expect(texts).toContain('reader done');
    expect(
      JSON.stringify(graph.edges.map(({ labels }) => labels.map((one) => one.lines))),
    ).not.toMatch(/\d\.vm/);
  });

  it('has the transitions for an event in the order in which XState tries them', () => {
    const { transitions } = stateIn(graph, 'vm.on.up');
    const own = transitions.filter(({ event }) => /^(?:net|\*)/.test(event));
    expect(own.map(({ event, index, guard, target }) => [event, index, guard, target])).toEqual([
      ['net.up', 0, 'isReady', ['vm.on.down']],
      ['net.up', 1, undefined, ['vm.on.down']],
      ['net.*', 0, undefined, []],
      ['*', 0, undefined, []],
    ]);
  });

  it('tells shallow from deep history', () => {
    expect(stateIn(graph, 'vm.on.back').history).toBe('shallow');
    expect(stateIn(graph, 'vm.on.deep').history).toBe('deep');
    expect(stateIn(graph, 'vm.on.up')).not.toHaveProperty('history');
  });

  it('writes the event, the guard and the actions of a transition in short lines', () => {
    const [label] = labelsIn(graph, 'vm.off', 'vm.on');
    expect(label?.text).toBe('START [isReady]');
    expect(label?.lines).toEqual(['START [isReady]', '/ open, note']);
    const long = 'aVeryLongNameOfAnEventThatTakesMuchRoom';
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          on: {
            [long]: {
              guard: function isAllowed() {
                return true;
              },
              target: 'b',
            },
          },
        },
        b: {},
      },
    });
    const [other] = labelsIn(graphFor(machine), 'm.a', 'm.b');
    expect(other?.lines).toEqual(['aVeryLongNameOfAnEventThatTakesMu…', '[isAllowed]']);
  });
});

describe('a drawn graph', () => {
  const graph = graphFor(described);

  it('leads the transitions of collapsed states to and from the collapsed one', () => {
    const drawn = drawnGraph(graph, { collapsed: ['vm.on'] });
    expect(stateIn(drawn, 'vm.on')).toMatchObject({ isCollapsed: true, children: [] });
    expect(drawn.edges.map(({ source, target }) => `${source} ${target}`)).toEqual([
      ...['vm:initial vm.off', 'vm.off vm.on', 'vm.on vm.off'],
    ]);
  });

  it('says which hidden states a transition leads from and to', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { initial: 'x', states: { x: { on: { GO: '#m.b.y' } } } },
        b: { initial: 'y', states: { y: { on: { GO: '#m.a.x' } } } },
      },
    });
    const drawn = drawnGraph(graphFor(machine), { collapsed: ['m.a', 'm.b'] });
    expect(labelsIn(drawn, 'm.a', 'm.b')).toMatchObject([{ from: 'm.a.x', to: 'm.b.y' }]);
    expect(labelsIn(drawn, 'm.b', 'm.a')).toMatchObject([{ from: 'm.b.y', to: 'm.a.x' }]);
  });

  it('keeps the hidden states in the chart, with the box of the collapsed one', () => {
    const drawn = drawnGraph(graph, { collapsed: ['vm.on'] });
    const chart: Chart = withHiddenStates(simpleLayout('c', drawn), graph);
    const [on, up] = ['vm.on', 'vm.on.up'].map((id) => chart.nodes.find((node) => node.id === id));
    expect(up).toMatchObject({ isHidden: true, parent: 'vm.on', x: on?.x, width: on?.width });
    expect(up?.transitions.length).toBeGreaterThan(0);
    const states = chart.nodes.filter(({ kind }) => kind !== 'initial').map(({ id }) => id);
    expect(states).toEqual(
      all(graph.root)
        .filter(({ kind }) => kind !== 'initial')
        .map(({ id }) => id),
    );
  });

  it('ignores collapsed states that do not exist or have no states', () => {
    const drawn = drawnGraph(graph, { collapsed: ['vm.off', 'nothing', '__proto__'] });
    expect(all(drawn.root).some(({ isCollapsed }) => isCollapsed)).toBe(false);
    expect(drawn.edges).toHaveLength(graph.edges.length);
  });

  it('has details unless they would make it hard to read, or as it is asked for', () => {
    expect(drawnGraph(graph, {}).details).toBe(true);
    const long = graphFor(chainOf(100));
    expect(drawnGraph(long, { collapsed: [] }).details).toBe(false);
    expect(drawnGraph(long, { collapsed: [], details: true }).details).toBe(true);
    const short = drawnGraph(graph, { details: false });
    expect(labelsIn(short, 'vm.off', 'vm.on').map(({ lines }) => lines)).toEqual([
      ['START [isReady]'],
    ]);
    expect(stateIn(short, 'vm.off').notes).toEqual([{ kind: 'tags', text: '#idle' }]);
  });

  it('collapses a large machine below the depth at which it can still be read', () => {
    const inner = () => ({
      initial: 's0',
      states: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`s${String(at)}`, {}])),
    });
    const regions = Array.from({ length: 20 }, (_, at) => [`r${String(at)}`, inner()] as const);
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: Object.fromEntries(regions),
    });
    const large = graphFor(machine);
    expect(collapsedByDefault(large)).toEqual(regions.map(([name]) => `m.${name}`));
    expect(all(drawnGraph(large, {}).root)).toHaveLength(21);
    expect(collapsedByDefault(graph)).toEqual([]);
    // There is nothing to collapse but the machine itself.
    expect(collapsedByDefault(graphFor(chainOf(300)))).toEqual([]);
  });
});

describe('a simple layout', () => {
  it.each([
    ['with nested states', described],
    ['with 1 500 states', chainOf(1_500)],
  ])('is valid for a machine %s', (_, machine) => {
    const chart = simpleLayout('c', graphFor(machine));
    expect(chart.isSimple).toBe(true);
    if (chart.nodes.length > 100) expect(chart.width / chart.height).toBeLessThan(8);
    else expectValidLayout(chart, machine);
  });
});
