/**
 * Walks every sequence of steps of a peer's session up to a length on the real machine, and
 * compares it with a table.
 *
 * The table is written by hand from the design and imports nothing of the chart. Everything
 * observable is compared after each step: the state, the calls, the timers, and the cause of the
 * end.
 */

import { describe, expect, it } from 'vitest';
import { Harness, type Step, WAIT_METHODS } from '../machines/peer-support.ts';

const STEPS: readonly Step[] = [
  'ADMIT',
  'QUEUE',
  'TAKE',
  'LEAVE',
  'LEAVE force',
  ...WAIT_METHODS.flatMap((wait): Step[] => [`${wait} done`, `${wait} failed`]),
  'deadline',
];

type State =
  | 'ARRIVED'
  | 'QUEUED'
  | 'CONNECTING.securing'
  | 'CONNECTING.establishing'
  | 'RUNNING.offered'
  | 'RUNNING.served'
  | 'RUNNING.handled.serving'
  | 'RUNNING.handled.finishing'
  | 'DISCONNECTING'
  | 'GONE';

/**
 * The state after a step, the cause if that is GONE, and the call to `disconnect()`, `finish()` or `fail()` if
 * there is one.
 */
interface Answer {
  readonly to: State;
  readonly cause?: string | undefined;
  readonly call?: string;
}

const ABORTED = 'ConnectError ERR_CONNECT_ABORTED';
const TIMED_OUT = 'ConnectError ERR_CONNECT TimeoutError';
const BROKEN = 'ConnectError ERR_CONNECT ClosedError';
const FAILED = 'ClosedError ERR_CLOSED';
const gone = (cause?: string): Answer => ({ to: 'GONE', cause });
const disconnecting = (call: string): Answer => ({
  to: 'DISCONNECTING',
  call,
});
const FORCED = 'disconnect force (drained too long)';
const FAIL = 'fail (ClosedError: failed)';
const RUNNING = {
  LEAVE: disconnecting('disconnect'),
  'LEAVE force': disconnecting(FORCED),
  'ended done': gone(),
  'ended failed': gone(FAILED),
};

const TABLE: Readonly<Record<State, Partial<Record<Step, Answer>>>> = {
  ARRIVED: {
    ADMIT: { to: 'CONNECTING.securing' },
    QUEUE: { to: 'QUEUED' },
    LEAVE: gone(),
    'LEAVE force': gone(),
  },
  QUEUED: {
    ADMIT: { to: 'CONNECTING.securing' },
    LEAVE: gone(),
    'LEAVE force': gone(),
    'gone done': gone(),
    'gone failed': gone(FAILED),
    deadline: gone(),
  },
  'CONNECTING.securing': {
    LEAVE: gone(ABORTED),
    'LEAVE force': gone(ABORTED),
    'secure done': { to: 'CONNECTING.establishing' },
    'secure failed': gone(BROKEN),
    deadline: gone(TIMED_OUT),
  },
  'CONNECTING.establishing': {
    LEAVE: disconnecting('disconnect'),
    'LEAVE force': disconnecting(FORCED),
    'establish done': { to: 'RUNNING.offered' },
    'establish failed': gone(FAILED),
  },
  'RUNNING.offered': { ...RUNNING, TAKE: { to: 'RUNNING.served' } },
  'RUNNING.served': RUNNING,
  'RUNNING.handled.serving': {
    ...RUNNING,
    LEAVE: { to: 'RUNNING.handled.finishing', call: 'finish' },
    'serve done': disconnecting('disconnect'),
    'serve failed': { to: 'RUNNING.handled.serving', call: FAIL },
  },
  'RUNNING.handled.finishing': {
    'LEAVE force': disconnecting(FORCED),
    'ended done': gone(),
    'ended failed': gone(FAILED),
    'serve done': disconnecting('disconnect'),
    'serve failed': disconnecting('disconnect'),
    deadline: disconnecting('disconnect'),
  },
  DISCONNECTING: {
    'LEAVE force': disconnecting(FORCED),
    'ended done': gone(),
    'ended failed': gone(FAILED),
  },
  GONE: {},
};

/** The same where the server has `onPeer`. */
const HANDLED_TABLE: typeof TABLE = {
  ...TABLE,
  'CONNECTING.establishing': {
    ...TABLE['CONNECTING.establishing'],
    'establish done': { to: 'RUNNING.handled.serving' },
  },
};

const PENDING_CALLS: Readonly<Record<State, readonly string[]>> = {
  ARRIVED: [],
  QUEUED: ['gone'],
  'CONNECTING.securing': ['secure'],
  'CONNECTING.establishing': ['establish'],
  'RUNNING.offered': ['ended'],
  'RUNNING.served': ['ended'],
  'RUNNING.handled.serving': ['ended', 'serve'],
  'RUNNING.handled.finishing': ['ended', 'serve'],
  DISCONNECTING: ['ended'],
  GONE: [],
};
const HAS_DEADLINE: readonly State[] = [
  'QUEUED',
  'CONNECTING.securing',
  'RUNNING.handled.finishing',
];

const causeText = (error: Error & { code?: string; cause?: unknown }): string => {
  const cause = error.cause instanceof Error ? ` ${error.cause.name}` : '';
  return `${error.name} ${error.code ?? ''}${cause}`;
};

/** Takes the steps, compares after each, and resolves with the last state. */
async function walk(steps: readonly Step[]): Promise<State> {
  const machine = new Harness();
  let state: State = 'ARRIVED';
  const calls: string[] = [];
  const causes: (string | undefined)[] = [];
  const table = steps[0] === 'onPeer' ? HANDLED_TABLE : TABLE;
  let hasServed = false;
  for (const step of steps) {
    await machine.go(step);
    const answer: Answer | undefined =
      hasServed && step.startsWith('serve ') ? undefined : table[state][step];
    // A callback ends once.
    hasServed ||= answer !== undefined && step.startsWith('serve ');
    if (answer !== undefined) {
      const { to, call, cause }: Answer = answer;
      if (call !== undefined) calls.push(call);
      if (to === 'GONE') {
        calls.push('close');
        causes.push(cause);
      }
      const waits = PENDING_CALLS[to];
      const isNew =
        String(PENDING_CALLS[state]) !== String(waits) || (to === 'DISCONNECTING' && state !== to);
      if (isNew) calls.push(...waits);
      state = to;
    }
    const trail = steps.join(', ');
    expect(machine.state, trail).toBe(state);
    expect(machine.port.calls, trail).toEqual(calls);
    expect(
      machine.causes.map((error) => error && causeText(error)),
      trail,
    ).toEqual(causes);
    expect(machine.clock.timers, trail).toBe(HAS_DEADLINE.includes(state) ? 1 : 0);
    expect(machine.actorErrors, trail).toEqual([]);
  }
  return state;
}

/**
 * Walks all sequences up to a length that do not go on after GONE; counts them by their last state.
 */
async function walkAll(length: number): Promise<Map<State, number>> {
  const ends = new Map<State, number>();
  let open: (readonly Step[])[] = [[]];
  for (let at = 0; at < length; at += 1) {
    const next: (readonly Step[])[] = [];
    for (const steps of open.flatMap((before) => STEPS.map((step) => [...before, step]))) {
      const state = await walk(steps);
      ends.set(state, (ends.get(state) ?? 0) + 1);
      if (state !== 'GONE') next.push(steps);
    }
    open = next;
  }
  return ends;
}

describe("a peer's session is as the table says", () => {
  const LENGTH = 3;

  it(`after every sequence of up to ${String(LENGTH)} steps`, async () => {
    const ends = await walkAll(LENGTH);
    expect([...ends.keys()].sort()).toEqual(
      expect.arrayContaining(['CONNECTING.securing', 'CONNECTING.establishing', 'GONE', 'QUEUED']),
    );
  });

  it('after every step in every state', async () => {
    const paths: readonly (readonly Step[])[] = [
      [],
      ['QUEUE'],
      ['ADMIT'],
      ['ADMIT', 'secure done'],
      ['ADMIT', 'secure done', 'establish done'],
      ['ADMIT', 'secure done', 'establish done', 'TAKE'],
      ['onPeer', 'ADMIT', 'secure done', 'establish done'],
      ['onPeer', 'ADMIT', 'secure done', 'establish done', 'LEAVE'],
      ['onPeer', 'ADMIT', 'secure done', 'establish done', 'serve failed'],
      ['ADMIT', 'secure done', 'LEAVE'],
      ['ADMIT', 'secure done', 'establish done', 'TAKE', 'LEAVE'],
    ];
    for (const path of paths) {
      for (const step of STEPS) {
        for (const last of STEPS) await walk([...path, step, last]);
      }
    }
  });
});
