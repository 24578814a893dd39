import { describe, expect, it } from 'vitest';
import { ConnectError, TimeoutError } from '../../src/core/errors.ts';
import { DEADLINES } from './fake-link.ts';
import { at, type Harness, STABLE_STATES } from './support.ts';

/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

describe('an attempt that takes too long', () => {
  it.each([
    ['CONNECTING.dialing', 'connect', 'connection'],
    ['CONNECTING.listening.binding', 'connect', 'connection'],
    ['CONNECTING.accepting', 'accept', 'connection'],
    ['CONNECTING.establishing', 'handshake', 'session'],
  ] as const)('in %s fails exactly at its %s deadline', async (state, deadline, phase) => {
    const machine = await at(state);
    const ms = DEADLINES[deadline];
    machine.clock.increment(ms - 1);
    expect(machine.state).toBe(state);
    machine.clock.increment(1);
    expect(machine.state).toBe('DISCONNECTING.destroying');
    const { cause } = machine.context;
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause).toMatchObject({ code: 'ERR_CONNECT', phase, retryable: true });
    expect(cause?.cause).toBeInstanceOf(TimeoutError);
    expect(cause?.cause).toMatchObject({ phase: deadline, ms });
    await machine.go('destroy');
    expect(machine.outcome).toEqual({ cause, suppressed: [], undelivered: 0 });
  });
});

describe('an attempt that was repeated until its deadline', () => {
  it('names the reason why', async () => {
    const machine = await at('CONNECTING.dialing');
    const obstacle = new Error('The backlog is full');
    machine.link.obstacle = obstacle;
    machine.clock.increment(DEADLINES.connect);
    const { cause } = machine.context;
    expect(cause?.message).toContain(
      `The connect deadline of ${String(DEADLINES.connect)} ms passed: The backlog is full`,
    );
    expect(cause?.cause).toMatchObject({ phase: 'connect', cause: obstacle });
    expect(cause?.retryable).toBe(true);
  });
});

describe('FAIL with an error that is none of the library', () => {
  it.each(['CONNECTING.dialing', 'RUNNING.open', 'DISCONNECTING.closing'] as const)(
    'is a refusal, in %s',
    async (state) => {
      const machine = await at(state);
      // As a parent in plain JavaScript may send it.
      machine.send({ type: 'FAIL', error: new Error('no heartbeat') as never });
      const { cause, suppressed } = machine.context;
      const reason = state === 'CONNECTING.dialing' ? cause?.cause : (suppressed.at(-1) ?? cause);
      expect(reason).toMatchObject({ name: 'RefusedError', message: 'no heartbeat' });
    },
  );
});

describe('a disconnection that takes too long', () => {
  it.each(['DISCONNECTING.flushing.twoway', 'DISCONNECTING.flushing.oneway'] as const)(
    'in %s fails at the flush deadline, and counts the undelivered messages',
    async (state) => {
      const machine = await at(state);
      const { cause: first } = machine.context;
      machine.link.undelivered = 7;
      machine.clock.increment(DEADLINES.flush - 1);
      expect(machine.state).toBe(state);
      machine.clock.increment(1);
      expect(machine.state).toBe('DISCONNECTING.destroying');
      const timeout = { name: 'TimeoutError', phase: 'flush', ms: DEADLINES.flush };
      const { cause, suppressed } = machine.context;
      expect(first === undefined ? cause : suppressed[0]).toMatchObject(timeout);
      await machine.go('destroy');
      expect(machine.outcome).toEqual({ cause, suppressed, undelivered: 7 });
    },
  );

  it("has one deadline for the whole flush, which the peer's end does not restart", async () => {
    const machine = await at('DISCONNECTING.flushing.twoway');
    machine.clock.increment(DEADLINES.flush - 1);
    await machine.go('discard');
    expect(machine.state).toBe('DISCONNECTING.flushing.oneway');
    machine.clock.increment(1);
    expect(machine.state).toBe('DISCONNECTING.destroying');
  });

  it.each([
    ['DISCONNECTING.closing', 'DISCONNECTING.destroying'],
    ['DISCONNECTING.destroying', 'IDLE'],
  ] as const)(
    'in %s continues with %s at the close deadline, without a new cause',
    async (state, next) => {
      const machine = await at(state);
      const { cause } = machine.context;
      machine.clock.increment(DEADLINES.close - 1);
      expect(machine.state).toBe(state);
      machine.clock.increment(1);
      expect(machine.state).toBe(next);
      expect(machine.context.cause).toBe(cause);
      expect(machine.context.suppressed).toMatchObject([{ phase: 'close', ms: DEADLINES.close }]);
      expect(machine.link.aborted.at(-1)).toBe(state.endsWith('closing') ? 'close' : 'destroy');
    },
  );

  it('returns to IDLE by its deadlines alone when the peer does not react', async () => {
    const machine = await at('RUNNING.open');
    await machine.go('DISCONNECT');
    machine.clock.increment(DEADLINES.flush);
    machine.clock.increment(DEADLINES.close);
    expect(machine.state).toBe('IDLE');
    expect(machine.clock.timers).toBe(0);
    expect(machine.link.live).toEqual([]);
  });
});

describe('a deadline', () => {
  const INFINITE = {
    connect: Infinity,
    accept: Infinity,
    handshake: Infinity,
    drain: Infinity,
    flush: Infinity,
    close: Infinity,
  };

  it.each(STABLE_STATES)('of Infinity never passes, in %s', async (state) => {
    const machine = await at(state, INFINITE);
    for (let times = 0; times < 4; times += 1) machine.clock.increment(2 ** 31);
    expect(machine.state).toBe(state);
  });

  it.each([Infinity, 2 ** 31, Number.MAX_VALUE])(
    'of %d ms does not overflow the timer, which would fire at once',
    async (ms) => {
      const machine = await at('CONNECTING.dialing', { connect: ms });
      expect(machine.clock.delays.every((delay) => delay <= MAX_TIMER_MS)).toBe(true);
      machine.clock.increment(MAX_TIMER_MS);
      machine.clock.increment(MAX_TIMER_MS);
      expect(machine.state).toBe('CONNECTING.dialing');
    },
  );

  it('may be as long as the longest timer', async () => {
    const machine = await at('CONNECTING.dialing', { connect: MAX_TIMER_MS });
    machine.clock.increment(MAX_TIMER_MS - 1);
    expect(machine.state).toBe('CONNECTING.dialing');
    machine.clock.increment(1);
    expect(machine.state).toBe('DISCONNECTING.destroying');
  });

  it.each([
    'IDLE',
    'CONNECTING.listening.bound',
    'RUNNING.open',
    'RUNNING.ending',
    'RUNNING.halfOpen',
  ] as const)('is not set while the machine waits for its own caller, in %s', async (state) => {
    const { clock } = await at(state);
    expect(clock.timers).toBe(0);
  });

  it('starts again with the next state', async () => {
    const machine = await at('CONNECTING.dialing');
    machine.clock.increment(DEADLINES.connect - 1);
    await machine.go('dial');
    machine.clock.increment(DEADLINES.handshake - 1);
    expect(machine.state).toBe('CONNECTING.establishing');
    await machine.go('establish');
    expect(machine.clock.timers).toBe(0);
  });
});

describe('the deadline for a silent peer', () => {
  const IDLE = 400;
  const running = () => at('RUNNING.open', { idle: IDLE });
  /** In steps, because a timer that another one sets counts from the end of the step. */
  const passQuarters = (machine: Harness, quarters: number): void => {
    for (let passed = 0; passed < quarters; passed += 1) machine.clock.increment(IDLE / 4);
  };

  it('ends the session as failed when the peer has sent nothing for so long', async () => {
    const machine = await running();
    passQuarters(machine, 3);
    machine.clock.increment(IDLE / 4 - 1);
    expect(machine.state).toBe('RUNNING.open');
    machine.clock.increment(1);
    expect(machine.state).toBe('DISCONNECTING.closing');
    expect(machine.context.cause).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'idle', ms: IDLE });
  });

  it('begins again, at most a quarter later, with everything that arrives', async () => {
    const machine = await running();
    passQuarters(machine, 3);
    machine.link.received += 1;
    passQuarters(machine, 4);
    expect(machine.state).toBe('RUNNING.open');
    passQuarters(machine, 1);
    expect(machine.state).toBe('DISCONNECTING.closing');
  });

  it('does not pass while a message is being handled, since nothing is read then', async () => {
    const machine = await running();
    machine.link.isHandling = true;
    passQuarters(machine, 40);
    expect(machine.state).toBe('RUNNING.open');
  });

  it('does not pass when the peer has ended its side of a session that stays half-open', async () => {
    const machine = await at('RUNNING.halfOpen', { idle: IDLE });
    passQuarters(machine, 40);
    expect(machine.state).toBe('RUNNING.halfOpen');
    expect(machine.clock.timers).toBe(0);
  });

  it('leaves no timer behind when the session ends', async () => {
    const machine = await running();
    await machine.go('DISCONNECT', 'flush', 'close');
    expect([machine.state, machine.clock.timers]).toEqual(['IDLE', 0]);
  });

  it('counts nothing of an earlier session', async () => {
    const machine = await running();
    passQuarters(machine, 3);
    await machine.go('DISCONNECT', 'flush', 'close', 'CONNECT', 'dial', 'establish');
    passQuarters(machine, 3);
    expect(machine.state).toBe('RUNNING.open');
  });
});

describe('the deadline for the first message', () => {
  const FIRST = 250;
  const running = () => at('RUNNING.open', { firstMessage: FIRST });

  it('ends the session as failed when no message has come in time', async () => {
    const machine = await running();
    machine.clock.increment(FIRST - 1);
    expect(machine.state).toBe('RUNNING.open');
    machine.clock.increment(1);
    expect(machine.state).toBe('DISCONNECTING.closing');
    expect(machine.context.cause).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'firstMessage',
      ms: FIRST,
    });
  });

  it('does not count bytes that are no whole message', async () => {
    const machine = await running();
    machine.link.received += 1;
    machine.clock.increment(FIRST);
    expect(machine.state).toBe('DISCONNECTING.closing');
  });

  it('never passes once a message has come', async () => {
    const machine = await running();
    machine.link.hasMessage = true;
    machine.clock.increment(10 * FIRST);
    expect(machine.state).toBe('RUNNING.open');
    expect(machine.clock.timers).toBe(0);
  });

  it('does not pass when the peer has ended its side of a session that stays half-open', async () => {
    const machine = await at('RUNNING.halfOpen', { firstMessage: FIRST });
    machine.clock.increment(10 * FIRST);
    expect(machine.state).toBe('RUNNING.halfOpen');
    expect(machine.clock.timers).toBe(0);
  });

  it('leaves no timer behind when the session ends', async () => {
    const machine = await running();
    await machine.go('DISCONNECT', 'flush', 'close');
    expect([machine.state, machine.clock.timers]).toEqual(['IDLE', 0]);
  });

  it('begins again with the next session', async () => {
    const machine = await running();
    machine.clock.increment(FIRST - 1);
    await machine.go('DISCONNECT', 'flush', 'close', 'CONNECT', 'dial', 'establish');
    machine.clock.increment(FIRST - 1);
    expect(machine.state).toBe('RUNNING.open');
    machine.clock.increment(1);
    expect(machine.state).toBe('DISCONNECTING.closing');
  });
});
