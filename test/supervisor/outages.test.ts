import { describe, expect, it, vi } from 'vitest';
import { ClosedError, type Outage } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { Machine, SupervisorHarness, systemError, withoutJitter } from './support.ts';

expectIdleAfterEach();

const BROKEN = new ClosedError('The session has broken');
const REFUSED = 'Failed to establish connection: connect ECONNREFUSED';

const createHarness = (options: ConstructorParameters<typeof SupervisorHarness>[0] = {}) =>
  new SupervisorHarness({ backoff: withoutJitter, ...options });

/** The current outage, or the last one. */
const outageOf = ({ supervisor }: SupervisorHarness): Outage => {
  const outage = supervisor.failures.at(-1);
  if (outage === undefined) throw new Error('There was no outage yet');
  return outage;
};

/** Runs a test at a fixed time of day, which it may change. */
const atTime = async (run: (at: (ms: number) => void) => Promise<void>): Promise<void> => {
  const now = vi.spyOn(Date, 'now').mockReturnValue(1_000);
  try {
    await run((ms) => now.mockReturnValue(ms));
  } finally {
    now.mockRestore();
  }
};

describe('the cause of an outage is known in FAILING,', () => {
  it('when the session has failed', async () => {
    const harness = createHarness();
    await harness.accept();
    const seen: string[] = [];
    harness.supervisor.client.runstates(); // A reader that comes first must not matter.
    const states = harness.supervisor.states();
    const failing = states.next().then(({ value }) => {
      seen.push(`${String(value)}: ${outageOf(harness).cause.message}`);
    });
    await harness.breakSession(BROKEN);
    await failing;
    expect(seen).toEqual(['FAILING: The session has broken']);
    expect(harness.supervisor.state).toBe('FAILING');
    expect(outageOf(harness)).toMatchObject({ cause: BROKEN, first: BROKEN, count: 1, session: 1 });
  });

  it('also of the second outage', async () => {
    const harness = createHarness();
    await harness.accept();
    await harness.loseSession(BROKEN);
    await harness.advance(100);
    await harness.accept();
    const other = new ClosedError('The other session has broken');
    await harness.breakSession(other);
    expect(harness.supervisor.state).toBe('FAILING');
    expect(harness.supervisor.failures.map(({ cause }) => cause)).toEqual([BROKEN, other]);
  });

  it('when onUp has thrown, and when it was late', async () => {
    const error = new ClosedError('not prepared');
    const throwing = createHarness({ onUp: () => Promise.reject(error) });
    await throwing.accept();
    expect(throwing.supervisor.state).toBe('FAILING');
    expect(outageOf(throwing).cause).toBe(error);
    const late = createHarness({ onUp: () => new Promise(() => undefined), timeouts: { up: 5 } });
    await late.accept();
    await late.advance(5);
    expect(late.supervisor.state).toBe('FAILING');
    expect(outageOf(late).cause.message).toBe('The callback onUp took longer than 5 ms');
    for (const harness of [throwing, late]) await harness.fulfil('close');
    expect(late.client.outcome?.cause).toBe(outageOf(late).cause);
  });

  it('and is in the event that the machine emits', async () => {
    const machine = new Machine();
    await machine.accept();
    await machine.breakSession(BROKEN);
    expect(machine.emittedOf('failing')).toEqual([{ type: 'failing', cause: BROKEN }]);
  });
});

describe('an outage', () => {
  it('keeps its first cause, the last one, their number and the times', async () => {
    await atTime(async (at) => {
      const harness = createHarness();
      await harness.accept();
      at(2_000);
      await harness.breakSession(BROKEN);
      at(2_500);
      await harness.fulfil('close');
      for (let attempt = 2; attempt <= 21; attempt += 1) {
        await harness.advance(30_000);
        at(attempt * 10_000);
        await harness.refuse();
      }
      expect(harness.supervisor.failures).toEqual([
        {
          first: BROKEN,
          cause: expect.objectContaining({ message: REFUSED }) as Error,
          count: 21,
          session: 21,
          from: 2_000,
          latest: 210_000,
        },
      ]);
    });
  });

  it('is over when there is a session again', async () => {
    await atTime(async (at) => {
      const harness = createHarness();
      await harness.refuse();
      await harness.advance(100);
      expect(outageOf(harness)).not.toHaveProperty('until');
      at(7_000);
      await harness.accept();
      expect(outageOf(harness)).toMatchObject({
        count: 1,
        from: 1_000,
        until: 7_000,
        endedIn: 'UP',
      });
    });
  });

  it.each([
    ['stop()', 'STOPPED', Infinity],
    ['the last attempt', 'GIVEN_UP', 1],
  ])('is over after %s', async (_, state, attempts) => {
    const harness = createHarness({ attempts });
    await harness.refuse();
    await harness.supervisor.stop();
    expect(harness.supervisor.failures).toHaveLength(1);
    expect(outageOf(harness)).toMatchObject({ endedIn: state, count: 1 });
  });

  it('counts what fails while it stops, too', async () => {
    const harness = createHarness();
    await harness.accept();
    const stopped = harness.supervisor.stop();
    await harness.fail('flush', systemError('EPIPE'));
    await harness.fulfil('close');
    await stopped;
    expect(outageOf(harness)).toMatchObject({ count: 1, endedIn: 'STOPPED', session: 1 });
    expect(outageOf(harness).cause.message).toContain('EPIPE');
  });

  it('is emitted once, just before the event of the state that ends it', async () => {
    const machine = new Machine({ backoff: withoutJitter });
    await machine.refuse();
    await machine.passWait();
    await machine.refuse();
    await machine.passWait();
    await machine.accept();
    expect(machine.emitted.map(({ type }) => type).slice(-2)).toEqual(['outage', 'up']);
    expect(machine.emittedOf('outage')).toMatchObject([{ outage: { count: 2, endedIn: 'UP' } }]);
    expect(machine.context.outage).toBeUndefined();
  });

  it('is one record in the log', async () => {
    await atTime(async (at) => {
      const { logger, records } = recordingLogger();
      const harness = createHarness({ logger });
      await harness.accept();
      await harness.loseSession(BROKEN);
      await harness.advance(100);
      await harness.refuse();
      await harness.advance(200);
      at(5_000);
      await harness.accept();
      expect(records.filter((record) => record.includes('Outage'))).toEqual([
        'info Outage of 4000 ms with 2 failures, ended in UP: The session has broken; ' +
          `at last: ${REFUSED}`,
      ]);
    });
  });
});

describe('fail()', () => {
  it('ends the session as failed, and another one follows', async () => {
    const harness = createHarness();
    await harness.accept();
    harness.supervisor.fail(new Error('no heartbeat'));
    expect(harness.supervisor.state).toBe('FAILING');
    expect(outageOf(harness).cause).toMatchObject({
      code: 'ERR_REFUSED',
      message: 'no heartbeat',
      retryable: true,
    });
    await harness.fulfil('close');
    expect(harness.client.outcome?.cause).toBe(outageOf(harness).cause);
    expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING']);
    expect(outageOf(harness).count).toBe(1);
  });

  it('fails a session that onUp prepares, and aborts the signal of that', async () => {
    let signal: AbortSignal | undefined;
    const harness = createHarness({
      onUp: (_, given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    });
    await harness.accept();
    harness.supervisor.fail(BROKEN);
    expect(signal?.aborted).toBe(true);
    await harness.fulfil('close');
    expect(harness.states).toEqual(['FAILING', 'WAITING']);
    expect(outageOf(harness).cause).toBe(BROKEN);
  });

  it('fails an attempt', async () => {
    const harness = createHarness();
    await harness.fulfil('dial');
    harness.supervisor.fail(BROKEN);
    await harness.fulfil('destroy');
    expect(harness.states).toEqual(['WAITING']);
    expect(outageOf(harness).cause).toMatchObject({ code: 'ERR_CONNECT', cause: BROKEN });
  });

  it('with a final error makes it give up', async () => {
    const harness = createHarness();
    await harness.accept();
    harness.supervisor.fail({ message: 'banned', name: 'Ban', retryable: false });
    await harness.fulfil('close');
    expect(harness.states).toEqual(['UP', 'FAILING', 'GIVEN_UP']);
    expect((await rejection(harness.supervisor.up())) as Error).toHaveProperty('message', 'banned');
  });

  it('is ignored where nothing is under way', async () => {
    const harness = createHarness();
    await harness.refuse();
    const { stats, state } = harness.supervisor;
    harness.supervisor.fail(BROKEN);
    expect([harness.supervisor.stats, harness.supervisor.state]).toEqual([stats, state]);
    await harness.supervisor.stop();
    harness.supervisor.fail(BROKEN);
    expect(harness.supervisor.state).toBe('STOPPED');
    expect(outageOf(harness).count).toBe(1);
  });

  it('does not lose its cause when the end of the session was expected', async () => {
    const harness = createHarness();
    await harness.accept();
    harness.client.expectEnd();
    harness.supervisor.fail(BROKEN);
    await harness.fulfil('close');
    expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING']);
    expect(outageOf(harness).cause).toBe(BROKEN);
  });
});

describe('stats', () => {
  it('count attempts, retries, sessions and failures from the beginning', async () => {
    await atTime(async (at) => {
      const harness = createHarness({ attempts: 3 });
      expect(harness.supervisor.stats).toMatchObject({
        attempts: 1,
        retries: 0,
        sessions: 0,
        failures: 0,
        since: 1_000,
      });
      at(9_000);
      await harness.refuse();
      await harness.advance(100);
      await harness.accept();
      await harness.loseSession();
      await harness.advance(200);
      await harness.refuse();
      expect(harness.supervisor.state).toBe('GIVEN_UP');
      expect(harness.supervisor.stats).toMatchObject({
        attempts: 3,
        retries: 2,
        sessions: 1,
        failures: 3,
        since: 1_000,
      });
      harness.supervisor.start();
      expect(harness.supervisor.stats).toMatchObject({ attempts: 4, retries: 2, failures: 3 });
    });
  });
});
