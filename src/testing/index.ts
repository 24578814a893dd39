/**
 * wirechart/testing: a scripted QMP server, to test what talks to QEMU.
 *
 * @packageDocumentation
 */

export { ScriptedQmpServer, type ScriptedQmpServerOptions } from './scripted-qmp-server.ts';
export { type Answer, type Call, CommandFailure, Fault, faults, type Script } from './script.ts';
