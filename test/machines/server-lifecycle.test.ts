import { describe, expect, it } from 'vitest';
import { ConnectError, TimeoutError } from '../../src/core/errors.ts';
import { at, BOUND, DEADLINES, STABLE_STATES } from './server-support.ts';

/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

describe('from LISTEN to IDLE, the server', () => {
  it('binds, accepts peers, drains, and is IDLE again', async () => {
    const machine = await at('IDLE');
    await machine.go('LISTEN', 'bound', 'CLOSE', 'drained');
    expect(machine.states).toEqual(['IDLE', 'BINDING', 'LISTENING', 'CLOSING', 'IDLE']);
    expect(machine.port.calls).toEqual(['bind', 'open', 'shut', 'drain', 'settle']);
    expect(machine.of('listening')).toEqual([{ type: 'listening', address: BOUND }]);
    expect(machine.of('closed')).toEqual([{ type: 'closed', cause: undefined }]);
    expect(machine.clock.timers).toBe(0);
  });

  it('serves adopted streams without binding, and is IDLE again after close()', async () => {
    const machine = await at('ADOPTING');
    await machine.go('ADOPT', 'CLOSE', 'drained');
    expect(machine.states).toEqual(['IDLE', 'ADOPTING', 'CLOSING', 'IDLE']);
    expect(machine.port.calls).toEqual(['open', 'shut', 'drain', 'settle']);
    expect(machine.of('adopted')).toHaveLength(2);
  });

  it.each(['BINDING', 'CLOSING.draining', 'CLOSING.destroying'] as const)(
    'dismisses a stream in %s, and stays there',
    async (state) => {
      const machine = await (await at(state)).go('ADOPT');
      expect(machine.state).toBe(state);
      expect([machine.of('dismissed'), machine.of('adopted')]).toMatchObject([[{}], []]);
    },
  );

  it('destroys its peers without draining when the close is forced', async () => {
    const machine = await at('CLOSING.destroying');
    await machine.go('destroyed');
    expect(machine.state).toBe('IDLE');
    expect(machine.port.calls).toEqual(['bind', 'open', 'shut', 'destroyAll', 'settle']);
    expect(machine.port.reason).toBeUndefined();
  });

  it('destroys its peers without a failure when the close is forced while it drains', async () => {
    const machine = await at('CLOSING.draining');
    await machine.go('CLOSE force');
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('drained');
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('destroyed');
    expect(machine.state).toBe('IDLE');
    expect(machine.port.reason).toBeUndefined();
    expect(machine.of('problem')).toEqual([]);
  });

  it('does not keep the failure of an earlier bind', async () => {
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

describe('a failed bind', () => {
  it('is reported with the error of the system', async () => {
    const machine = await at('BINDING');
    const error = new Error('in use');
    await machine.fail('binding', error);
    await machine.go('destroyed');
    expect(machine.states).toEqual(['IDLE', 'BINDING', 'CLOSING', 'IDLE']);
    expect(machine.of('closed')).toMatchObject([{ cause: { code: 'ERR_CONNECT', cause: error } }]);
    expect(machine.port.calls).toEqual(['bind', 'destroyAll', 'settle']);
  });

  it.each(['CLOSE', 'CLOSE force', 'ABORT'] as const)(
    'by %s is aborted, and reported',
    async (how) => {
      const machine = await at('BINDING');
      await machine.go(how);
      expect(machine.state).toBe('CLOSING.destroying');
      expect(machine.port.bindSignal?.aborted).toBe(true);
      await machine.go('bound', 'destroyed');
      expect(machine.states).toEqual(['IDLE', 'BINDING', 'CLOSING', 'IDLE']);
      expect(machine.of('closed')).toMatchObject([{ cause: { code: 'ERR_CONNECT_ABORTED' } }]);
      expect(machine.port.calls).not.toContain('open');
    },
  );

  it('is reported exactly at its deadline', async () => {
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

describe('a close that takes too long', () => {
  it('destroys the remaining peers at the shutdown deadline, with a TimeoutError', async () => {
    const machine = await at('CLOSING.draining');
    machine.clock.increment(DEADLINES.shutdown - 1);
    expect(machine.state).toBe('CLOSING.draining');
    machine.clock.increment(1);
    expect(machine.state).toBe('CLOSING.destroying');
    expect(machine.port.reason).toBeInstanceOf(TimeoutError);
    expect(machine.port.reason).toMatchObject({ phase: 'shutdown', ms: DEADLINES.shutdown });
    expect(machine.of('problem')).toMatchObject([{ error: { phase: 'shutdown' } }]);
  });

  it('returns to IDLE by its deadlines alone', async () => {
    const machine = await at('CLOSING.draining');
    machine.clock.increment(DEADLINES.shutdown);
    machine.clock.increment(DEADLINES.close - 1);
    expect(machine.state).toBe('CLOSING.destroying');
    machine.clock.increment(1);
    expect(machine.state).toBe('IDLE');
    expect(machine.of('problem').map(({ error }) => error)).toMatchObject([
      { phase: 'shutdown' },
      { phase: 'close' },
    ]);
    expect(machine.of('closed')).toEqual([{ type: 'closed', cause: undefined }]);
    expect(machine.clock.timers).toBe(0);
  });

  it.each(STABLE_STATES)(
    'waits in %s without a limit when the deadlines are Infinity',
    async (state) => {
      const machine = await at(state, { connect: Infinity, shutdown: Infinity, close: Infinity });
      for (let times = 0; times < 4; times += 1) machine.clock.increment(MAX_TIMER_MS);
      expect(machine.state).toBe(state);
      expect(machine.clock.delays.every((delay) => delay <= MAX_TIMER_MS)).toBe(true);
    },
  );
});

describe('a drain or a destruction that rejects', () => {
  it('destroys the peers and emits the error when it was the drain', async () => {
    const machine = await at('CLOSING.draining');
    const defect = new Error('a defect');
    await machine.fail('draining', defect);
    expect(machine.state).toBe('CLOSING.destroying');
    await machine.go('destroyed');
    expect(machine.state).toBe('IDLE');
    expect(machine.of('problem')).toMatchObject([{ error: { code: 'ERR_CLOSED', cause: defect } }]);
  });

  it('still leads to IDLE when it was the destruction', async () => {
    const machine = await at('CLOSING.destroying');
    await machine.fail('destroyingAll', new Error('a defect'));
    expect(machine.state).toBe('IDLE');
    expect(machine.of('problem')).toHaveLength(1);
    expect(machine.actorErrors).toEqual([]);
  });
});

describe('CLOSE in IDLE', () => {
  it('emits `closed` at once, and changes nothing', async () => {
    const machine = await at('IDLE');
    await machine.go('CLOSE', 'CLOSE force');
    expect(machine.of('closed')).toHaveLength(2);
    expect(machine.states).toEqual(['IDLE']);
    expect(machine.port.calls).toEqual(['settle', 'settle']);
  });
});

describe('a machine that is stopped', () => {
  it.each(STABLE_STATES)('in %s releases the port, and leaves no timer', async (state) => {
    const machine = await at(state);
    machine.actor.stop();
    expect(machine.port.calls.filter((entry) => entry === 'release')).toEqual(['release']);
    expect(machine.clock.timers).toBe(0);
    expect(machine.actorErrors).toEqual([]);
  });

  it('in BINDING aborts the bind', async () => {
    const machine = await at('BINDING');
    machine.actor.stop();
    expect(machine.port.bindSignal?.aborted).toBe(true);
  });
});
