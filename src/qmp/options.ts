/** The options of a client and of its machine. */

import { ArgumentError } from '../core/errors.ts';
import { BOUND_NAMES, DEADLINE_NAMES, resolveLimits } from '../core/limits.ts';
import { checkKinds, checkNames, type Names } from '../core/options.ts';
import { memberOf, show } from '../core/shape.ts';
import type { Limits, Timeouts } from '../core/types.ts';
import type { AttachOptions, MachineOptions, ProtocolOptions } from '../protocol/machine.ts';
import {
  ATTACH_OPTIONS,
  checkMachineOptions,
  checkProtocolOptions,
  MACHINE_OPTIONS,
  PROTOCOL_OPTIONS,
} from '../protocol/options.ts';
import { checkBounds, type EventBacklogOptions } from './events/event-feed.ts';
import type { ExchangeSettings } from './commands/exchange.ts';
import { type HeartbeatOptions, resolveHeartbeat } from './heartbeat/heartbeat-options.ts';
import type { ListenerErrorHandler } from './events/listener-failures.ts';

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
  /**
   * Checks in each session whether the server answers, and what its process does: see `HeartbeatOptions`, and
   * `QmpClient.heartbeat` for the result. `true`: with the defaults. A server that does not answer, or whose process
   * has ended, fails the session with a `HeartbeatError`. Default: no heartbeat.
   */
  readonly heartbeat?: boolean | HeartbeatOptions | undefined;
}

/** The deadlines of a client, in ms. */
export interface QmpTimeouts extends Timeouts {
  /** For the reply to each command that is given no `timeout` of its own. Default: none. */
  readonly execute?: number | undefined;
}

/** The bounds of a client's buffers, in bytes, and of its commands. */
export interface QmpLimits extends Limits {
  /**
   * How many in-band commands are in flight at most, those included that were given up and are not answered yet.
   * Further ones wait in the client, in order, with a copy of their arguments; those that wait may take
   * `maxQueuedBytes`. Out-of-band commands pass them. Default 7 where out-of-band execution was negotiated, as QEMU
   * reads no out-of-band command while 8 others are queued; otherwise `Infinity`.
   */
  readonly maxInFlight?: number | undefined;
}

/** What a client and a machine have in addition to the options of every protocol. */
interface CommandOptions {
  /**
   * Whether to negotiate out-of-band execution, if the server offers it. Without it, `execute()` with `oob: true`
   * rejects. Default `true`.
   */
  readonly oob?: boolean | undefined;
  /** Deadlines, in ms. */
  readonly timeouts?: QmpTimeouts | undefined;
  /** Bounds of the buffers, in bytes, and of the commands in flight. */
  readonly limits?: QmpLimits | undefined;
}

/** The options of a client: those of every protocol, and those of its commands and events. */
export interface QmpOptions
  extends CommandOptions, Omit<ProtocolOptions, keyof CommandOptions>, ListenerOptions {}

/** The options of a machine: those of every protocol's machine, and defaults for its client. */
export interface QmpMachineOptions
  extends CommandOptions, Omit<MachineOptions, keyof CommandOptions>, ListenerOptions {}

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
    heartbeat: true,
    oob: true,
  };
  checkProtocolOptions('new QmpClient()', options, names);
  checkKinds('new QmpClient()', options, { onListenerError: 'function' });
  checkCommandOptions('new QmpClient()', options);
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
    heartbeat: true,
    oob: true,
  };
  checkMachineOptions('createQmpMachine()', options, names);
  checkKinds('createQmpMachine()', options, { onListenerError: 'function' });
  checkCommandOptions('createQmpMachine()', options);
  // The client, which checks it, is made when an actor starts: too late for its author.
  checkBounds(memberOf(options, 'eventBacklog') as EventBacklogOptions | undefined);
  resolveHeartbeat(memberOf(options, 'heartbeat'));
}

/** Checks the options of commands, unless they are those of the protocol, too. */
function checkCommandOptions(owner: string, options: unknown): void {
  checkKinds(owner, options, { oob: 'boolean' });
  const [timeouts, limits] = [memberOf(options, 'timeouts'), memberOf(options, 'limits')];
  // The protocol checks them, too, and does not know all names.
  checkNames('timeouts', timeouts, { ...DEADLINE_NAMES, execute: true });
  checkNames('limits', limits, { ...BOUND_NAMES, maxInFlight: true });
  const execute = memberOf(timeouts, 'execute');
  if (execute !== undefined && !(typeof execute === 'number' && execute > 0)) {
    throw new ArgumentError(`timeouts.execute must be a number above 0, not ${show(execute)}`);
  }
  const most = memberOf(limits, 'maxInFlight');
  const isCount = most === Infinity || Number.isInteger(most);
  if (most !== undefined && !(typeof most === 'number' && isCount && most > 0)) {
    throw new ArgumentError(
      `limits.maxInFlight must be a whole number above 0, or Infinity, not ${show(most)}`,
    );
  }
}

/** The options that are those of the protocol. */
export const protocolOptions = (options: QmpOptions): ProtocolOptions => ({
  ...protocolParts(options),
  ...{ onListenerError: undefined, eventBacklog: undefined, heartbeat: undefined, oob: undefined },
});

/** The same options without those of commands among the deadlines and the bounds. */
export const protocolParts = <Options extends CommandOptions>(options: Options): Options => ({
  ...options,
  timeouts: without(options.timeouts, 'execute'),
  limits: without(options.limits, 'maxInFlight'),
});

/** Leaves anything but an object as it is: it will be refused. */
const without = <T>(given: T, name: string): T =>
  typeof given === 'object' && given !== null ? { ...given, [name]: undefined } : given;

/** The settings of a client's commands. */
export const exchangeSettings = ({ limits, timeouts, oob }: QmpOptions): ExchangeSettings => ({
  maxInFlight: limits?.maxInFlight,
  maxWaitingBytes: resolveLimits({ maxQueuedBytes: limits?.maxQueuedBytes }).maxQueuedBytes,
  timeout: timeouts?.execute,
  oob: oob ?? true,
});
