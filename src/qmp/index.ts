/**
 * wirechart/qmp: the QMP client for QEMU and qemu-storage-daemon.
 *
 * @module wirechart/qmp
 */

export { parseJson, stringifyJson } from '../codecs/json.ts';
export { QmpClient } from './client.ts';
export type { QmpAttachOptions, QmpMachineOptions, QmpOptions } from './options.ts';
export type { ListenerErrorHandler } from './listener-failures.ts';
export { createQmpMachine } from './create-machine.ts';
export type { QmpActorRef, QmpMachine } from './machine.ts';
export { qmpEvents, type QmpEventMessage, type QmpEventsInput } from './events-logic.ts';
export {
  qmpCommand,
  qmpCommandFor,
  type QmpCommandInput,
  type QmpCommandOptions,
} from './command-logic.ts';
export type { EventBacklogOptions } from './event-feed.ts';
export type { ConnectionInput } from '../protocol/find-connection.ts';
export type { SendFailure } from '../protocol/failed-sends.ts';
export type { ExecuteOptions, ReplyOptions } from './exchange.ts';
export type { QmpStats } from './stats.ts';
export type { WaitForOptions } from './event-wait.ts';
export { type EventFilter, EventListener, type EventListenerOptions } from './events.ts';
export type {
  Arguments,
  CommandName,
  Empty,
  ErrorReply,
  EventName,
  EventOf,
  QmpCommand,
  QmpCommands,
  QmpEvent,
  QmpEvents,
  QmpGreeting,
  QmpReply,
  Returns,
  StatusInfo,
  SuccessReply,
  VersionInfo,
} from './types.ts';
export {
  BadReplyError,
  BusyMonitorError,
  ExecInterruptedError,
  ExecuteError,
  GreetingError,
  NegotiationError,
  type Received,
  ServerParseError,
} from './errors.ts';
