/**
 * A parent stops its child, in every state: what is freed, and what a facade of the child reports.
 */

import { describe, expect, it } from 'vitest';
import { AsyncProtocol, ClosedError, ConnectError, WirechartError } from '../../src/index.ts';
import { LINK_METHODS, type LinkMethod } from '../machines/fake-link.ts';
import {
  Harness,
  isProperty,
  STABLE_STATES,
  type StableState,
  ROUTES,
  type Step,
  turn,
} from '../machines/support.ts';
import { hasSettled } from '../support/signal.ts';
import { STOPPING_PARENTS } from './stopping-parents.ts';

const PATH = '/run/fake.sock';

/** A call of a method of the facade. */
interface FacadeCall {
  readonly name: string;
  readonly promise: Promise<unknown>;
}

const isLinkMethod = (step: Step): step is LinkMethod =>
  LINK_METHODS.some((method) => method === step);

/** Leads the machine to a state through the facade; returns the calls that it made. */
async function leadTo(machine: Harness, protocol: AsyncProtocol<string>, state: StableState) {
  const calls: FacadeCall[] = [];
  const add = (name: string, promise: Promise<unknown>) => {
    promise.catch(() => undefined);
    calls.push({ name, promise });
  };
  for (const step of ROUTES[state]) {
    if (isProperty(step)) machine.link[step] = true;
    else if (isLinkMethod(step)) await machine.fulfil(step);
    else if (step === 'CONNECT') add('connect()', protocol.connect(PATH));
    else if (step === 'LISTEN') add('listen()', protocol.listen(PATH));
    else if (step === 'ACCEPT') add('accept()', protocol.accept());
    else if (step === 'DISCONNECT') add('disconnect()', protocol.disconnect());
    else protocol.expectEnd();
  }
  expect(machine.state).toBe(state);
  return calls;
}

const pendingOf = async (calls: readonly FacadeCall[]): Promise<readonly FacadeCall[]> => {
  const settled = await Promise.all(calls.map(({ promise }) => hasSettled(promise)));
  return calls.filter((_, at) => settled[at] === false);
};

/**
 * The call that is pending in each state, if any, and the class of the error that it rejects with.
 */
const PENDING: Partial<Record<StableState, readonly [string, new (...args: never) => Error]>> = {
  'CONNECTING.dialing': ['connect()', ConnectError],
  'CONNECTING.listening.binding': ['listen()', ConnectError],
  'CONNECTING.accepting': ['accept()', ConnectError],
  'CONNECTING.establishing': ['connect()', ConnectError],
  'DISCONNECTING.draining.handling': ['disconnect()', ClosedError],
  'DISCONNECTING.draining.farewell': ['disconnect()', ClosedError],
  'DISCONNECTING.flushing.twoway': ['disconnect()', ClosedError],
  'DISCONNECTING.closing': ['disconnect()', ClosedError],
  'DISCONNECTING.destroying': ['connect()', ConnectError],
};

/** The cause that was recorded before, in the states that have one. */
const FIRST_CAUSES: Partial<Record<StableState, object>> = {
  'DISCONNECTING.flushing.oneway': { message: 'The peer ended the stream' },
  'DISCONNECTING.destroying': { code: 'ERR_CONNECT_ABORTED' },
};

describe.each(STOPPING_PARENTS)('%s', (_, create) => {
  it.each(STABLE_STATES)('frees everything at once, in %s', async (state) => {
    const machine = await new Harness({}, create).go(...ROUTES[state]);
    expect(machine.state).toBe(state);
    const emitted = [...machine.emitted];
    const calls = machine.link.calls.length;
    machine.stop();
    expect(machine.actor.getSnapshot().status).toBe('stopped');
    expect(machine.link.released).toBe(1);
    expect(machine.link.live).toEqual([]);
    expect(machine.clock.timers).toBe(0);
    // Calls that settle later, and the clock, have no effect any more.
    for (const call of machine.link.calls) call.resolve();
    await turn();
    machine.clock.increment(10_000);
    expect(machine.link.calls).toHaveLength(calls);
    expect(machine.emitted).toEqual(emitted);
    expect(machine.actorErrors).toEqual([]);
  });

  it.each(STABLE_STATES)('leaves no call of a facade pending, in %s', async (state) => {
    const machine = new Harness({}, create);
    const protocol = AsyncProtocol.attach(machine.actor);
    const calls = await leadTo(machine, protocol, state);
    const pending = await pendingOf(calls);
    const [name, error] = PENDING[state] ?? [];
    expect(pending[0]?.name).toBe(name);
    machine.stop();
    expect(protocol.runstate).toBe('IDLE');
    expect(await pendingOf(calls)).toEqual([]);
    const outcomes = await Promise.allSettled(pending.map(({ promise }) => promise));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(error ?? WirechartError);
    }
    if (error) expect(outcomes[0]).toMatchObject({ status: 'rejected' });
  });

  it.each(STABLE_STATES)('settles `closed`, and ends `runstates()`, in %s', async (state) => {
    const machine = new Harness({}, create);
    const protocol = AsyncProtocol.attach(machine.actor);
    await leadTo(machine, protocol, state);
    const { closed } = protocol;
    const states = protocol.runstates();
    const isIdle = state === 'IDLE';
    machine.link.undelivered = 3;
    machine.stop();
    if (!isIdle) expect(await states.next()).toEqual({ done: false, value: 'IDLE' });
    expect(await states.next()).toMatchObject({ done: true });
    await expect(protocol.runstateChanged()).rejects.toBeInstanceOf(ClosedError);
    const { cause, suppressed, undelivered } = await closed;
    expect(undelivered).toBe(isIdle ? 0 : 3);
    expect(protocol.outcome).toBe(isIdle ? undefined : await closed);
    // A cause that was recorded before stays the cause.
    const first = FIRST_CAUSES[state];
    const stop = first === undefined ? cause : suppressed[0];
    if (first !== undefined) expect(cause).toMatchObject(first);
    const isAttempt = state.startsWith('CONNECTING');
    if (isAttempt) expect(stop).toMatchObject({ code: 'ERR_CONNECT' });
    expect(isAttempt ? stop?.cause : stop).toMatchObject({ message: 'The machine was stopped' });
  });

  it.each(STABLE_STATES)('is reported by a facade that is attached later, in %s', async (state) => {
    const machine = await new Harness({}, create).go(...ROUTES[state]);
    machine.stop();
    const protocol = AsyncProtocol.attach(machine.actor);
    expect(protocol.runstate).toBe('IDLE');
    expect((await protocol.closed).cause).toBeInstanceOf(WirechartError);
    await expect(protocol.connect(PATH)).rejects.toBeInstanceOf(ClosedError);
    await expect(protocol.runstateChanged()).rejects.toBeInstanceOf(ClosedError);
  });

  it.each(STABLE_STATES)('makes every later call of a facade reject, in %s', async (state) => {
    const machine = new Harness({}, create);
    const protocol = AsyncProtocol.attach(machine.actor);
    await leadTo(machine, protocol, state);
    machine.stop();
    const calls = await Promise.allSettled([
      protocol.connect(PATH),
      protocol.listen(PATH),
      protocol.flush(),
      protocol.accept(),
      protocol.send('hello'),
    ]);
    const codes = calls.map((call) =>
      call.status === 'rejected' && call.reason instanceof WirechartError
        ? call.reason.code
        : call.status,
    );
    expect(codes).toEqual([...Array<string>(4).fill('ERR_CLOSED'), 'ERR_STATE']);
    // The first disconnect() rejects if no other call has reported the failure.
    await protocol.disconnect().catch((error: unknown) => {
      expect(error).toBeInstanceOf(WirechartError);
    });
    await protocol.disconnect();
  });
});
