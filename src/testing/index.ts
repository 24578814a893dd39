/**
 * wirechart/testing: a scripted QMP server, for tests of programs that talk to QEMU.
 *
 * @module wirechart/testing
 */

export { ScriptedQmpServer, type ScriptedQmpServerOptions } from './scripted-qmp-server.ts';
export { type Answer, type Call, CommandFailure, Fault, faults, type Script } from './script.ts';
