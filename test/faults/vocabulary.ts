/** The words in which the tests of faults say what happens: errors, deadlines, memory, QMP on the wire. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import { ConnectError, type Timeouts, WirechartError } from '../../src/index.ts';
import { type Wire } from './steps.ts';

export const WIRES: readonly Wire[] = ['unix', 'tcp'];

/** No deadline at all: what ends then ends by itself. */
export const NEVER: Required<Timeouts> = {
  connect: Infinity,
  accept: Infinity,
  handshake: Infinity,
  flush: Infinity,
  close: Infinity,
};

/** One deadline, and no other: what ends by a deadline ends by this one. */
export const only = (deadline: keyof Timeouts, ms: number): Required<Timeouts> => ({
  ...NEVER,
  [deadline]: ms,
});

/** What a system says of a connection that the other side broke; which of them is a matter of time. */
export const BROKEN: unknown = expect.stringMatching(/^(ECONNRESET|EPIPE)$/);

/** An error and all of its causes, one line each; of an error of the system, its code. */
export function chainOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  return [lineOf(error), ...chainOf(error.cause)];
}

function lineOf(error: Error): string {
  if (error instanceof ConnectError) {
    const merit = error.retryable ? 'retryable' : 'final';
    return `${error.name} ${error.code} ${error.phase} ${merit}`;
  }
  if (error instanceof WirechartError) {
    const phase = 'phase' in error ? ` ${String(error.phase)}` : '';
    return `${error.name} ${error.code}${phase}`;
  }
  return 'code' in error ? String(error.code) : error.name;
}

/** How late a deadline may be on a machine that is busy with other things. */
const SLACK_MS = 10_000;

/** Waits for something that a deadline ends: neither before it nor long after it. */
export async function endsBy<T>(ms: number, ending: Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await ending;
  const took = performance.now() - began;
  // Timers count whole milliseconds from the start of their turn.
  expect(took).toBeGreaterThan(ms - 5);
  expect(took).toBeLessThan(ms + SLACK_MS);
  return value;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds, in bytes: objects, strings and buffers. */
function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** How often the memory is looked at while something goes on; a look costs a collection. */
const LOOK_MS = 100;

/** What `run` resolves with, and the most that this process held more than now meanwhile, in bytes. */
export async function weighed<T>(run: () => Promise<T>): Promise<{ value: T; growth: number }> {
  const before = held();
  let growth = 0;
  const look = (): void => {
    growth = Math.max(growth, held() - before);
  };
  const looking = setInterval(look, LOOK_MS);
  try {
    const value = await run();
    look();
    return { value, growth };
  } finally {
    clearInterval(looking);
  }
}

export const MIB = 1024 * 1024;

/** What a monitor says, as it is on the wire. */
export const wire = {
  greeting:
    '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, ' +
    '"capabilities": ["oob"]}}\r\n',
  event: '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}\r\n',
  /** To the command that was taken. */
  reply: '{"return": {}, "id": $id}\r\n',
  /** To a command of a client that has left. */
  stale: '{"return": {}, "id": "stale"}\r\n',
  parseError: '{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n',
} as const;
