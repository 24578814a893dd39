/**
 * The definitions of machines that strangers send: XState 4 parses them, and elkjs lays them out in a
 * thread. An input is the JSON text of a definition.
 */

import type { ActorView, Chart, ServerMessage } from '../../../inspector/shared/view.ts';
import { BOUNDS } from '../../../inspector/src/bounds.ts';
import { Hub } from '../../../inspector/src/hub.ts';
import type { Target } from '../engine/target.ts';
import { Mismatch } from '../engine/target.ts';
import { INSPECTOR_WORDS, MESSAGES, registration } from './inspector-words.ts';
import { checkSettles, expectEqual } from './monitor.ts';
import { checkPrototypes } from './prototypes.ts';

/** A hub that remembers the chart of the latest actor. */
class ChartHub extends Hub {
  chart: string | undefined;

  override actor(view: ActorView): void {
    this.chart = view.chart;
    super.actor(view);
  }
}

/** One for all inputs: its thread takes long to start, and does not keep the process alive. */
let shared: ChartHub | undefined;

/** Registers an actor with the definition. Returns the id of its chart, unless it is refused. */
function register(hub: ChartHub, definition: string): string | undefined {
  const program = hub.newProgram('recording');
  hub.chart = undefined;
  program.receive(MESSAGES.introduction);
  program.receive(registration(definition));
  program.end();
  hub.programs.delete(program.id);
  return hub.chart;
}

type Drawing = Extract<ServerMessage, { type: 'chart' | 'no-chart' }>;

/** The first drawing of a chart, or why there is none. */
const drawingOf = (hub: ChartHub, id: string): Promise<Drawing> =>
  new Promise((resolve) => {
    hub.charts.request({}, { id }, (message) => {
      if (message.type === 'chart' || message.type === 'no-chart') resolve(message);
    });
  });

async function check(input: Buffer): Promise<void> {
  const hub = (shared ??= new ChartHub(false));
  const id = register(hub, input.toString('utf8'));
  if (id !== undefined) {
    const message = await drawingOf(hub, id);
    if (message.type === 'chart') checkChart(message.chart);
    const shape = hub.charts.shapeOf(id);
    if (shape !== undefined) JSON.stringify(shape);
  }
  checkPrototypes();
}

/** @throws {Mismatch} When something has no place, or belongs to something that is not in the chart. */
function checkChart({ nodes, edges, width, height }: Chart): void {
  const places = nodes.flatMap(({ x, y, width, height }) => [x, y, width, height]);
  const points = edges.flatMap((edge) => edge.points.flat());
  const wrong = [width, height, ...places, ...points].filter((each) => !Number.isFinite(each));
  expectEqual('A place in the chart is no number', wrong, []);
  const ids = new Set(nodes.map(({ id }) => id));
  const parents = nodes.map(({ parent }) => parent).filter((parent) => parent !== undefined);
  const named = [...parents, ...edges.flatMap(({ source, target }) => [source, target])];
  const unknown = named.filter((id) => !ids.has(id));
  expectEqual('A state is not in the chart', unknown, []);
  // Each compound state has a dot, too.
  if (nodes.length > 2 * BOUNDS.definition.states)
    throw new Mismatch('The chart has too many states', BOUNDS.definition.states, nodes.length);
}

/** Definitions of machines. */
export const CHARTS: Target = {
  name: 'charts',
  dictionary: INSPECTOR_WORDS,
  maxSize: 1500,
  budget: {
    maxNanoseconds: 4000,
    run: async (input) => {
      const hub = new ChartHub(false);
      const id = register(hub, input.toString('utf8'));
      // The thread, whose time is bounded, is not started.
      if (id !== undefined) hub.charts.request({}, { id }, () => undefined);
      if (id !== undefined) hub.charts.shapeOf(id);
      await hub.close();
    },
  },
  run: (input) => checkSettles(() => check(input)),
};
