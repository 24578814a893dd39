/** The built-in commands of a scripted server: a virtual machine that runs, stops and quits. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import type { Answer, Script } from './script.ts';

/** The version in the greeting and in the reply to `query-version`. */
const VERSION: JsonObject = {
  qemu: { major: 0, minor: 1, micro: 0 },
  package: 'wirechart scripted server',
};

/** The greeting of a server that offers out-of-band execution. */
export const GREETING: JsonObject = { QMP: { version: VERSION, capabilities: ['oob'] } };

/**
 * Returns the built-in commands. They share the state of one virtual machine, at first `prelaunch`.
 *
 * @param emit - Sends an event to the client.
 * @param names - Returns the names of all commands, for `query-commands`.
 */
export function builtInCommands(
  emit: (event: string, data?: JsonObject) => void,
  names: () => readonly string[],
): Readonly<Record<string, Script>> {
  let status = 'prelaunch';
  const changeTo = (newStatus: string, event: string) => (): Answer => {
    if (status !== newStatus) emit(event);
    status = newStatus;
    return {};
  };
  return {
    'query-version': VERSION,
    'query-status': (): JsonValue => ({ status, singlestep: false, running: status === 'running' }),
    'query-name': {},
    'query-commands': (): JsonValue => names().map((name) => ({ name })),
    'query-yank': [],
    cont: changeTo('running', 'RESUME'),
    stop: changeTo('paused', 'STOP'),
    quit: (): Answer => {
      emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' });
      return {};
    },
  };
}
