/**
 * wirechart: a message protocol engine whose whole lifecycle is one XState statechart.
 *
 * @packageDocumentation
 */

export { AsyncProtocol } from './protocol.ts';
export { type CloseOptions, type PeerDefinition, ProtocolServer } from './protocol-server.ts';
export type { ProtocolServerOptions, ServerLimits, ServerTimeouts } from './server-options.ts';
export {
  type AttachOptions,
  type Clock,
  createProtocolMachine,
  type MachineOptions,
  type InspectionListener,
  type ProtocolActorRef,
  type ProtocolInput,
  type ProtocolMachine,
  type ProtocolOptions,
} from './machine.ts';
export type { Plan, ProtocolContext, ProtocolEmitted, ProtocolEvent } from './machines/types.ts';
export type { Runstate } from './runstate.ts';
export { supervise, Supervision, type SupervisorState } from './supervise.ts';
export {
  type AddressFunction,
  type AddressSource,
  type Backoff,
  type ClientKind,
  createSupervisorMachine,
  type Spoken,
  type SuperviseOptions,
  type SupervisorActorRef,
  type SupervisorMachine,
} from './supervisor.ts';
export type {
  Reason,
  SupervisorContext,
  SupervisorEmitted,
  SupervisorEvent,
} from './machines/supervision-types.ts';
export type { ServerState } from './server-state.ts';
export type {
  Address,
  BoundAddress,
  Codec,
  Decoder,
  DisconnectOptions,
  Handshake,
  Limits,
  Logger,
  ProtocolDefinition,
  SessionOutcome,
  Timeouts,
  WaitOptions,
} from './types.ts';
export type { Deadlines, Link, Tap } from './link.ts';
export type { StopSignal } from './stop-signal.ts';

export { lines, type LinesOptions } from './codecs/lines.ts';
export { jsonLines } from './codecs/json-lines.ts';
export { jsonStream, type JsonStreamOptions } from './codecs/json-stream.ts';
export { contentLength } from './codecs/content-length.ts';
export { lengthPrefixed, type LengthPrefixedOptions } from './codecs/length-prefixed.ts';
export type { JsonObject, JsonOptions, JsonValue } from './codecs/json.ts';
export { streamPair } from './io/stream-pair.ts';
export {
  spawnPeer,
  type SpawnedPeer,
  type SpawnPeerOptions,
  type SpawnTimeouts,
} from './io/spawn-peer.ts';

export {
  ArgumentError,
  ClosedError,
  CodecError,
  ConnectError,
  type ConnectPhase,
  type ErrorCode,
  HandlerError,
  LimitError,
  ProcessError,
  type ProcessExit,
  StateError,
  TimeoutError,
  type TimeoutPhase,
  WirechartError,
} from './errors.ts';
