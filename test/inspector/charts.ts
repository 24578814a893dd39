/** Charts made as in production: a program's definition, parsed by the receiver, laid out. */

import { expect } from 'vitest';
import { type AnyStateMachine, type AnyStateNode, createMachine } from 'xstate';
import type { Chart, ChartNode } from '../../inspector/shared/view.ts';
import { type Graph, graphOf } from '../../inspector/src/graph.ts';
import type { Layouter } from '../../inspector/src/layout.ts';
import type { V4Machine } from '../../inspector/src/publisher.ts';
import { openReceiver } from '../../inspector/src/receiver.ts';
import { childrenOf, definitionText, transitionsOf } from '../../src/inspect/definition.ts';
import { registration } from './fake-program.ts';

/** A machine as the receiver parses its definition. */
export function parsedMachine(definition: string): V4Machine {
  let machine: V4Machine | undefined;
  const receiver = openReceiver(
    (event) => {
      if (event.type === 'service.register') machine = event.machine;
    },
    () => undefined,
  );
  receiver.receive(registration('x:0', { machine: definition }));
  if (machine === undefined) throw new Error('The receiver did not report the registration');
  return machine;
}

/** The graph of a machine. */
export const graphFor = (machine: AnyStateMachine): Graph =>
  graphOf(parsedMachine(definitionText(machine)));

/** The chart of a machine. */
export const chartOf = (layouter: Layouter, machine: AnyStateMachine): Promise<Chart> =>
  layouter.layOut('chart', graphFor(machine));

/** A machine with `count` states below its root, each with a transition to the next one. */
export function chainOf(count: number): AnyStateMachine {
  const states = Array.from({ length: count }, (_, at): [string, { on: { NEXT: string } }] => [
    `s${String(at)}`,
    { on: { NEXT: `s${String((at + 1) % count)}` } },
  ]);
  return createMachine({ id: 'chain', initial: 's0', states: Object.fromEntries(states) });
}

type Box = Pick<ChartNode, 'x' | 'y' | 'width' | 'height'>;
type Point = readonly [x: number, y: number];

/** Positions are fractions, so they are compared with a tolerance. */
const TOLERANCE = 0.01;

const isWithin = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x - TOLERANCE &&
  inner.y >= outer.y - TOLERANCE &&
  inner.x + inner.width <= outer.x + outer.width + TOLERANCE &&
  inner.y + inner.height <= outer.y + outer.height + TOLERANCE;

const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width - TOLERANCE &&
  other.x < one.x + one.width - TOLERANCE &&
  one.y < other.y + other.height - TOLERANCE &&
  other.y < one.y + one.height - TOLERANCE;

/** Whether a point is on the border of a box. */
function isOnBorder([x, y]: Point, box: Box): boolean {
  const near = (one: number, other: number) => Math.abs(one - other) <= TOLERANCE;
  const point = { x, y, width: 0, height: 0 };
  const isAtSide = near(x, box.x) || near(x, box.x + box.width);
  const isAtEnd = near(y, box.y) || near(y, box.y + box.height);
  return isWithin(point, box) && (isAtSide || isAtEnd);
}

function* below(node: AnyStateNode): Generator<AnyStateNode> {
  yield node;
  for (const child of childrenOf(node)) yield* below(child);
}

const arrowsFrom = (node: AnyStateNode): string[] =>
  transitionsOf(node).flatMap(({ target = [] }) => target.map(({ id }) => `${node.id} to ${id}`));

/** Asserts that states are inside their parents, that siblings do not overlap, and that edges connect states. */
export function expectValidLayout(chart: Chart, machine: AnyStateMachine): void {
  const { nodes, edges } = chart;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  expect(byId.size).toBe(nodes.length);
  const states = nodes.filter(({ kind }) => kind !== 'initial');
  expect(states.map(({ id, key, kind, parent }) => [id, key, kind, parent])).toEqual(
    [...below(machine.root)].map(({ id, key, type, parent }) => [id, key, type, parent?.id]),
  );
  const arrows = new Set(edges.map(({ source, target }) => `${source} to ${target}`));
  expect(arrows.size).toBe(edges.length);
  expect(new Set([...arrows].filter((arrow) => !arrow.includes(':initial to ')))).toEqual(
    new Set([...below(machine.root)].flatMap(arrowsFrom)),
  );
  const all: Box = { x: 0, y: 0, ...chart };
  for (const node of nodes) {
    const parent = node.parent === undefined ? all : byId.get(node.parent);
    expect([node.id, parent !== undefined && isWithin(node, parent)]).toEqual([node.id, true]);
    const siblings = nodes.filter((other) => other !== node && other.parent === node.parent);
    const covered = siblings.filter((other) => overlap(node, other)).map(({ id }) => id);
    expect([node.id, covered]).toEqual([node.id, []]);
  }
  for (const { source, target, points, labels, at } of edges) {
    const [from, to] = [byId.get(source), byId.get(target)];
    const [first, last] = [points[0], points.at(-1)];
    const name = `${source} to ${target}`;
    expect([name, first !== undefined && from !== undefined && isOnBorder(first, from)]).toEqual([
      name,
      true,
    ]);
    expect([name, last !== undefined && to !== undefined && isOnBorder(last, to)]).toEqual([
      name,
      true,
    ]);
    expect([name, at !== undefined]).toEqual([name, labels.length > 0]);
    for (const [x, y] of [...points, ...(at === undefined ? [] : [at])]) {
      expect([name, isWithin({ x, y, width: 0, height: 0 }, all)]).toEqual([name, true]);
    }
  }
}
