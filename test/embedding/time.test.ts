/** The time of a child is its parent's: with a simulated clock there, every deadline passes by it alone. */

import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SimulatedClock, waitFor } from 'xstate';
import { type SessionOutcome, streamPair, type Timeouts } from '../../src/index.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import { asChild, at, pathOf } from '../machines/support.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { connectingSocket, stalledStream } from '../support/streams.ts';
import { startHouse } from './support.ts';

expectIdleAfterEach();

const timeouts = {
  connect: 1_000,
  accept: 2_000,
  handshake: 3_000,
  flush: 4_000,
  close: 5_000,
} satisfies Timeouts;

/** A house of a line for one session, and a clock that stands still until it is moved. */
function start(options: Parameters<typeof startHouse>[0] = {}) {
  const clock = new SimulatedClock();
  const made = startHouse({ once: true, timeouts, ...options, clock });
  const until = (state: string) =>
    waitFor(made.line, (snapshot) => pathOf(snapshot.value) === state);
  /** The deadline passes, and not a moment before; gives how the parent is told of it. */
  const pass = async (deadline: keyof Timeouts): Promise<SessionOutcome | undefined> => {
    const before = made.line.getSnapshot().value;
    clock.increment(timeouts[deadline] - 1);
    await turn();
    expect(made.line.getSnapshot().value).toEqual(before);
    clock.increment(1);
    const { context } = await waitFor(made.house, ({ status }) => status === 'done');
    return context.outcome;
  };
  return { ...made, clock, until, pass };
}

/** An attempt failed because this deadline passed. */
const late = (deadline: keyof Timeouts, phase: 'connection' | 'session') => ({
  cause: {
    code: 'ERR_CONNECT',
    phase,
    retryable: true,
    cause: { code: 'ERR_TIMEOUT', phase: deadline, ms: timeouts[deadline] },
  },
});

/** A line that runs on a stream. */
async function running(stream: Duplex) {
  const made = start({ address: { stream } });
  await made.until('RUNNING.open');
  return made;
}

describe("with the parent's clock", () => {
  it('the deadline of connect passes', async () => {
    const { pass } = start({ address: { stream: connectingSocket() } });
    expect(await pass('connect')).toMatchObject(late('connect', 'connection'));
  });

  it('the deadline of accept passes', async () => {
    const { tell, until, pass } = start();
    tell({ type: 'LISTEN', address: `${await tempDir()}/line.sock` });
    await until('CONNECTING.listening.bound');
    tell({ type: 'ACCEPT' });
    expect(await pass('accept')).toMatchObject(late('accept', 'connection'));
  });

  it('the deadline of handshake passes', async () => {
    const { until, pass } = start({
      address: { stream: streamPair()[0] },
      definition: {
        handshake: async (session) => {
          await session.receive();
        },
      },
    });
    await until('CONNECTING.establishing');
    expect(await pass('handshake')).toMatchObject(late('handshake', 'session'));
  });

  it('the deadline of flush passes', async () => {
    const { line, tell, pass } = await running(stalledStream());
    const { link } = line.getSnapshot().context;
    await link.send('never confirmed');
    tell({ type: 'DISCONNECT' });
    expect(await pass('flush')).toMatchObject({
      cause: { code: 'ERR_TIMEOUT', phase: 'flush', ms: timeouts.flush },
      undelivered: 1,
    });
  });

  it('the deadline of close passes, and is no failure', async () => {
    const [near, far] = streamPair();
    const { tell, pass } = await running(near);
    far.resume();
    tell({ type: 'DISCONNECT' });
    const outcome = await pass('close');
    expect(outcome?.cause).toBeUndefined();
    expect(outcome?.suppressed).toMatchObject([{ code: 'ERR_TIMEOUT', phase: 'close' }]);
  });

  it('nothing passes while it stands still, and no deadline is of real time', async () => {
    const made = start({
      address: { stream: connectingSocket() },
      timeouts: { ...timeouts, connect: 1 },
    });
    // A real millisecond and more.
    const began = performance.now();
    while (performance.now() - began < 5) await turn();
    expect(pathOf(made.line.getSnapshot().value)).toBe('CONNECTING.dialing');
    made.clock.increment(1);
    await waitFor(made.house, ({ status }) => status === 'done');
  });
});

/** Each state that has a deadline, and where it leads. */
const PASSING = [
  ['CONNECTING.dialing', 'connect', 'DISCONNECTING.destroying'],
  ['CONNECTING.listening.binding', 'connect', 'DISCONNECTING.destroying'],
  ['CONNECTING.accepting', 'accept', 'DISCONNECTING.destroying'],
  ['CONNECTING.establishing', 'handshake', 'DISCONNECTING.destroying'],
  ['DISCONNECTING.flushing.twoway', 'flush', 'DISCONNECTING.destroying'],
  ['DISCONNECTING.flushing.oneway', 'flush', 'DISCONNECTING.destroying'],
  ['DISCONNECTING.closing', 'close', 'DISCONNECTING.destroying'],
  ['DISCONNECTING.destroying', 'close', 'IDLE'],
] as const;

describe('the chart as a child', () => {
  it.each(PASSING)('leaves %s at its %s deadline, for %s', async (state, deadline, next) => {
    const machine = await at(state, {}, asChild);
    machine.clock.increment(DEADLINES[deadline] - 1);
    expect(machine.state).toBe(state);
    machine.clock.increment(1);
    expect(machine.state).toBe(next);
  });
});
