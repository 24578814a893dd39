/**
 * wirechart/testing: a conformance test for codecs, a scripted peer for clients and servers of any protocol,
 * and a scripted QMP server for programs that talk to QEMU.
 *
 * @module wirechart/testing
 */

export { type CheckCodecOptions, checkCodec, type CodecSample } from './check-codec.ts';
export { CodecCheckError, type CodecRule } from './codec-check-error.ts';
export { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts';
export type {
  Expected,
  PeerAnswer,
  PeerReply,
  PeerReplyFunction,
  PeerScript,
  ScriptedSendOptions,
  ScriptedSession,
} from './peer-script.ts';
export { ScriptError } from './script-error.ts';
export { type ScriptWaitOptions, ScriptedQmpServer } from './qmp/scripted-qmp-server.ts';
export type { ScriptedQmpServerOptions } from './qmp/options.ts';
export type { ScriptedJob } from './qmp/job.ts';
export type { JobStatus } from './qmp/job-verbs.ts';
export { job, type JobScript, type ScriptedJobOptions } from './qmp/job-script.ts';
export type { SchemaInfo, SchemaMember, SchemaVariant } from './qmp/schema-info.ts';
export {
  type Answer,
  type Call,
  CommandFailure,
  Fault,
  faults,
  type Script,
  type Sequence,
  sequence,
} from './script.ts';
