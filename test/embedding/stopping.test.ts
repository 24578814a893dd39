/** A parent parts with its child, in every state: what is freed, and what a facade is told. */

import { describe, expect, it } from 'vitest';
import { AsyncProtocol, ClosedError, ConnectError, WirechartError } from '../../src/index.ts';
import { DUTIES, type Duty } from '../machines/fake-link.ts';
import { Harness, RESTING, type Resting, ROUTES, type Step, turn } from '../machines/support.ts';
import { hasSettled } from '../support/signal.ts';
import { HOSTS } from './hosts.ts';

const PATH = '/run/fake.sock';

/** A call of the facade's, with what it has come to. */
interface Asked {
  readonly what: string;
  readonly promise: Promise<unknown>;
}

const isDuty = (step: Step): step is Duty => DUTIES.some((duty) => duty === step);

/** Comes to a state by the facade alone; gives the calls that were made for it. */
async function walk(machine: Harness, protocol: AsyncProtocol<string>, state: Resting) {
  const asked: Asked[] = [];
  const ask = (what: string, promise: Promise<unknown>) => {
    promise.catch(() => undefined);
    asked.push({ what, promise });
  };
  for (const step of ROUTES[state]) {
    if (isDuty(step)) await machine.fulfil(step);
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

/** The one call that waits in each state, if any, and the class of what it rejects with. */
const WAITING: Partial<Record<Resting, readonly [string, new (...args: never) => Error]>> = {
  'CONNECTING.dialing': ['connect()', ConnectError],
  'CONNECTING.listening.binding': ['listen()', ConnectError],
  'CONNECTING.accepting': ['accept()', ConnectError],
  'CONNECTING.establishing': ['connect()', ConnectError],
  'DISCONNECTING.flushing.twoway': ['disconnect()', ClosedError],
  'DISCONNECTING.closing': ['disconnect()', ClosedError],
};

describe.each(HOSTS)('%s', (_, host) => {
  it.each(RESTING)('frees everything at once, in %s', async (state) => {
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
    expect(machine.deaths).toEqual([]);
  });

  it.each(RESTING)('leaves no call of a facade waiting, in %s', async (state) => {
    const machine = new Harness({}, host);
    const protocol = AsyncProtocol.attach(machine.actor);
    const asked = await walk(machine, protocol, state);
    const waiting = await pendingOf(asked);
    const [what, error] = WAITING[state] ?? [];
    if (what !== undefined) expect(waiting.map((call) => call.what)).toEqual([what]);
    machine.stop();
    expect(protocol.runstate).toBe('IDLE');
    expect(await pendingOf(asked)).toEqual([]);
    const outcomes = await Promise.allSettled(waiting.map(({ promise }) => promise));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(error ?? WirechartError);
    }
    if (error) expect(outcomes).toMatchObject([{ status: 'rejected' }]);
  });

  it.each(RESTING.filter((state) => state !== 'IDLE'))(
    'is told in `closed`, `outcome` and the last runstate, in %s',
    async (state) => {
      const machine = new Harness({}, host);
      const protocol = AsyncProtocol.attach(machine.actor);
      await walk(machine, protocol, state);
      const { closed } = protocol;
      const changed = protocol.runstateChanged();
      machine.stop();
      expect(await changed).toBe('IDLE');
      const { cause } = await closed;
      expect(cause).toBeInstanceOf(WirechartError);
      expect(protocol.outcome).toBe(await closed);
      const isAttempt = state.startsWith('CONNECTING');
      if (isAttempt) expect(cause).toMatchObject({ code: 'ERR_CONNECT' });
      expect(isAttempt ? cause?.cause : cause).toMatchObject({ code: 'ERR_CLOSED' });
    },
  );

  it.each(RESTING.filter((state) => state !== 'CONNECTING.listening.bound'))(
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
      expect(codes).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED', 'ERR_STATE', 'ERR_STATE']);
      // The failure that nobody was told of is told once.
      await protocol.disconnect().catch((error: unknown) => {
        expect(error).toBeInstanceOf(WirechartError);
      });
      await protocol.disconnect();
    },
  );
});
