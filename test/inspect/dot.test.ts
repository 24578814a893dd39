import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { toDot, toMermaid } from '../../src/inspect/index.ts';
import { leaves, nodes } from '../machines/chart.ts';
import { chart } from '../machines/support.ts';

/** The lines of a text without the header that all have. */
const body = (text: string): string[] =>
  text
    .split('\n')
    .slice(4, -1)
    .map((line) => line.slice(2));

/** The nodes (without initial markers) and the clusters that a text declares. */
function declaredIn(text: string) {
  const ids = [...text.matchAll(/^ *"(\w+)" \[label=/gm)].map(([, id]) => String(id));
  const clusters = [...text.matchAll(/^ *subgraph "cluster_(\w+)" \{$/gm)].map(([, id]) =>
    String(id),
  );
  return { ids, clusters };
}

describe('a Graphviz diagram', () => {
  it('shows nesting, actors, guards, deadlines and final states', () => {
    const machine = createMachine({
      id: 'car',
      initial: 'off',
      on: { LOG: { actions: 'log' } },
      states: {
        off: { on: { GO: [{ guard: 'isReady', target: 'on' }, { target: 'on.slow' }] } },
        on: {
          invoke: { src: 'engine', id: 'engine', onDone: 'off', onError: { actions: 'log' } },
          initial: 'fast',
          states: {
            fast: { after: { limit: 'slow' }, on: { SLOWER: 'slow', HORN: { actions: 'log' } } },
            slow: { on: { STOP: 'stopped' } },
            stopped: { type: 'final' },
          },
          onDone: 'off',
        },
      },
    });
    expect(toDot(machine)).toBe(
      [
        'digraph {',
        '  graph [compound=true, rankdir=LR, fontname="sans-serif", style=rounded, nodesep=0.3]',
        '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11]',
        '  edge [fontname="sans-serif", fontsize=9]',
        '  label="car\\nin every state: handles LOG"',
        '  "initial _" [shape=point, width=0.1]',
        '  "off" [label="off"]',
        '  subgraph "cluster_on" {',
        '    label="on\\nruns engine"',
        '    "initial on" [shape=point, width=0.1]',
        '    "on_fast" [label="fast\\nhandles HORN"]',
        '    "on_slow" [label="slow"]',
        '    "on_stopped" [label="stopped", peripheries=2]',
        '    "initial on" -> "on_fast"',
        '  }',
        '  "initial _" -> "off"',
        '  "off" -> "on_fast" [label="GO [isReady]", lhead="cluster_on"]',
        '  "off" -> "on_slow" [label="GO"]',
        '  "on_fast" -> "off" [label="done\\nengine done", ltail="cluster_on"]',
        '  "on_fast" -> "on_slow" [label="SLOWER\\nafter limit"]',
        '  "on_slow" -> "on_stopped" [label="STOP"]',
        '}',
      ].join('\n'),
    );
  });

  it('declares every state once: compound states as clusters, leaf states as nodes', () => {
    const { ids, clusters } = declaredIn(toDot(chart));
    const path = (node: { path: readonly string[] }) => node.path.join('_');
    expect(ids.sort()).toEqual(leaves.map(path).sort());
    const inner = nodes.filter((node) => node.path.length > 0 && !leaves.includes(node));
    expect(clusters.sort()).toEqual(inner.map(path).sort());
  });

  it('has arrows only between declared nodes, clipped at declared clusters', () => {
    const text = toDot(chart);
    const { ids, clusters } = declaredIn(text);
    const arrows = [...text.matchAll(/^ *"(\w+)" -> "(\w+)" \[label=".+?"(.*)\]$/gm)];
    expect(arrows.length).toBeGreaterThan(20);
    for (const [, from, to, ends] of arrows) {
      expect(ids).toContain(from);
      expect(ids).toContain(to);
      for (const [, cluster] of String(ends).matchAll(/"cluster_(\w+)"/g))
        expect(clusters).toContain(cluster);
    }
  });

  it('shows as many arrows as Mermaid does', () => {
    const count = (text: string, arrow: RegExp) => [...text.matchAll(arrow)].length;
    const drawn = count(toDot(chart), /^ *"\w+" -> "\w+" \[label=/gm);
    expect(drawn).toBe(count(toMermaid(chart), /^ *\w+ --> \w+ : /gm));
    expect(drawn).toBeGreaterThan(20);
  });

  it('is the same for the same machine', () => {
    expect(toDot(chart)).toBe(toDot(chart.provide({})));
  });

  it('has the regions of a parallel state as dashed clusters, without an initial marker', () => {
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: {
        left: { initial: 'a', states: { a: { always: 'b' }, b: {} } },
        right: { type: 'parallel', states: { up: {}, down: { initial: 'x', states: { x: {} } } } },
      },
    });
    expect(body(toDot(machine))).toEqual([
      'label="m"',
      'subgraph "cluster_left" {',
      '  label="left"',
      '  style="rounded,dashed"',
      '  "initial left" [shape=point, width=0.1]',
      '  "left_a" [label="a"]',
      '  "left_b" [label="b"]',
      '  "initial left" -> "left_a"',
      '}',
      'subgraph "cluster_right" {',
      '  label="right"',
      '  style="rounded,dashed"',
      '  "right_up" [label="up"]',
      '  subgraph "cluster_right_down" {',
      '    label="down"',
      '    style="rounded,dashed"',
      '    "initial right_down" [shape=point, width=0.1]',
      '    "right_down_x" [label="x"]',
      '    "initial right_down" -> "right_down_x"',
      '  }',
      '}',
      '"left_a" -> "left_b" [label="always"]',
    ]);
  });

  it('lists in the title what leads from every state, and what restarts the machine', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      invoke: { id: 'clock', src: 'clock' },
      on: { STOP: '.b', HALT: '.b', RESET: '#m' },
      states: { a: { on: { AGAIN: '#m', GO: 'b' } }, b: {} },
    });
    expect(body(toDot(machine))).toEqual([
      'label="m\\nin every state: runs clock\\nin every state: restarts on RESET\\nin every state: STOP, HALT leads to b"',
      '"initial _" [shape=point, width=0.1]',
      '"a" [label="a\\nrestarts on AGAIN"]',
      '"b" [label="b"]',
      '"initial _" -> "a"',
      '"a" -> "b" [label="GO"]',
    ]);
  });

  it('clips arrows at the cluster when a compound state is the initial state or its own target', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'outer',
      states: {
        outer: {
          initial: 'inner',
          states: { other: {}, inner: { initial: 'x', states: { x: {} } } },
          on: { AGAIN: { target: 'outer', reenter: true } },
        },
      },
    });
    const text = toDot(machine);
    expect(text).toContain('"initial _" -> "outer_other" [lhead="cluster_outer"]');
    expect(text).toContain('"initial outer" -> "outer_inner_x" [lhead="cluster_outer_inner"]');
    expect(text).toContain(
      '"outer_other" -> "outer_other" [label="AGAIN", ltail="cluster_outer", lhead="cluster_outer"]',
    );
  });

  it('escapes quotes, backslashes and line breaks', () => {
    const machine = createMachine({
      id: 'a "machine"',
      initial: 'one "two"',
      states: { 'one "two"': { on: { 'A\\B\n"C"': '#c' } }, 'C:\\': { id: 'c' } },
    });
    expect(body(toDot(machine))).toEqual([
      'label="a \\"machine\\""',
      '"initial _" [shape=point, width=0.1]',
      '"one__two_" [label="one \\"two\\""]',
      '"C__" [label="C:\\\\"]',
      '"initial _" -> "one__two_"',
      '"one__two_" -> "C__" [label="A\\\\B\\n\\"C\\""]',
    ]);
  });

  it('has a unique id for every state and every initial marker', () => {
    const machine = createMachine({
      initial: 'a b',
      states: {
        'a b': { on: { NEXT: 'a-b' } },
        'a-b': { on: { NEXT: 'a' } },
        a: { initial: 'b', states: { b: { on: { NEXT: '#a_b_2' } } } },
        a_b_2: { id: 'a_b_2' },
        initial_a: {},
        ä: {},
        ö: {},
      },
    });
    const { ids } = declaredIn(toDot(machine));
    expect(ids).toEqual(['a_b', 'a_b_2', 'a_b_3', 'a_b_2_2', 'initial_a', '__2', '__3']);
    const markers = [...toDot(machine).matchAll(/"([^"]+)" \[shape=point/g)].map(([, id]) => id);
    expect(markers).toEqual(['initial _', 'initial a']);
    expect(body(toDot(machine)).slice(-3)).toEqual([
      '"a_b" -> "a_b_2" [label="NEXT"]',
      '"a_b_2" -> "a_b_3" [label="NEXT", lhead="cluster_a"]',
      '"a_b_3" -> "a_b_2_2" [label="NEXT"]',
    ]);
  });

  it('can be that of a machine without states', () => {
    expect(body(toDot(createMachine({ id: 'm', on: { HI: {} } })))).toEqual([
      'label="m\\nin every state: handles HI"',
    ]);
  });
});

describe('a history state', () => {
  const machine = createMachine({
    id: 'player',
    initial: 'off',
    states: {
      off: { on: { ON: 'menu.deepest' } },
      menu: {
        initial: 'one',
        states: {
          one: {},
          two: { initial: 'a', states: { a: {} } },
          last: { type: 'history' },
          deepest: { type: 'history', history: 'deep', target: 'two.a' },
          shallow: { type: 'history', history: 'shallow', target: '#player.off' },
        },
        on: { BACK: '.last' },
      },
    },
  });

  it.each([
    ['Mermaid', toMermaid, 'menu_last : H#58; history', 'menu_deepest : H*#58; deep history'],
    [
      'Graphviz',
      toDot,
      '"menu_last" [label="last\\nH: history"',
      '"menu_deepest" [label="deepest\\nH*: deep history"',
    ],
  ])('is marked in %s, and a deep one differently', (_, draw, shallow, deep) => {
    expect(draw(machine)).toContain(shallow);
    expect(draw(machine)).toContain(deep);
  });

  it('has an arrow to where it leads without history', () => {
    const text = toMermaid(machine);
    expect(text).toContain('menu_deepest --> menu_two_a : without history');
    expect(text).toContain('menu_shallow --> off : without history');
    expect(text).not.toContain('menu_last -->');
  });
});
