import { describe, expect, it } from 'vitest';
import { type Call } from './fake-link.ts';
import { asChild, asRoot, at, STABLE_STATES, type StableState, turn } from './support.ts';

/** The states that have a call to abort. */
const CALLING_STATES = STABLE_STATES.filter(
  (state) => !['IDLE', 'CONNECTING.listening.bound'].includes(state),
);

const settlements: readonly [string, (call: Call) => void][] = [
  [
    'success',
    (call) => {
      call.resolve();
    },
  ],
  [
    'failure',
    (call) => {
      call.reject(new Error('too late'));
    },
  ],
];

describe.each(settlements)('the late %s of an actor that was stopped', (_, settle) => {
  it.each(CALLING_STATES)('in %s changes nothing', async (state) => {
    const machine = await at(state);
    const calls = machine.link.live;
    expect(calls).not.toEqual([]);
    if (state === 'DISCONNECTING.destroying') machine.clock.increment(500);
    else machine.send({ type: 'DISCONNECT', force: true });
    const before = machine.actor.getSnapshot();
    expect(calls.every(({ isLive }) => !isLive)).toBe(true);
    for (const call of calls) settle(call);
    await turn();
    expect(machine.actor.getSnapshot()).toBe(before);
  });

  it('changes nothing in the next session', async () => {
    const machine = await at('CONNECTING.dialing');
    const call = machine.link.call('dial');
    await machine.go('ABORT', 'destroy', 'CONNECT');
    const before = machine.actor.getSnapshot();
    settle(call);
    await turn();
    expect(machine.actor.getSnapshot()).toBe(before);
    expect(machine.state).toBe('CONNECTING.dialing');
  });
});

it('ignores a success in the same turn as a DISCONNECT that follows it', async () => {
  const machine = await at('CONNECTING.dialing');
  machine.link.call('dial').resolve();
  machine.send({ type: 'DISCONNECT' });
  await turn();
  expect(machine.state).toBe('DISCONNECTING.destroying');
  expect(machine.runstates).toEqual(['IDLE', 'CONNECTING', 'DISCONNECTING']);
});

it('has the first failure as its cause when the reader and the writer fail in one turn', async () => {
  const machine = await at('RUNNING.open');
  machine.link.call('write').reject(new Error('first'));
  machine.link.call('read').reject(new Error('second'));
  await turn();
  await machine.go('close');
  expect(machine.outcome.cause?.cause).toMatchObject({ message: 'first' });
});

describe.each([
  ['stop()', asRoot],
  ['a parent that leaves the invoking state', asChild],
])('%s', (_, create) => {
  it.each<StableState>(STABLE_STATES)('releases the link at once, in %s', async (state) => {
    const machine = await at(state, {}, create);
    expect(machine.state).toBe(state);
    expect(machine.link.released).toBe(0);
    machine.stop();
    expect(machine.link.released).toBe(1);
    expect(machine.link.live).toEqual([]);
    expect(machine.clock.timers).toBe(0);
    expect(machine.actor.getSnapshot().status).toBe('stopped');
  });
});
