/**
 * wirechart: a message protocol engine whose whole lifecycle is one XState statechart.
 *
 * @module wirechart
 */

export { AsyncProtocol } from './protocol/async-protocol.ts';
export {
  type CloseOptions,
  type PeerDefinition,
  ProtocolServer,
} from './server/protocol-server.ts';
export type {
  PeerCallback,
  PeerContext,
  PeerInfo,
  ProtocolServerOptions,
  ServerLimits,
  ServerStats,
} from './server/options.ts';
export type { Remote } from './core/remote.ts';
export {
  type AttachOptions,
  createProtocolMachine,
  type MachineOptions,
  type InspectionListener,
  type ProtocolOptions,
} from './protocol/machine.ts';
export { protocolSetup, type SetupOptions } from './protocol/protocol-setup.ts';
export {
  inHandshake,
  toSession,
  type SessionArgs,
  type SessionSource,
} from './machines/in-handshake.ts';
export type {
  AttachableRef,
  CompletedMachine,
  ExtendedImplementations,
  ExtendedProtocolMachine,
  ExtendedProtocolTypes,
  ExtensibleSetup,
  ProtocolConfig,
  ProtocolSetup,
} from './machines/extension-types.ts';
export {
  protocolMessages,
  type ProtocolMessage,
  type ProtocolMessagesInput,
} from './protocol/messages-logic.ts';
export type { ConnectionInput } from './protocol/find-connection.ts';
export type { SendFailure } from './protocol/failed-sends.ts';
export type {
  FailedSend,
  InputAddress,
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
  ProtocolTag,
} from './machines/protocol-types.ts';
export type {
  ConnectTrace,
  DisconnectTrace,
  ExecuteTrace,
  MessageTrace,
  SessionTrace,
  TracedProtocol,
} from './protocol/diagnostics.ts';
export type { Runstate } from './core/runstate.ts';
export type { ProtocolStats, TrafficStats } from './core/stats.ts';
export { supervise } from './supervisor/supervise.ts';
export type { SupervisorState } from './supervisor/states.ts';
export type { SupervisorCounts } from './supervisor/journal.ts';
export { type StatsOf, Supervisor, type SupervisorStats } from './supervisor/supervisor.ts';
export {
  type ClientClass,
  createSupervisorMachine,
  type ProtocolSource,
  type OwnOptions,
} from './supervisor/machine.ts';
export type { Liveness } from './supervisor/liveness.ts';
export type { Backoff, SuperviseOptions, SupervisorMachineOptions } from './supervisor/options.ts';
export type { RestartPolicy } from './machines/supervisor-policy.ts';
export type {
  AddressFunction,
  AddressSource,
  ConnectionSnapshot,
  Located,
  Locator,
  Outage,
  OutageEnd,
  SessionEnd,
  SupervisorContext,
  SupervisorEmitted,
  SupervisorEvent,
  SupervisorInput,
  SupervisorOutcome,
} from './machines/supervisor-types.ts';
export type { ServerState } from './core/server-state.ts';
export type {
  Address,
  BoundAddress,
  BoundPath,
  BoundTcp,
  Clock,
  Codec,
  Decoder,
  DisconnectOptions,
  InheritedListener,
  Limits,
  ListenAddress,
  LogFields,
  LogFunction,
  Logger,
  LogLevel,
  LogRecord,
  ProtocolDefinition,
  ServerTimeouts,
  Session,
  SessionCallback,
  SessionFunction,
  SessionOutcome,
  Shutdown,
  PathAddress,
  StreamAddress,
  StreamPair,
  TcpAddress,
  Timeouts,
  UpgradeOptions,
  WaitOptions,
  WebReadable,
  WebWritable,
} from './core/types.ts';
export type { RunLogic, SessionLogic } from './core/session-logic.ts';
export { printable, printableLines } from './core/printable.ts';
export { redactSecrets, type RedactOptions } from './core/secrets.ts';
export { sealAddress, type SealedAddress } from './core/sealed-address.ts';
export type { Deadlines } from './core/limits.ts';
export type { Link, Tap } from './machines/link.ts';
export type { ProcessState } from './core/heartbeat.ts';
export type { Passing, PassingStage } from './core/passing.ts';
export type { ListenerQueue, PeerStanding } from './core/peer-standing.ts';
export type { LinkHandle } from './core/link-handle.ts';
export type { FailWith } from './machines/protocol-types.ts';
export type { StopSignal } from './async/stop-signal.ts';

export {
  type ClientBase,
  type ClientConstructor,
  type DefinedClient,
  defineClient,
  type OwnClientOptions,
} from './protocol/define-client.ts';
export type { ProtocolClient } from './protocol/client.ts';

export { type ByteLinesOptions, lines, type LinesOptions } from './codecs/lines.ts';
export { parseJson, stringifyJson } from './codecs/json.ts';
export { jsonLines, type JsonLinesOptions } from './codecs/json-lines.ts';
export { jsonStream, type JsonStreamOptions } from './codecs/json-stream.ts';
export { contentLength } from './codecs/content-length.ts';
export { lengthPrefixed, type LengthPrefixedOptions } from './codecs/length-prefixed.ts';
export {
  type Frame,
  framed,
  type FrameMapping,
  type FrameOptions,
  type LengthSize,
  type OutboundFrame,
  type TypedFrameOptions,
} from './codecs/framed.ts';
export { ByteBuffer } from './codecs/byte-buffer.ts';
export { BufferedDecoder } from './codecs/decoder.ts';
export { LineDecoder, type LineDecoderOptions } from './codecs/line-decoder.ts';
export type { JsonObject, JsonOptions, JsonValue } from './codecs/json.ts';
export type { PreambleOptions } from './codecs/preamble.ts';
export type { BinaryCodec, Encoded, TextCodec } from './core/codec.ts';
export { streamPair } from './io/stream-pair.ts';
export { joinStreams } from './io/join-streams.ts';
export { stdioAddress } from './io/stdio-address.ts';
export { spawnPeer, type SpawnedPeer } from './io/child/spawn-peer.ts';
export type {
  ChildAddress,
  InheritedDescriptor,
  ListeningChild,
  ListensFunction,
  SpawnPeerOptions,
  SpawnTimeouts,
} from './io/child/options.ts';

export {
  ArgumentError,
  ClosedError,
  CodecError,
  ConnectError,
  type ConnectPhase,
  type ErrorCode,
  HandlerError,
  isWirechartError,
  type JudgedError,
  LimitError,
  ProcessError,
  type ProcessExit,
  RefusedError,
  StateError,
  TimeoutError,
  type TimeoutPhase,
  WirechartError,
} from './core/errors.ts';
export type {
  ProtocolAction,
  ProtocolActorId,
  ProtocolActorRef,
  ProtocolDelay,
  ProtocolImplementations,
  ProtocolInput,
  ProtocolMachine,
  ProtocolMachineTypes,
  ProtocolSnapshot,
  ProtocolValue,
} from './machines/protocol-interface.ts';
export type {
  SupervisorAction,
  SupervisorActorRef,
  SupervisorDelay,
  SupervisorImplementations,
  SupervisorMachine,
  SupervisorMachineTypes,
  SupervisorSnapshot,
  SupervisorTag,
  SupervisorValue,
} from './machines/supervisor-interface.ts';
export type {
  EmbeddableCallback,
  EmbeddableLogic,
  EmbeddableMachine,
  EmbeddablePromise,
  EmbeddableSnapshot,
  EmbeddableStateMachine,
  EmbeddableTypes,
  LogicWithInput,
  MachineArgs,
  MachineDelay,
  MachineGuard,
  OuterValue,
  StandInScope,
  StandInSnapshot,
  StandInState,
  StandInValue,
  TestedValue,
  UnknownValue,
} from './machines/embeddable.ts';
