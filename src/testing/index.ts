/**
 * wirechart/testing: a conformance test for codecs, and a scripted QMP server for tests of programs that talk
 * to QEMU.
 *
 * @module wirechart/testing
 */

export { type CheckCodecOptions, checkCodec, type CodecSample } from './check-codec.ts';
export { CodecCheckError, type CodecRule } from './codec-check-error.ts';
export { ScriptedQmpServer, type ScriptedQmpServerOptions } from './scripted-qmp-server.ts';
export { type Answer, type Call, CommandFailure, Fault, faults, type Script } from './script.ts';
