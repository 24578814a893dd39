/** Writes a machine as the source text of an equal chart, in which everything is called by its name. */

import type { AnyStateMachine } from 'xstate';
import { memberOf } from '../core/shape.ts';
import { nameOf } from './names.ts';
import { toPlain } from './plain.ts';
import type { Json } from './wire.ts';

/**
 * Writes a machine as the source of a module that creates the same chart with `createMachine()`, to be pasted
 * into Stately's editor (menu "Import"), into an issue or into a file. The states, the transitions, the tags
 * and the invoked actors are those of the machine, so `toMermaid()` draws both in the same way.
 *
 * The text contains no functions: guards, actions and actors are called by their names, `guarded` or `inline`
 * if they have none. What a function would compute is left out, and so is what may hold a secret: the context,
 * inputs and outputs. To run the text anywhere but in an editor, `provide()` what it names.
 */
export function toSource(machine: AnyStateMachine): string {
  const config = JSON.stringify(stateOf(machine.config), undefined, 2);
  return `import { createMachine } from 'xstate';\n\nexport const machine = createMachine(${config});\n`;
}

/** How each member of a state is written; the others are left out. */
const STATE = /* @__PURE__ */ (() => ({
  id: asIs,
  description: asIs,
  type: asIs,
  history: asIs,
  target: asIs,
  tags: asIs,
  meta: asIs,
  initial: (value: unknown) => (typeof value === 'string' ? value : transitionOf(value)),
  entry: listOf(actionOf),
  exit: listOf(actionOf),
  invoke: listOf(invokeOf),
  always: listOf(transitionOf),
  on: recordOf(listOf(transitionOf)),
  after: recordOf(listOf(transitionOf)),
  route: transitionOf,
  onDone: listOf(transitionOf),
  states: recordOf(stateOf),
}))();

const TRANSITION = /* @__PURE__ */ (() => ({
  target: asIs,
  guard: (guard: unknown) => namedOf(guard, 'guarded'),
  actions: listOf(actionOf),
  reenter: asIs,
  description: asIs,
}))();

const INVOKE = /* @__PURE__ */ (() => ({
  id: asIs,
  systemId: asIs,
  onDone: listOf(transitionOf),
  onError: listOf(transitionOf),
  onSnapshot: listOf(transitionOf),
}))();

/** Writes the members of an object that a table names, in the order of the object. */
function written(
  value: unknown,
  table: Readonly<Record<string, (member: unknown) => Json>>,
): Readonly<Record<string, Json>> {
  const members: [string, Json][] = [];
  for (const [key, member] of entriesOf(value)) {
    const write = Object.hasOwn(table, key) ? table[key] : undefined;
    if (write !== undefined && member !== undefined) members.push([key, write(member)]);
  }
  return Object.fromEntries(members);
}

function stateOf(state: unknown): Json {
  return written(state, STATE);
}

/** A transition: an object, or only its target; of `undefined`, which forbids the event, an empty one. */
function transitionOf(transition: unknown): Json {
  return typeof transition === 'string' ? asIs(transition) : written(transition, TRANSITION);
}

function invokeOf(invoke: unknown): Json {
  const src = memberOf(invoke, 'src');
  const id = memberOf(invoke, 'id');
  const name =
    typeof src === 'string' ? src : logicName(src, typeof id === 'string' ? id : 'inline');
  return { src: name, ...written(invoke, INVOKE) };
}

/** The name of actor logic that is given instead of a name: only machines have one. */
function logicName(logic: unknown, fallback: string): string {
  const id = memberOf(logic, 'id');
  return typeof id === 'string' && id !== '' && id !== '(machine)' ? id : fallback;
}

function actionOf(action: unknown): Json {
  return namedOf(action, 'inline');
}

/** A guard or an action: its name, and its parameters unless a function computes them. */
function namedOf(named: unknown, fallback: string): Json {
  const name = nameOf(named, fallback);
  const params = memberOf(named, 'params');
  const hasParams = typeof named === 'object' && typeof params === 'object' && params !== null;
  return hasParams ? { type: name, params: asIs(params) } : name;
}

/** A value as JSON, without its secrets. */
function asIs(value: unknown): Json {
  return toPlain(value);
}

/** Writes one value, or a list of values. */
function listOf(write: (value: unknown) => Json): (value: unknown) => Json {
  return (value) => (Array.isArray(value) ? value.map(write) : write(value));
}

function recordOf(write: (value: unknown) => Json): (value: unknown) => Json {
  return (record) =>
    Object.fromEntries(entriesOf(record).map(([key, value]) => [key, write(value)]));
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
