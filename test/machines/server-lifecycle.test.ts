import { describe, expect, it } from 'vitest';
import { ConnectError, TimeoutError } from '../../src/core/errors.ts';
import { at, BOUND, DEADLINES, RESTING } from './server-support.ts';

/** The longest time that a timer can hold. */
const LONGEST = 2 ** 31 - 1;

describe('a round', () => {
  it('binds, lets peers in, drains, and is home', async () => {
    const machine = await at('IDLE');
    await machine.go('LISTEN', 'bound', 'CLOSE', 'drained');
    expect(machine.states).toEqual(['IDLE', 'BINDING', 'LISTENING', 'CLOSING', 'IDLE']);
    expect(machine.port.journal).toEqual(['bind', 'open', 'shut', 'drain', 'settle']);
    expect(machine.of('listening')).toEqual([{ type: 'listening', address: BOUND }]);
    expect(machine.of('closed')).toEqual([{ type: 'closed', cause: undefined }]);
    expect(machine.clock.timers).toBe(0);
  });

  it('that is forced destroys, and drains nobody', async () => {
    const machine = await at('CLOSING.destroying');
    await machine.go('destroyed');
    expect(machine.state).toBe('IDLE');
    expect(machine.port.journal).toEqual(['bind', 'open', 'shut', 'destroyAll', 'settle']);
    expect(machine.port.why).toBeUndefined();
  });

  it('that is forced while it drains is forced, and blames nobody', async () => {
    const machine = await at('CLOSING.draining');
    await machine.go('CLOSE force');
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('drained');
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('destroyed');
    expect(machine.state).toBe('IDLE');
    expect(machine.port.why).toBeUndefined();
    expect(machine.of('problem')).toEqual([]);
  });

  it('remembers nothing of the one before it', async () => {
    const machine = await at('BINDING');
    await machine.fail('binding', new Error('in use'));
    await machine.go('destroyed', 'LISTEN');
    expect(machine.state).toBe('BINDING');
    expect(machine.context.cause).toBeUndefined();
    await machine.go('bound', 'CLOSE', 'drained');
    expect(machine.of('closed').map(({ cause }) => cause)).toEqual([
      expect.any(ConnectError),
      undefined,
    ]);
  });
});

describe('a bind that comes to nothing', () => {
  it('by an error of the system is told', async () => {
    const machine = await at('BINDING');
    const error = new Error('in use');
    await machine.fail('binding', error);
    await machine.go('destroyed');
    expect(machine.states).toEqual(['IDLE', 'BINDING', 'CLOSING', 'IDLE']);
    expect(machine.of('closed')).toMatchObject([{ cause: { code: 'ERR_CONNECT', cause: error } }]);
    expect(machine.port.journal).toEqual(['bind', 'destroyAll', 'settle']);
  });

  it.each(['CLOSE', 'CLOSE force', 'ABORT'] as const)('by %s is told, and aborted', async (how) => {
    const machine = await at('BINDING');
    await machine.go(how);
    expect(machine.state).toBe('CLOSING.destroying');
    expect(machine.port.bindSignal?.aborted).toBe(true);
    await machine.go('bound', 'destroyed');
    expect(machine.states).toEqual(['IDLE', 'BINDING', 'CLOSING', 'IDLE']);
    expect(machine.of('closed')).toMatchObject([{ cause: { code: 'ERR_CONNECT_ABORTED' } }]);
    expect(machine.port.journal).not.toContain('open');
  });

  it('at its deadline, and not before, is told', async () => {
    const machine = await at('BINDING');
    machine.clock.increment(DEADLINES.connect - 1);
    expect(machine.state).toBe('BINDING');
    machine.clock.increment(1);
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('destroyed');
    const [closed] = machine.of('closed');
    expect(closed?.cause).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    expect(closed?.cause?.cause).toMatchObject({ phase: 'connect', ms: DEADLINES.connect });
  });
});

describe('a way home that takes too long', () => {
  it('goes from draining to destroying at the drain deadline, with a reason for those who stay', async () => {
    const machine = await at('CLOSING.draining');
    machine.clock.increment(DEADLINES.drain - 1);
    expect(machine.state).toBe('CLOSING.draining');
    machine.clock.increment(1);
    expect(machine.state).toBe('CLOSING.destroying');
    expect(machine.port.why).toBeInstanceOf(TimeoutError);
    expect(machine.port.why).toMatchObject({ phase: 'drain', ms: DEADLINES.drain });
    expect(machine.of('problem')).toMatchObject([{ error: { phase: 'drain' } }]);
  });

  it('comes home by time alone', async () => {
    const machine = await at('CLOSING.draining');
    machine.clock.increment(DEADLINES.drain);
    machine.clock.increment(DEADLINES.close - 1);
    expect(machine.state).toBe('CLOSING.destroying');
    machine.clock.increment(1);
    expect(machine.state).toBe('IDLE');
    expect(machine.of('problem').map(({ error }) => error)).toMatchObject([
      { phase: 'drain' },
      { phase: 'close' },
    ]);
    expect(machine.of('closed')).toEqual([{ type: 'closed', cause: undefined }]);
    expect(machine.clock.timers).toBe(0);
  });

  it.each(RESTING)('never does in %s when the deadlines are Infinity', async (state) => {
    const machine = await at(state, { connect: Infinity, drain: Infinity, close: Infinity });
    for (let times = 0; times < 4; times += 1) machine.clock.increment(LONGEST);
    expect(machine.state).toBe(state);
    expect(machine.clock.delays.every((delay) => delay <= LONGEST)).toBe(true);
  });
});

describe('an actor with a defect', () => {
  it('that drains has it forced, and is told of', async () => {
    const machine = await at('CLOSING.draining');
    const defect = new Error('a defect');
    await machine.fail('draining', defect);
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('destroyed');
    expect(machine.state).toBe('IDLE');
    expect(machine.of('problem')).toMatchObject([{ error: { code: 'ERR_CLOSED', cause: defect } }]);
  });

  it('that forces does not keep it from coming home', async () => {
    const machine = await at('CLOSING.destroying');
    await machine.fail('destroyingAll', new Error('a defect'));
    expect(machine.state).toBe('IDLE');
    expect(machine.of('problem')).toHaveLength(1);
    expect(machine.deaths).toEqual([]);
  });
});

describe('CLOSE in IDLE', () => {
  it('is answered at once, and changes nothing', async () => {
    const machine = await at('IDLE');
    await machine.go('CLOSE', 'CLOSE force');
    expect(machine.of('closed')).toHaveLength(2);
    expect(machine.states).toEqual(['IDLE']);
    expect(machine.port.journal).toEqual(['settle', 'settle']);
  });
});

describe('a machine that is stopped', () => {
  it.each(RESTING)('in %s releases the port, and sets no timer', async (state) => {
    const machine = await at(state);
    machine.actor.stop();
    expect(machine.port.journal.filter((entry) => entry === 'release')).toEqual(['release']);
    expect(machine.clock.timers).toBe(0);
    expect(machine.deaths).toEqual([]);
  });

  it('in BINDING aborts the bind', async () => {
    const machine = await at('BINDING');
    machine.actor.stop();
    expect(machine.port.bindSignal?.aborted).toBe(true);
  });
});
