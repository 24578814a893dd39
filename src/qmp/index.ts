/**
 * wirechart/qmp: the QMP client for QEMU and qemu-storage-daemon.
 *
 * @module wirechart/qmp
 */

export { QmpClient, type QmpOptions } from './client.ts';
export { createQmpMachine, type QmpActorRef, type QmpMachine } from './machine.ts';
export type { ExecuteOptions, ReplyOptions } from './pending-commands.ts';
export type { WaitForOptions } from './dispatcher.ts';
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
  ServerParseError,
} from './errors.ts';
