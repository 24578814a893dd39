/**
 * wirechart/qmp: the QMP client for QEMU and qemu-storage-daemon.
 *
 * @module wirechart/qmp
 */

export { parseJson, stringifyJson } from '../codecs/json.ts';
export { QmpClient } from './client.ts';
export type { QmpConnection } from './connection.ts';
export type {
  QmpAttachOptions,
  QmpLimits,
  QmpMachineOptions,
  QmpOptions,
  QmpTimeouts,
} from './options.ts';
export type { ListenerErrorHandler } from './events/listener-failures.ts';
export type { CommandMethod, CommandMethods } from './commands/command-view.ts';
export type { JsonObject, JsonValue } from '../codecs/json.ts';
export { createQmpMachine } from './embedding/create-machine.ts';
export type { QmpActorRef, QmpMachine } from './embedding/machine.ts';
export { qmpEvents, type QmpEventMessage, type QmpEventsInput } from './embedding/events-logic.ts';
export {
  type CommandLogicOptions,
  qmpCommand,
  qmpCommandFor,
  type QmpCommandForInput,
  type QmpCommandInput,
  type QmpCommandOptions,
} from './embedding/command-logic.ts';
export type { AddedFd, AddFdOptions } from './descriptors.ts';
export { DescriptorError } from '../core/descriptor-error.ts';
export type { OpenDescriptor } from '../core/passing.ts';
export type { EventBacklogOptions } from './events/event-feed.ts';
export type { ConnectionInput } from '../protocol/find-connection.ts';
export type { SendFailure } from '../protocol/failed-sends.ts';
export type { ExecuteOptions, ReplyOptions } from './commands/exchange.ts';
export type { EventAfter, ExecuteAndWaitOptions } from './commands/execute-and-wait.ts';
export type {
  JobArguments,
  JobCommandName,
  JobOptions,
  JobProgress,
  ReadyAction,
} from './jobs/job-types.ts';
export type { MigrateOptions, MigrationProgress } from './jobs/migration-types.ts';
export { type FailedJob, JobError, MigrationError } from './jobs/job-errors.ts';
export type { QmpStats } from './stats.ts';
export type { HeartbeatState, LostState } from '../core/heartbeat.ts';
export type { HeartbeatOptions, QmpHeartbeat } from './heartbeat/heartbeat-options.ts';
export { HeartbeatError, type HeartbeatLoss } from './heartbeat/heartbeat-error.ts';
export type { WaitForOptions } from './events/event-wait.ts';
export { type EventFilter, EventListener, type EventListenerOptions } from './events/events.ts';
export type { Qapi } from '../qapi/11.1.ts';
export type { Empty, Int64, QapiTypes } from '../qapi/base.ts';
export type {
  AnyEventOf,
  AnyQapi,
  Arguments,
  CommandName,
  CommandRest,
  CommandsOf,
  ErrorReply,
  EventName,
  EventOf,
  EventsOf,
  OpenQapi,
  QapiSchema,
  QmpCommand,
  QmpEvent,
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
