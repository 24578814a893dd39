/** The commands that a scripted server knows by itself: a machine that runs, stops and quits. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import type { Answer, Script } from './script.ts';

/** What the greeting says, and `query-version`. */
const VERSION: JsonObject = {
  qemu: { major: 0, minor: 1, micro: 0 },
  package: 'wirechart scripted server',
};

/** The greeting of a server that offers out-of-band execution. */
export const GREETING: JsonObject = { QMP: { version: VERSION, capabilities: ['oob'] } };

/**
 * The built-in commands, with a machine of their own behind them.
 *
 * @param emit - Sends an event.
 * @param names - The names of all commands, for `query-commands`.
 */
export function builtInCommands(
  emit: (event: string, data?: JsonObject) => void,
  names: () => readonly string[],
): Readonly<Record<string, Script>> {
  let status = 'prelaunch';
  const change = (to: string, event: string) => (): Answer => {
    if (status !== to) emit(event);
    status = to;
    return {};
  };
  return {
    'query-version': VERSION,
    'query-status': (): JsonValue => ({ status, singlestep: false, running: status === 'running' }),
    'query-name': {},
    'query-commands': (): JsonValue => names().map((name) => ({ name })),
    'query-yank': [],
    cont: change('running', 'RESUME'),
    stop: change('paused', 'STOP'),
    quit: (): Answer => {
      emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' });
      return {};
    },
  };
}
