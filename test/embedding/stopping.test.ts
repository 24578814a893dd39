/** A parent parts with its child, in every state: what is freed, and what a facade is told. */

import { describe, expect, it } from 'vitest';
import { AsyncProtocol, ClosedError, ConnectError, WirechartError } from '../../src/index.ts';
import { LINK_METHODS, type LinkMethod } from '../machines/fake-link.ts';
import {
  Harness,
  STABLE_STATES,
  type StableState,
  ROUTES,
  type Step,
  turn,
} from '../machines/support.ts';
import { hasSettled } from '../support/signal.ts';
import { HOSTS } from './hosts.ts';

const PATH = '/run/fake.sock';

/** A call of the facade's, with what it has come to. */
interface Asked {
  readonly what: string;
  readonly promise: Promise<unknown>;
}

const isLinkMethod = (step: Step): step is LinkMethod =>
  LINK_METHODS.some((method) => method === step);

/** Comes to a state by the facade alone; gives the calls that were made for it. */
async function walk(machine: Harness, protocol: AsyncProtocol<string>, state: StableState) {
  const asked: Asked[] = [];
  const ask = (what: string, promise: Promise<unknown>) => {
    promise.catch(() => undefined);
    asked.push({ what, promise });
  };
  for (const step of ROUTES[state]) {
    if (isLinkMethod(step)) await machine.fulfil(step);
    else if (step === 'CONNECT') ask('connect()', protocol.connect(PATH));
    else if (step === 'LISTEN') ask('listen()', protocol.listen(PATH));
    else if (step === 'ACCEPT') ask('accept()', protocol.accept());
    else if (step === 'DISCONNECT') ask('disconnect()', protocol.disconnect());
    else protocol.expectEnd();
  }
  expect(machine.state).toBe(state);
  return asked;
}

const pendingOf = async (asked: readonly Asked[]): Promise<readonly Asked[]> => {
  const settled = await Promise.all(asked.map(({ promise }) => hasSettled(promise)));
  return asked.filter((_, at) => settled[at] === false);
};

/** The call that waits in each state, if any, and the class of what it rejects with. */
const WAITING: Partial<Record<StableState, readonly [string, new (...args: never) => Error]>> = {
  'CONNECTING.dialing': ['connect()', ConnectError],
  'CONNECTING.listening.binding': ['listen()', ConnectError],
  'CONNECTING.accepting': ['accept()', ConnectError],
  'CONNECTING.establishing': ['connect()', ConnectError],
  'DISCONNECTING.flushing.twoway': ['disconnect()', ClosedError],
  'DISCONNECTING.closing': ['disconnect()', ClosedError],
  'DISCONNECTING.destroying': ['connect()', ConnectError],
};

/** What has gone wrong already in each state, if anything. */
const FIRST: Partial<Record<StableState, object>> = {
  'DISCONNECTING.flushing.oneway': { message: 'The peer ended the stream' },
  'DISCONNECTING.destroying': { code: 'ERR_CONNECT_ABORTED' },
};

describe.each(HOSTS)('%s', (_, host) => {
  it.each(STABLE_STATES)('frees everything at once, in %s', async (state) => {
    const machine = await new Harness({}, host).go(...ROUTES[state]);
    expect(machine.state).toBe(state);
    const emitted = [...machine.emitted];
    const calls = machine.link.calls.length;
    machine.stop();
    expect(machine.actor.getSnapshot().status).toBe('stopped');
    expect(machine.link.released).toBe(1);
    expect(machine.link.live).toEqual([]);
    expect(machine.clock.timers).toBe(0);
    // Nothing comes after it either, also of what was on its way.
    for (const call of machine.link.calls) call.resolve();
    await turn();
    machine.clock.increment(10_000);
    expect(machine.link.calls).toHaveLength(calls);
    expect(machine.emitted).toEqual(emitted);
    expect(machine.actorErrors).toEqual([]);
  });

  it.each(STABLE_STATES)('leaves no call of a facade waiting, in %s', async (state) => {
    const machine = new Harness({}, host);
    const protocol = AsyncProtocol.attach(machine.actor);
    const asked = await walk(machine, protocol, state);
    const waiting = await pendingOf(asked);
    const [what, error] = WAITING[state] ?? [];
    expect(waiting[0]?.what).toBe(what);
    machine.stop();
    expect(protocol.runstate).toBe('IDLE');
    expect(await pendingOf(asked)).toEqual([]);
    const outcomes = await Promise.allSettled(waiting.map(({ promise }) => promise));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(error ?? WirechartError);
    }
    if (error) expect(outcomes[0]).toMatchObject({ status: 'rejected' });
  });

  it.each(STABLE_STATES)(
    'is told in `closed`, and is the last of `runstates()`, in %s',
    async (state) => {
      const machine = new Harness({}, host);
      const protocol = AsyncProtocol.attach(machine.actor);
      await walk(machine, protocol, state);
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
      // What had gone wrong before is still the cause.
      const first = FIRST[state];
      const stop = first === undefined ? cause : suppressed[0];
      if (first !== undefined) expect(cause).toMatchObject(first);
      const isAttempt = state.startsWith('CONNECTING');
      if (isAttempt) expect(stop).toMatchObject({ code: 'ERR_CONNECT' });
      expect(isAttempt ? stop?.cause : stop).toMatchObject({ message: 'The machine was stopped' });
    },
  );

  it.each(STABLE_STATES)('is told to a facade that comes after it, in %s', async (state) => {
    const machine = await new Harness({}, host).go(...ROUTES[state]);
    machine.stop();
    const protocol = AsyncProtocol.attach(machine.actor);
    expect(protocol.runstate).toBe('IDLE');
    expect((await protocol.closed).cause).toBeInstanceOf(WirechartError);
    await expect(protocol.connect(PATH)).rejects.toBeInstanceOf(ClosedError);
    await expect(protocol.runstateChanged()).rejects.toBeInstanceOf(ClosedError);
  });

  it.each(STABLE_STATES)(
    'leaves a facade that can do nothing any more, and says so, in %s',
    async (state) => {
      const machine = new Harness({}, host);
      const protocol = AsyncProtocol.attach(machine.actor);
      await walk(machine, protocol, state);
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
      // The failure that nobody was told of is told once.
      await protocol.disconnect().catch((error: unknown) => {
        expect(error).toBeInstanceOf(WirechartError);
      });
      await protocol.disconnect();
    },
  );
});
