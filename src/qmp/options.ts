/** The options of a client and of its machine. */

import { checkKinds, type Names } from '../core/options.ts';
import { memberOf } from '../core/shape.ts';
import type { AttachOptions, MachineOptions, ProtocolOptions } from '../protocol/machine.ts';
import {
  ATTACH_OPTIONS,
  checkMachineOptions,
  checkProtocolOptions,
  MACHINE_OPTIONS,
  PROTOCOL_OPTIONS,
} from '../protocol/options.ts';
import { checkBounds, type EventBacklogOptions } from './event-feed.ts';
import type { ListenerErrorHandler } from './listener-failures.ts';

/** What a client has in addition to the options of every protocol. */
interface ListenerOptions {
  /**
   * The bounds of the events that a client in a statechart keeps until the first `qmpEvents` of the session
   * takes them. When they are exceeded, the oldest events are dropped and counted in `stats.eventsDropped`.
   * Without effect for a client that is made with `new`, or by `supervise()`. Default 1000 events and 1 MiB.
   */
  readonly eventBacklog?: EventBacklogOptions | undefined;
  /**
   * Called when a listener of `on()` or `once()` throws, or its promise rejects: with that error, and with
   * the event. The session goes on. Without this option, the logger gets a warning; without a logger,
   * the first failure of each client is a process warning.
   */
  readonly onListenerError?: ListenerErrorHandler | undefined;
}

/** The options of a client: those of every protocol, and what happens when a listener fails. */
export interface QmpOptions extends ProtocolOptions, ListenerOptions {}

/** The options of a machine: those of every protocol's machine, and defaults for its client. */
export interface QmpMachineOptions extends MachineOptions, ListenerOptions {}

/** The options of `QmpClient.attach()`. */
export type QmpAttachOptions = Pick<QmpOptions, keyof AttachOptions | 'onListenerError'>;

/**
 * Checks the options of a client, and returns them.
 *
 * @throws {ArgumentError} When a name is unknown, or a value cannot be used.
 */
export function checkQmpOptions(options: QmpOptions): QmpOptions {
  const names: Names<QmpOptions> = {
    ...PROTOCOL_OPTIONS,
    onListenerError: true,
    eventBacklog: true,
  };
  checkProtocolOptions('new QmpClient()', options, names);
  checkKinds('new QmpClient()', options, { onListenerError: 'function' });
  return options;
}

/** The same for a client over a machine. */
export function checkQmpAttachOptions(options: QmpAttachOptions): void {
  const names: Names<QmpAttachOptions> = { ...ATTACH_OPTIONS, onListenerError: true };
  checkProtocolOptions('QmpClient.attach()', options, names);
  checkKinds('QmpClient.attach()', options, { onListenerError: 'function' });
}

/** The same for a machine. */
export function checkQmpMachineOptions(options: unknown): void {
  const names: Names<QmpMachineOptions> = {
    ...MACHINE_OPTIONS,
    onListenerError: true,
    eventBacklog: true,
  };
  checkMachineOptions('createQmpMachine()', options, names);
  checkKinds('createQmpMachine()', options, { onListenerError: 'function' });
  // The client, which checks it, is made when an actor starts: too late for its author.
  checkBounds(memberOf(options, 'eventBacklog') as EventBacklogOptions | undefined);
}

/** The options that are those of the protocol. */
export const protocolOptions = (options: QmpOptions): ProtocolOptions => ({
  ...options,
  ...{ onListenerError: undefined, eventBacklog: undefined },
});
