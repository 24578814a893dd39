import { describe, expect, it } from 'vitest';
import { type Call } from './fake-link.ts';
import { asChild, asRoot, at, RESTING, type Resting, turn } from './support.ts';

/** A way out of every state that has something to abort. */
const LEAVING = RESTING.filter((state) => !['IDLE', 'CONNECTING.listening.bound'].includes(state));

const reports: readonly [string, (call: Call) => void][] = [
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

describe.each(reports)('the late %s of an actor that was stopped', (_, report) => {
  it.each(LEAVING)('in %s changes nothing', async (state) => {
    const machine = await at(state);
    const calls = machine.link.live;
    expect(calls).not.toEqual([]);
    if (state === 'DISCONNECTING.destroying') machine.clock.increment(500);
    else machine.send({ type: 'DISCONNECT', force: true });
    const before = machine.actor.getSnapshot();
    expect(calls.every(({ isLive }) => !isLive)).toBe(true);
    for (const call of calls) report(call);
    await turn();
    expect(machine.actor.getSnapshot()).toBe(before);
  });

  it('changes nothing in the next session either', async () => {
    const machine = await at('CONNECTING.dialing');
    const call = machine.link.call('dial');
    await machine.go('ABORT', 'destroy', 'CONNECT');
    const before = machine.actor.getSnapshot();
    report(call);
    await turn();
    expect(machine.actor.getSnapshot()).toBe(before);
    expect(machine.state).toBe('CONNECTING.dialing');
  });
});

it('a success in the turn in which it was overtaken by DISCONNECT is late too', async () => {
  const machine = await at('CONNECTING.dialing');
  machine.link.call('dial').resolve();
  machine.send({ type: 'DISCONNECT' });
  await turn();
  expect(machine.state).toBe('DISCONNECTING.destroying');
  expect(machine.runstates).toEqual(['IDLE', 'CONNECTING', 'DISCONNECTING']);
});

it('both loops may fail in one turn; the first is the cause', async () => {
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
])('%s', (_, host) => {
  it.each<Resting>(RESTING)('releases the link at once, in %s', async (state) => {
    const machine = await at(state, {}, host);
    expect(machine.state).toBe(state);
    expect(machine.link.released).toBe(0);
    machine.stop();
    expect(machine.link.released).toBe(1);
    expect(machine.link.live).toEqual([]);
    expect(machine.clock.timers).toBe(0);
    expect(machine.actor.getSnapshot().status).toBe('stopped');
  });
});
