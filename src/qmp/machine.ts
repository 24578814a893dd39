/** QMP as a machine, to be embedded. */

import type { JsonObject } from '../codecs/json.ts';
import { ArgumentError } from '../core/errors.ts';
import { safeLogger } from '../core/log.ts';
import { createProtocolMachine, type MachineOptions } from '../protocol/machine.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../machines/protocol-machine.ts';
import { QmpDefinition } from './definition.ts';
import type { QmpCommand } from './types.ts';

/** The machine that `createQmpMachine()` makes. */
export type QmpMachine = ProtocolMachine<JsonObject, QmpCommand>;

/** A running actor of it. */
export type QmpActorRef = ProtocolActorRef<JsonObject, QmpCommand>;

/**
 * The machine of a QMP client, to be invoked or spawned in any XState 5 chart: as
 * `createProtocolMachine()`, with QMP's greeting and negotiation as its handshake. Commands are
 * executed, and events heard, by `QmpClient.attach()`.
 *
 * @param options - `clock` and `inspect` are the parent's and are ignored here.
 * @throws {ArgumentError} When an option cannot be used.
 */
export function createQmpMachine(options: MachineOptions = {}): QmpMachine {
  const logger = options.logger && safeLogger(options.logger);
  return createProtocolMachine(() => new QmpDefinition(logger), options);
}

/** A snapshot of whatever actor: one that a system was asked for by its name may be any. */
interface LinkSnapshot {
  readonly context?: { readonly link?: { readonly definition?: unknown } };
}

const definitionIn = ({ context }: LinkSnapshot): unknown => context?.link?.definition;

/**
 * What an actor of the machine speaks.
 *
 * @throws {ArgumentError} When it is an actor of another machine.
 */
export function definitionOf(ref: QmpActorRef): QmpDefinition {
  const definition = definitionIn(ref.getSnapshot());
  if (definition instanceof QmpDefinition) return definition;
  throw new ArgumentError('Only an actor of createQmpMachine() can be attached to');
}
