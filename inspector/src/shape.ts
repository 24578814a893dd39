/** Converts a machine of XState 4 to its shape. */

import type {
  MachineShape,
  ShapeInvocation,
  ShapeState,
  ShapeTransition,
} from '../shared/shape.ts';
import type { V4Machine } from './receiver.ts';

/** The parts of a state node of XState 4 that a shape has. The machine is one, too. */
interface V4Node {
  readonly id: string;
  readonly key: string;
  readonly type: ShapeState['kind'];
  readonly states: Readonly<Record<string, V4Node>>;
  readonly invoke: readonly { readonly id: string; readonly src?: unknown }[];
  readonly transitions: readonly V4Transition[];
}
interface V4Transition {
  readonly eventType: string;
  readonly target?: readonly { readonly id: string }[] | undefined;
  readonly cond?: { readonly type: string; readonly name?: string | undefined } | undefined;
  readonly internal?: boolean | undefined;
}

/**
 * The shape of a machine, whose definition was checked.
 *
 * @param chart - The id of its chart.
 */
export const shapeOf = (machine: V4Machine, chart: string): MachineShape => ({
  machine: machine.id,
  chart,
  states: [...statesFrom(machine)],
});

function* statesFrom(node: V4Node, parent?: string): Generator<ShapeState> {
  const { id, key, type: kind } = node;
  yield {
    id,
    key,
    kind,
    ...(parent !== undefined && { parent }),
    transitions: node.transitions.map(transitionOf),
    invokes: node.invoke.map(invocationOf),
  };
  for (const child of Object.values(node.states)) yield* statesFrom(child, id);
}

const transitionOf = ({ eventType, target, cond, internal }: V4Transition): ShapeTransition => ({
  event: eventType,
  ...(cond !== undefined && { guard: cond.name ?? 'guarded' }),
  target: target?.map(({ id }) => id) ?? [],
  ...(target !== undefined && internal === false && { reenter: true }),
});

function invocationOf({ id, src }: V4Node['invoke'][number]): ShapeInvocation {
  const name = typeof src === 'object' && src !== null && 'type' in src ? src.type : src;
  return { id, src: typeof name === 'string' ? name : id };
}
