/** The check of a machine that adds states to that of a connection: what it must still have. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import { memberOf, show } from '../core/shape.ts';

/** The states whose value is a text, for whatever reads snapshots. */
const SIMPLE: ReadonlySet<string> = new Set(['IDLE', 'ENDED', 'FAILED']);

/**
 * Checks that a machine has everything that another has.
 *
 * @throws {ArgumentError} When something is missing; the message says what.
 */
export function checkExtension(
  machine: unknown,
  base: AnyStateMachine,
): asserts machine is AnyStateMachine {
  if (contextOf(machine) !== contextOf(base)) {
    throw new ArgumentError(
      `complete() needs a machine of setup.createMachine({ ...config, … }), not ${show(machine)}: spread the ` +
        'config of the same protocolSetup()',
    );
  }
  // Only XState's machines have the context factory of ours.
  const { root } = machine as AnyStateMachine;
  checkNode(root, base.root);
  for (const name of Object.keys(root.states)) {
    if (base.root.states[name] !== undefined) continue;
    throw refusal(
      `has a state ${name} of its own at the top. Add it to the states of CONNECTING, RUNNING or DISCONNECTING`,
    );
  }
}

/** What makes the contexts of a machine's actors. */
const contextOf = (machine: unknown): unknown => memberOf(memberOf(machine, 'config'), 'context');

function checkNode(node: AnyStateNode, own: AnyStateNode): void {
  const name = own.path.length === 0 ? 'The root' : own.path.join('.');
  const lacks = (what: string): ArgumentError =>
    refusal(`lacks something of the config: ${name} has no ${what}. Spread it: { ...${name}, … }`);
  const [missing] = missingIn(node, own);
  if (missing !== undefined) throw lacks(missing);
  if (SIMPLE.has(name) && node.type !== own.type) {
    throw refusal(`adds states to ${name}, which has none`);
  }
  for (const child of Object.values(own.states)) {
    const found = node.states[child.key];
    if (found === undefined) throw lacks(`state ${child.key}`);
    checkNode(found, child);
  }
}

/** What a state lacks of another one. */
function* missingIn(node: AnyStateNode, own: AnyStateNode): Generator<string> {
  for (const tag of own.tags) if (!node.tags.includes(tag)) yield `tag '${tag}'`;
  for (const { id, src } of own.invoke) {
    if (!node.invoke.some((one) => one.id === id && one.src === src)) yield `actor ${id}`;
  }
  for (const [event] of own.transitions) {
    if (!node.transitions.has(event)) yield `arrow for ${event}`;
  }
  // XState's own actions, which set timers, are functions.
  const named = (actions: AnyStateNode['entry']) =>
    actions.filter((action) => typeof action !== 'function');
  for (const action of named(own.entry))
    if (!node.entry.includes(action)) yield `entry action ${nameOf(action)}`;
  for (const action of named(own.exit))
    if (!node.exit.includes(action)) yield `exit action ${nameOf(action)}`;
}

const nameOf = (action: unknown): string =>
  typeof action === 'string' ? action : String(memberOf(action, 'type'));

const refusal = (what: string): ArgumentError =>
  new ArgumentError(`The machine given to complete() ${what}`);
