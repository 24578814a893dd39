/** The machine of a QMP client, for embedding in another chart. */

import type { JsonObject } from '../codecs/json.ts';
import { ArgumentError } from '../core/errors.ts';
import { show } from '../core/shape.ts';
import { createProtocolMachine } from '../protocol/machine.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../machines/protocol-machine.ts';
import { QmpDefinition } from './definition.ts';
import {
  checkQmpMachineOptions,
  definitionOptions,
  protocolOptions,
  type QmpMachineOptions,
} from './options.ts';
import type { QmpCommand } from './types.ts';

/** The machine that `createQmpMachine()` returns. */
export type QmpMachine = ProtocolMachine<JsonObject, QmpCommand>;

/** A running actor of that machine. */
export type QmpActorRef = ProtocolActorRef<JsonObject, QmpCommand>;

/**
 * Returns the machine of a QMP client, to be invoked or spawned in any XState 5 chart. It is the machine
 * of `createProtocolMachine()` with QMP's greeting and negotiation as its handshake. To execute
 * commands and listen to events, pass its actor to `QmpClient.attach()`.
 *
 * @param options - Not `clock` and `inspect`: those of the parent apply. `name` and
 *   `onListenerError` are those of the attached client, too.
 * @throws {ArgumentError} When an option is invalid.
 */
export function createQmpMachine(options: QmpMachineOptions = {}): QmpMachine {
  const shared = definitionOptions(checkQmpMachineOptions(options));
  return createProtocolMachine(() => new QmpDefinition(shared), protocolOptions(options));
}

/** The snapshot of any actor: one that was looked up by its name may be of another machine. */
interface LinkSnapshot {
  readonly context?: { readonly link?: { readonly definition?: unknown } };
}

const definitionIn = ({ context }: LinkSnapshot): unknown => context?.link?.definition;

/** Also `undefined`: a chart has its child only while the state that invokes it is active. */
const snapshotOf = (ref: QmpActorRef | undefined): LinkSnapshot => ref?.getSnapshot() ?? {};

/**
 * Returns the definition of an actor of `createQmpMachine()`.
 *
 * @throws {ArgumentError} When it is an actor of another machine.
 */
export function definitionOf(ref: QmpActorRef): QmpDefinition {
  const definition = definitionIn(snapshotOf(ref));
  if (definition instanceof QmpDefinition) return definition;
  throw new ArgumentError(
    `QmpClient.attach() needs an actor of createQmpMachine(), not ${show(ref)}`,
  );
}
