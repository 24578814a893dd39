/** The built-in commands of a scripted server: a virtual machine that runs, stops and quits. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import type { Answer, Script } from '../script.ts';
import type { JobList } from './job-list.ts';
import type { Schema } from './schema.ts';

/** The version in the greeting and in the reply to `query-version`. */
const VERSION: JsonObject = {
  qemu: { major: 0, minor: 1, micro: 0 },
  package: 'wirechart scripted server',
};

/** The greeting of a server that offers out-of-band execution. */
export const GREETING: JsonObject = { QMP: { version: VERSION, capabilities: ['oob'] } };

/** What the built-in commands work on. */
interface MachinePort {
  readonly jobs: JobList;
  /** What commands and events there are; `undefined` if no schema was given. */
  readonly schema: Schema | undefined;
  /** The version in the greeting; `undefined` if it has none. */
  readonly version: JsonValue | undefined;
  /** Sends an event to the client. */
  readonly emit: (event: string, data?: JsonObject) => void;
  /** The names of all commands, if there is no schema. */
  names(): readonly string[];
}

/** Returns the built-in commands. They share the state of one virtual machine, at first `prelaunch`. */
export function builtInCommands(port: MachinePort): Readonly<Record<string, Script>> {
  const { jobs, schema, emit } = port;
  let status = 'prelaunch';
  const changeTo = (newStatus: string, event: string) => (): Answer => {
    if (status !== newStatus) emit(event);
    status = newStatus;
    return {};
  };
  return {
    'query-version': port.version ?? VERSION,
    'query-status': (): JsonValue => ({ status, singlestep: false, running: status === 'running' }),
    'query-name': {},
    'query-commands': (): JsonValue => named(schema?.commandNames ?? port.names()),
    ...(schema && introspection(schema)),
    'query-yank': [],
    cont: changeTo('running', 'RESUME'),
    stop: changeTo('paused', 'STOP'),
    ...jobs.commands(),
    quit: (): Answer => {
      emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' });
      jobs.cancelAll();
      return {};
    },
  };
}

/** The commands that tell what there is. */
const introspection = (schema: Schema): Readonly<Record<string, Script>> => ({
  'query-events': named(schema.eventNames),
  // The entries are what QEMU has sent.
  'query-qmp-schema': schema.entries as unknown as JsonValue,
});

const named = (names: readonly string[]): JsonValue[] => names.map((name) => ({ name }));
