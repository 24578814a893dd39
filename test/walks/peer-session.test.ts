/**
 * Every walk of a peer's session up to a length, on the real machine, against a table by hand.
 *
 * The table is written from the design and imports nothing of the chart. After each step everything that
 * can be seen is compared: the state, what is waited for, the timers, and what was told at the end.
 */

import { describe, expect, it } from 'vitest';
import { Harness, type Step, WAIT_METHODS } from '../machines/peer-support.ts';
import { thorough } from '../support/thorough.ts';

const STEPS: readonly Step[] = [
  'ADMIT',
  'QUEUE',
  'TAKE',
  'LEAVE',
  'LEAVE force',
  ...WAIT_METHODS.flatMap((wait): Step[] => [`${wait} done`, `${wait} failed`]),
  'deadline',
];

type Place =
  | 'ARRIVED'
  | 'QUEUED'
  | 'CONNECTING.securing'
  | 'CONNECTING.establishing'
  | 'RUNNING.offered'
  | 'RUNNING.served'
  | 'DISCONNECTING'
  | 'GONE';

/** Where a step leads, what is told in the end, and whether the session is asked to end. */
interface Answer {
  readonly to: Place;
  readonly cause?: string | undefined;
  readonly asks?: string;
}

const ABORTED = 'ConnectError ERR_CONNECT_ABORTED';
const LATE = 'ConnectError ERR_CONNECT TimeoutError';
const BROKEN = 'ConnectError ERR_CONNECT ClosedError';
const FAILED = 'ClosedError ERR_CLOSED';
const gone = (cause?: string): Answer => ({ to: 'GONE', cause });
const asked = (asks: string): Answer => ({ to: 'DISCONNECTING', asks });
const FORCED = 'disconnect force (drained too long)';
const RUNNING = {
  LEAVE: asked('disconnect'),
  'LEAVE force': asked(FORCED),
  'ended done': gone(),
  'ended failed': gone(FAILED),
};

const TABLE: Readonly<Record<Place, Partial<Record<Step, Answer>>>> = {
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
    deadline: gone(LATE),
  },
  'CONNECTING.establishing': {
    LEAVE: asked('disconnect'),
    'LEAVE force': asked(FORCED),
    'establish done': { to: 'RUNNING.offered' },
    'establish failed': gone(FAILED),
  },
  'RUNNING.offered': { ...RUNNING, TAKE: { to: 'RUNNING.served' } },
  'RUNNING.served': RUNNING,
  DISCONNECTING: {
    'LEAVE force': asked(FORCED),
    'ended done': gone(),
    'ended failed': gone(FAILED),
  },
  GONE: {},
};

const WAITED_FOR: Readonly<Record<Place, string | undefined>> = {
  ARRIVED: undefined,
  QUEUED: 'gone',
  'CONNECTING.securing': 'secure',
  'CONNECTING.establishing': 'establish',
  'RUNNING.offered': 'ended',
  'RUNNING.served': 'ended',
  DISCONNECTING: 'ended',
  GONE: undefined,
};
const HAS_DEADLINE: readonly Place[] = ['QUEUED', 'CONNECTING.securing'];

const causeText = (error: Error & { code?: string; cause?: unknown }): string => {
  const cause = error.cause instanceof Error ? ` ${error.cause.name}` : '';
  return `${error.name} ${error.code ?? ''}${cause}`;
};

/** Walks, and compares after each step; says where it has ended. */
async function walk(steps: readonly Step[]): Promise<Place> {
  const machine = new Harness();
  let place: Place = 'ARRIVED';
  const journal: string[] = [];
  const causes: (string | undefined)[] = [];
  for (const step of steps) {
    await machine.go(step);
    const answer: Answer | undefined = TABLE[place][step];
    if (answer !== undefined) {
      const { to, asks, cause }: Answer = answer;
      if (asks !== undefined) journal.push(asks);
      if (to === 'GONE') {
        journal.push('close');
        causes.push(cause);
      }
      const wait = WAITED_FOR[to];
      const isNew = WAITED_FOR[place] !== wait || (to === 'DISCONNECTING' && place !== to);
      if (wait !== undefined && isNew) journal.push(wait);
      place = to;
    }
    const trail = steps.join(', ');
    expect(machine.state, trail).toBe(place);
    expect(machine.port.calls, trail).toEqual(journal);
    expect(
      machine.causes.map((error) => error && causeText(error)),
      trail,
    ).toEqual(causes);
    expect(machine.clock.timers, trail).toBe(HAS_DEADLINE.includes(place) ? 1 : 0);
    expect(machine.actorErrors, trail).toEqual([]);
  }
  return place;
}

/** All sequences of a length, without those that go on after the end. */
async function walkAll(length: number): Promise<Map<Place, number>> {
  const ends = new Map<Place, number>();
  let open: (readonly Step[])[] = [[]];
  for (let at = 0; at < length; at += 1) {
    const next: (readonly Step[])[] = [];
    for (const steps of open.flatMap((before) => STEPS.map((step) => [...before, step]))) {
      const place = await walk(steps);
      ends.set(place, (ends.get(place) ?? 0) + 1);
      if (place !== 'GONE') next.push(steps);
    }
    open = next;
  }
  return ends;
}

describe("the session of a peer, beside a table by hand: it's the same", () => {
  const LENGTH = thorough(3, 4);

  it(`after every sequence of up to ${String(LENGTH)} steps`, async () => {
    const ends = await walkAll(LENGTH);
    expect([...ends.keys()].sort()).toEqual(
      expect.arrayContaining(['CONNECTING.securing', 'CONNECTING.establishing', 'GONE', 'QUEUED']),
    );
  });

  it('after every step in every state', async () => {
    const ways: readonly (readonly Step[])[] = [
      [],
      ['QUEUE'],
      ['ADMIT'],
      ['ADMIT', 'secure done'],
      ['ADMIT', 'secure done', 'establish done'],
      ['ADMIT', 'secure done', 'establish done', 'TAKE'],
      ['ADMIT', 'secure done', 'LEAVE'],
      ['ADMIT', 'secure done', 'establish done', 'TAKE', 'LEAVE'],
    ];
    for (const way of ways) {
      for (const step of STEPS) {
        for (const last of STEPS) await walk([...way, step, last]);
      }
    }
  });
});
