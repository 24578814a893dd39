/** The page's chart, as far as it needs no browser: last transitions, position, search, keys, Mermaid. */

import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { statesWith } from '../../inspector/page/chart-find.ts';
import { mermaidOf } from '../../inspector/page/chart-mermaid.ts';
import { ChartStates, insideText } from '../../inspector/page/chart-states.ts';
import { isSame, TakenTransitions } from '../../inspector/page/chart-taken.ts';
import { ChartViewport } from '../../inspector/page/chart-viewport.ts';
import { nextState } from '../../inspector/page/chart-walk.ts';
import type { ActorState, Chart, Json, StateEntry } from '../../inspector/shared/view.ts';
import { drawnGraph, withHiddenStates } from '../../inspector/src/drawn-graph.ts';
import { simpleLayout } from '../../inspector/src/simple-layout.ts';
import { graphFor } from './charts.ts';
import { nested, parallel } from './machines.ts';

function chartFor(machine: Parameters<typeof graphFor>[0], collapsed: string[] = []): Chart {
  const graph = graphFor(machine);
  return withHiddenStates(simpleLayout('c', drawnGraph(graph, { collapsed })), graph);
}

const BASE: ActorState = {
  at: 0,
  status: 'active',
  value: '',
  context: null,
  event: 'xstate.init',
};

/** A state entry after a transition from each of the sources. */
const entryOf = (seq: number, ...sources: string[]): StateEntry => ({
  type: 'entry',
  kind: 'state',
  seq,
  at: seq,
  actor: 'a',
  size: 1,
  state: {
    ...BASE,
    microsteps:
      sources.length === 0
        ? []
        : [
            {
              event: 'E',
              value: '',
              transitions: sources.map((source) => ({ source, event: 'E', target: ['t'] })),
            },
          ],
  },
});

describe('the last transitions', () => {
  const states = new ChartStates(chartFor(parallel));
  const taken = () => new TakenTransitions((id) => states.regionOf(id));
  const seqs = (found: ReturnType<TakenTransitions['of']>) =>
    [...found].map(([region, { seq }]) => [region, seq]);
  const light = 'parallel.light.dark';
  const fan = 'parallel.air.fan.still';

  it('are kept for each region, the newest last', () => {
    const found = taken().of(BASE, [entryOf(1, light), entryOf(2, fan), entryOf(3, light)]);
    expect(seqs(found)).toEqual([
      ['parallel.air.fan', 2],
      ['parallel.light', 3],
    ]);
  });

  it('stay until the next one, whatever other events come', () => {
    const found = taken().of(BASE, [entryOf(1, light), entryOf(2), entryOf(3)]);
    expect(seqs(found)).toEqual([['parallel.light', 1]]);
  });

  it('are those of one entry, when it has transitions in several regions', () => {
    const found = taken().of(BASE, [entryOf(1, light, fan)]);
    expect(seqs(found)).toEqual([
      ['parallel.light', 1],
      ['parallel.air.fan', 1],
    ]);
  });

  it('are the same object while there is no new one', () => {
    const last = taken();
    const entries = [entryOf(1, light), entryOf(2)];
    expect(last.of(BASE, entries)).toBe(last.of(BASE, entries));
  });

  it('are those at the moment', () => {
    const last = taken();
    const entries = [entryOf(1, light), entryOf(2, light)];
    expect(seqs(last.of(BASE, entries))).toEqual([['parallel.light', 2]]);
    expect(seqs(last.of(BASE, entries.slice(0, 1)))).toEqual([['parallel.light', 1]]);
    expect(seqs(last.of(BASE, []))).toEqual([]);
  });

  it('are found in a bounded number of entries', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => entryOf(at + 1));
    expect(seqs(taken().of(BASE, [entryOf(0, light), ...many]))).toEqual([]);
  });

  it('are those of a region that has waited while another one has moved on for long', () => {
    const many = Array.from({ length: 5_000 }, (_, at) => entryOf(at + 1, light));
    expect(seqs(taken().of(BASE, [entryOf(0, fan), ...many]))).toEqual([
      ['parallel.air.fan', 0],
      ['parallel.light', 5_000],
    ]);
  });

  it('are told from others of the same state by their event, target and position', () => {
    const one = { source: 's', event: 'E', target: ['t'], index: 1 };
    expect(isSame(one, 's', 't', { event: 'E', index: 1 })).toBe(true);
    expect(isSame(one, 's', 't', { event: 'E', index: 0 })).toBe(false);
    expect(isSame(one, 's', 't', { event: 'F', index: 1 })).toBe(false);
    expect(isSame(one, 's', 'u', { event: 'E', index: 1 })).toBe(false);
    expect(isSame(one, 's', undefined, { event: 'E', index: 1 })).toBe(false);
    expect(isSame({ ...one, target: [] }, 's', undefined, { event: 'E', index: 1 })).toBe(true);
  });
});

describe('the states of a chart', () => {
  it('are active by the state value, also where they are not drawn', () => {
    const states = new ChartStates(chartFor(parallel, ['parallel.air']));
    const value: Json = { light: 'dark', air: { fan: 'still', heat: 'warm' } };
    const active = states.activeIn(value);
    expect([...active.keys()]).toEqual([
      ...['parallel', 'parallel.light', 'parallel.light.dark', 'parallel.air'],
      ...['parallel.air.fan', 'parallel.air.fan.still', 'parallel.air.heat'],
      'parallel.air.heat.warm',
    ]);
    expect(states.drawn('parallel.air.heat.warm')?.id).toBe('parallel.air');
    expect(insideText(active.get('parallel.air'), 40)).toBe('fan.still | heat.warm');
    expect(insideText(active.get('parallel.air'), 10)).toBe('fan.still…');
  });

  it('of a value that does not fit the chart are left out', () => {
    const states = new ChartStates(chartFor(nested));
    for (const value of [
      'nowhere',
      null,
      7,
      ['on'],
      { on: { slow: { deeper: 'x' } } },
      { __proto__: 'x' },
    ]) {
      const ids = [...states.activeIn(value).keys()];
      expect(ids[0]).toBe('nested');
      expect(ids.every((id) => states.byId.has(id))).toBe(true);
    }
  });
});

describe('the viewport', () => {
  function viewportFor(chart: { width: number; height: number }): ChartViewport {
    const viewport = new ChartViewport();
    viewport.pane = { width: 800, height: 600 };
    viewport.show(chart, false);
    return viewport;
  }

  it('shows all of a chart when its texts can be read then, in the middle', () => {
    const viewport = viewportFor({ width: 700, height: 300 });
    expect(viewport.isWhole).toBe(true);
    expect(viewport.scale).toBeGreaterThan(1);
    const [x] = viewport.position;
    expect(x + viewport.size.width / 2).toBeCloseTo(400, -1);
  });

  it('never makes texts smaller than 11 px by itself', () => {
    const viewport = viewportFor({ width: 5_000, height: 4_000 });
    expect(viewport.scale).toBe(1);
    viewport.pane = { width: 200, height: 100 };
    expect(viewport.scale).toBe(1);
  });

  it('fits all of a chart on request, and after the pane has changed its size', () => {
    const viewport = viewportFor({ width: 5_000, height: 400 });
    viewport.fit();
    expect(viewport.isWhole).toBe(true);
    viewport.pane = { width: 300, height: 200 };
    expect(viewport.isWhole).toBe(true);
  });

  it('zooms around a point, which stays where it is', () => {
    const viewport = viewportFor({ width: 5_000, height: 4_000 });
    viewport.pan(-1_000, -900);
    const at = [321, 123] as const;
    const inChart = () =>
      at.map((part, axis) => (part - (viewport.position[axis] ?? 0)) / viewport.scale);
    const before = inChart();
    viewport.zoom(1.25, at);
    const after = inChart();
    expect(after[0]).toBeCloseTo(before[0] ?? NaN, -1);
    expect(after[1]).toBeCloseTo(before[1] ?? NaN, -1);
  });

  it('keeps a part of the chart in view, however far it is moved', () => {
    const viewport = viewportFor({ width: 5_000, height: 4_000 });
    viewport.pan(1e9, -1e9);
    const [x, y] = viewport.position;
    expect(x).toBeLessThan(800);
    expect(y + viewport.size.height).toBeGreaterThan(0);
  });

  it('moves only what is out of view', () => {
    const viewport = viewportFor({ width: 5_000, height: 4_000 });
    expect(viewport.reveal({ x: 100, y: 100, width: 80, height: 40 })).toBe(false);
    expect(viewport.reveal({ x: 3_000, y: 2_000, width: 80, height: 40 })).toBe(true);
    expect(viewport.position[0] + 3_040).toBe(400);
  });
});

describe('the arrow keys', () => {
  const { nodes } = chartFor(nested);
  const from = (id: string) => {
    const node = nodes.find((one) => one.id === id);
    if (node === undefined) throw new Error(`There is no state ${id}`);
    return node;
  };

  it('lead into a state and out of it', () => {
    const inner = nextState(nodes, from('nested.on'), 'ArrowDown');
    expect(inner?.parent).toBe('nested.on');
    const first = nodes.filter(({ parent, kind }) => parent === 'nested.on' && kind !== 'initial');
    const top = first.reduce((one, other) => (other.y < one.y ? other : one));
    expect(nextState(nodes, top, 'ArrowUp')?.id).toBe('nested.on');
  });

  it('lead to every state from the root, and never to what is not drawn', () => {
    const reached = new Set([from('nested')]);
    for (const node of reached) {
      for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const) {
        const next = nextState(nodes, node, key);
        if (next !== undefined) reached.add(next);
      }
    }
    expect([...reached].map(({ id }) => id).sort()).toEqual(
      nodes
        .filter(({ kind }) => kind !== 'initial')
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describe('the search in a chart', () => {
  it('finds states by names, events, guards, actions and actors', () => {
    const chart = chartFor(nested);
    expect(statesWith(chart, 'slow')).toEqual(['nested.on.slow']);
    expect(statesWith(chart, 'resume')).toEqual(['nested.paused']);
    expect(statesWith(chart, 'after limit')).toEqual(['nested.paused']);
    expect(statesWith(chart, 'no such text')).toEqual([]);
    expect(statesWith(chart, '  ')).toEqual([]);
  });
});

describe('the Mermaid text', () => {
  it('has the states, the transitions and history as history', () => {
    const text = mermaidOf(chartFor(nested));
    expect(text.startsWith('stateDiagram-v2\n')).toBe(true);
    expect(text).toContain('state "off" as s1');
    expect(text).toMatch(/state "H" as (s\d+)\n +class \1 history/);
    expect(text).toContain('s1 --> s2 : START');
    expect(text).not.toContain('"last"');
  });

  it('separates the regions of parallel states', () => {
    expect(mermaidOf(chartFor(parallel)).match(/^ *--$/gm)).toHaveLength(2);
  });

  it('leaves out what is collapsed', () => {
    const text = mermaidOf(chartFor(nested, ['nested.on']));
    expect(text).toContain('state "on …" as');
    expect(text).not.toContain('slow');
  });

  it('has no character of a name that Mermaid reads as syntax', () => {
    const name = '"; --> {x}: <b>%%[#]\n';
    const machine = createMachine({
      id: 'm',
      initial: name,
      states: { [name]: { on: { [name]: 'b' } }, b: {} },
    });
    const text = mermaidOf(chartFor(machine));
    expect(text.split('\n').filter((line) => line.includes('<b>') || line.includes('%%'))).toEqual(
      [],
    );
    expect(text).toContain('#34;#59; --#62; #123;x#125;#58; #60;b#62;#37;#37;#91;#35;#93;');
  });
});
