/** A child uses its parent's clock: with a simulated one, every deadline depends on that alone. */

import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SimulatedClock, waitFor } from 'xstate';
import { type SessionOutcome, streamPair, type Timeouts } from '../../src/index.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import { asChild, at, pathOf } from '../machines/support.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { connectingSocket, stalledStream } from '../support/streams.ts';
import { linkOf } from '../../src/core/link-handle.ts';
import { startParent } from './support.ts';

expectIdleAfterEach();

const timeouts = {
  connect: 1_000,
  accept: 2_000,
  handshake: 3_000,
  drain: 3_500,
  flush: 4_000,
  close: 5_000,
  idle: Infinity,
  firstMessage: Infinity,
} satisfies Timeouts;

/** A parent of a single-use connection, with a simulated clock. */
function start(options: Parameters<typeof startParent>[0] = {}) {
  const clock = new SimulatedClock();
  const fixture = startParent({ once: true, timeouts, ...options, clock });
  const until = (state: string) =>
    waitFor(fixture.connection, (snapshot) => pathOf(snapshot.value) === state);
  /**
   * Lets a deadline pass, and asserts that it does not pass earlier; resolves with the parent's
   * outcome.
   */
  const pass = async (deadline: keyof Timeouts): Promise<SessionOutcome | undefined> => {
    const before = fixture.connection.getSnapshot().value;
    clock.increment(timeouts[deadline] - 1);
    await turn();
    expect(fixture.connection.getSnapshot().value).toEqual(before);
    clock.increment(1);
    const { context } = await waitFor(fixture.parent, ({ status }) => status === 'done');
    return context.outcome;
  };
  return { ...fixture, clock, until, pass };
}

/** The outcome of an attempt that failed at this deadline. */
const timedOut = (deadline: keyof Timeouts, phase: 'connection' | 'session') => ({
  cause: {
    code: 'ERR_CONNECT',
    phase,
    retryable: true,
    cause: { code: 'ERR_TIMEOUT', phase: deadline, ms: timeouts[deadline] },
  },
});

/** A RUNNING connection on a stream. */
async function startRunning(stream: Duplex) {
  const fixture = start({ address: { stream } });
  await fixture.until('RUNNING.open');
  return fixture;
}

describe("with the parent's clock", () => {
  it('the deadline of connect passes', async () => {
    const { pass } = start({ address: { stream: connectingSocket() } });
    expect(await pass('connect')).toMatchObject(timedOut('connect', 'connection'));
  });

  it('the deadline of accept passes', async () => {
    const { send, until, pass } = start();
    send({ type: 'LISTEN', address: `${await tempDir()}/socket` });
    await until('CONNECTING.listening.bound');
    send({ type: 'ACCEPT' });
    expect(await pass('accept')).toMatchObject(timedOut('accept', 'connection'));
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
    expect(await pass('handshake')).toMatchObject(timedOut('handshake', 'session'));
  });

  it('the deadline of flush passes', async () => {
    const { connection, send, pass } = await startRunning(stalledStream());
    const link = linkOf(connection.getSnapshot().context);
    await link.send('never confirmed');
    send({ type: 'DISCONNECT' });
    expect(await pass('flush')).toMatchObject({
      cause: { code: 'ERR_TIMEOUT', phase: 'flush', ms: timeouts.flush },
      undelivered: 1,
    });
  });

  it('the deadline of close passes, and is not a failure', async () => {
    const [near, far] = streamPair();
    const { send, pass } = await startRunning(near);
    far.resume();
    send({ type: 'DISCONNECT' });
    const outcome = await pass('close');
    expect(outcome?.cause).toBeUndefined();
    expect(outcome?.suppressed).toMatchObject([{ code: 'ERR_TIMEOUT', phase: 'close' }]);
  });

  it('no deadline passes by real time', async () => {
    const fixture = start({
      address: { stream: connectingSocket() },
      timeouts: { ...timeouts, connect: 1 },
    });
    // Longer than the deadline, in real time.
    const startMs = performance.now();
    while (performance.now() - startMs < 5) await turn();
    expect(pathOf(fixture.connection.getSnapshot().value)).toBe('CONNECTING.dialing');
    fixture.clock.increment(1);
    await waitFor(fixture.parent, ({ status }) => status === 'done');
  });
});

/** Each state that has a deadline, the deadline, and the next state. */
const DEADLINE_STATES = [
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
  it.each(DEADLINE_STATES)(
    'leaves %s at its %s deadline and enters %s',
    async (state, deadline, next) => {
      const machine = await at(state, {}, asChild);
      machine.clock.increment(DEADLINES[deadline] - 1);
      expect(machine.state).toBe(state);
      machine.clock.increment(1);
      expect(machine.state).toBe(next);
    },
  );
});
