/** What the tests of faults share: error chains, deadlines, memory measurement, QMP messages. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import { ConnectError, type Timeouts, WirechartError } from '../../src/index.ts';
import { type Transport } from './steps.ts';

export const TRANSPORTS: readonly Transport[] = ['unix', 'tcp'];

/** No deadlines. */
export const NEVER: Required<Timeouts> = {
  connect: Infinity,
  accept: Infinity,
  handshake: Infinity,
  drain: Infinity,
  flush: Infinity,
  close: Infinity,
  idle: Infinity,
  firstMessage: Infinity,
};

/** One deadline, and no other. */
export const only = (deadline: keyof Timeouts, ms: number): Required<Timeouts> => ({
  ...NEVER,
  [deadline]: ms,
});

/** The codes of a connection that the other side broke; the timing decides which one it is. */
export const BROKEN: unknown = expect.stringMatching(/^(ECONNRESET|EPIPE)$/);

/** An error and its chain of causes, one line each; an error of the system is given by its code. */
export function chainOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  return [lineOf(error), ...chainOf(error.cause)];
}

function lineOf(error: Error): string {
  if (error instanceof ConnectError) {
    const verdict = error.retryable ? 'retryable' : 'final';
    return `${error.name} ${error.code} ${error.phase} ${verdict}`;
  }
  if (error instanceof WirechartError) {
    const phase = 'phase' in error ? ` ${String(error.phase)}` : '';
    return `${error.name} ${error.code}${phase}`;
  }
  return 'code' in error ? String(error.code) : error.name;
}

/** How late a deadline may be on a busy machine. */
const MAX_DELAY_MS = 10_000;

/**
 * Asserts that an action ends when a deadline of so many ms passes, and resolves with its value. The time
 * is taken before the action begins: afterwards a busy machine may lose any time before it is taken.
 */
export async function endsBy<T>(ms: number, action: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const value = await action();
  const elapsed = performance.now() - startedAt;
  // Node's timers may fire a millisecond early.
  expect(elapsed).toBeGreaterThan(ms - 2);
  expect(elapsed).toBeLessThan(ms + MAX_DELAY_MS);
  return value;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * The memory of this process after a garbage collection, in bytes: objects, strings and buffers.
 */
function usedBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The interval of memory samples; each sample costs a garbage collection. */
const SAMPLE_MS = 100;

/** Runs `run`, and measures how much the memory of this process has grown at most, in bytes. */
export async function measureGrowth<T>(
  run: () => Promise<T>,
): Promise<{ value: T; growth: number }> {
  const before = usedBytes();
  let growth = 0;
  const sample = (): void => {
    growth = Math.max(growth, usedBytes() - before);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    const value = await run();
    sample();
    return { value, growth };
  } finally {
    clearInterval(timer);
  }
}

export const MIB = 1024 * 1024;

/** The messages of a monitor, as QEMU sends them. */
export const MONITOR = {
  greeting:
    '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, ' +
    '"capabilities": ["oob"]}}\r\n',
  event: '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}\r\n',
  /** The reply to the last command of a `take` step. */
  reply: '{"return": {}, "id": $id}\r\n',
  /** A reply to a command of an earlier client. */
  stale: '{"return": {}, "id": "stale"}\r\n',
  parseError: '{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n',
} as const;
