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
export { ScriptedQmpServer, type ScriptedQmpServerOptions } from './scripted-qmp-server.ts';
export { type Answer, type Call, CommandFailure, Fault, faults, type Script } from './script.ts';
