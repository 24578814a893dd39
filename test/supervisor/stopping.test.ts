import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';
import { Kept, steady } from './support.ts';

expectIdleAfterEach();

const never = (): Promise<never> => new Promise(() => undefined);

/** A way into each state, and how the connection then goes home, gracefully and with force. */
interface Place {
  readonly name: string;
  readonly enter: () => Promise<Kept>;
  readonly state: string;
  readonly home: readonly ('flush' | 'close' | 'destroy')[];
  readonly forced: readonly 'destroy'[];
}

const entered = async (kept: Kept, ...steps: readonly ((kept: Kept) => Promise<void>)[]) => {
  await turn();
  for (const step of steps) await step(kept);
  return kept;
};
const accept = (kept: Kept) => kept.accept();
const refuse = (kept: Kept) => kept.refuse();
const breaks = (kept: Kept) => kept.breaks();

const PLACES: readonly Place[] = [
  {
    name: 'CONNECTING (locating)',
    enter: () => entered(new Kept({}, never)),
    state: 'CONNECTING',
    home: [],
    forced: [],
  },
  {
    name: 'CONNECTING (dialling)',
    enter: () => entered(new Kept()),
    state: 'CONNECTING',
    home: ['destroy'],
    forced: ['destroy'],
  },
  {
    name: 'CONNECTING (in the handshake)',
    enter: () => entered(new Kept(), (kept) => kept.fulfil('dial')),
    state: 'CONNECTING',
    home: ['destroy'],
    forced: ['destroy'],
  },
  {
    name: 'CONNECTING (in onUp)',
    enter: () => entered(new Kept({ onUp: never }), accept),
    state: 'CONNECTING',
    home: ['flush', 'close'],
    forced: ['destroy'],
  },
  {
    name: 'UP',
    enter: () => entered(new Kept(), accept),
    state: 'UP',
    home: ['flush', 'close'],
    forced: ['destroy'],
  },
  {
    name: 'FAILING',
    enter: () => entered(new Kept(), accept, breaks),
    state: 'FAILING',
    home: ['close'],
    forced: ['destroy'],
  },
  {
    name: 'WAITING',
    enter: () => entered(new Kept({ backoff: steady }), refuse),
    state: 'WAITING',
    home: [],
    forced: [],
  },
  {
    name: 'GIVEN_UP',
    enter: () => entered(new Kept({ attempts: 1 }), refuse),
    state: 'GIVEN_UP',
    home: [],
    forced: [],
  },
];

describe.each(PLACES)('stop() in $name', ({ enter, state, home, forced }) => {
  it.each([
    ['ends what is under way', false, home],
    ['with force does so at once', true, forced],
  ])('%s', async (_, force, methods) => {
    const kept = await enter();
    expect(kept.vm.state).toBe(state);
    const entered = kept.states.length;
    const stopped = kept.vm.stop({ force });
    expect(kept.vm.state).toBe(methods.length === 0 ? 'STOPPED' : 'STOPPING');
    for (const method of methods) {
      expect(await hasSettled(stopped)).toBe(false);
      await kept.fulfil(method);
    }
    await stopped;
    expect(kept.vm.state).toBe('STOPPED');
    await turn();
    const expected = methods.length === 0 ? ['STOPPED'] : ['STOPPING', 'STOPPED'];
    expect(kept.states.slice(entered)).toEqual(expected);
    expect(kept.clock.timers).toBe(0);
    expect(kept.link.live).toEqual([]);
  });

  it('may be called several times at once, and is heard once', async () => {
    const kept = await enter();
    const stops = [kept.vm.stop(), kept.vm.stop(), kept.vm.stop()];
    for (const method of home) await kept.fulfil(method);
    await Promise.all([...stops, kept.vm.stop()]);
    await turn();
    expect(kept.states.filter((one) => one === 'STOPPED')).toHaveLength(1);
  });

  it('leaves nothing that begins again by itself, and start() begins again', async () => {
    const kept = await enter();
    const stopped = kept.vm.stop();
    for (const method of home) await kept.fulfil(method);
    await stopped;
    await kept.pass(1_000_000);
    expect(kept.vm.state).toBe('STOPPED');
    kept.vm.start();
    expect(kept.vm.state).toBe('CONNECTING');
  });
});

describe('stop()', () => {
  it('flushes, unless a later one has force', async () => {
    const kept = await entered(new Kept(), accept);
    const first = kept.vm.stop();
    await turn();
    expect(kept.link.call('flush').isLive).toBe(true);
    const second = kept.vm.stop({ force: true });
    await turn();
    expect(kept.link.live.map(({ method }) => method)).toEqual(['destroy']);
    await kept.fulfil('destroy');
    await Promise.all([first, second]);
  });

  it('is over even if the peer does not take what was sent', async () => {
    const kept = await entered(new Kept(), accept);
    const stopped = kept.vm.stop();
    await kept.pass(400); // flush
    await kept.fulfil('destroy');
    await stopped;
    expect(kept.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
    expect(kept.reasons).toEqual(['1: The flush deadline of 400 ms passed']);
  });

  it('with a signal gives up the waiting, not the stopping', async () => {
    const kept = await entered(new Kept(), accept);
    const aborter = new AbortController();
    const given = rejection(kept.vm.stop({ signal: aborter.signal }));
    const other = kept.vm.stop();
    const reason = new Error('no patience');
    aborter.abort(reason);
    expect(await given).toBe(reason);
    expect(kept.vm.state).toBe('STOPPING');
    await kept.fulfil('flush', 'close');
    await other;
  });

  it('with an aborted signal does nothing', async () => {
    const kept = await entered(new Kept(), accept);
    const reason = new Error('too late');
    expect(await rejection(kept.vm.stop({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(kept.vm.state).toBe('UP');
  });

  it('is what `await using` ends with', async () => {
    let outside: Kept['vm'] | undefined;
    {
      const kept = await entered(new Kept({ backoff: steady }), refuse);
      await using vm = kept.vm;
      outside = vm;
      expect(vm.state).toBe('WAITING');
    }
    expect(outside.state).toBe('STOPPED');
  });

  it('is legal before anything has happened', async () => {
    const kept = new Kept();
    await kept.vm.stop();
    expect(kept.vm.state).toBe('STOPPED');
    await turn();
    expect(kept.link.calls).toEqual([]);
  });
});

describe('start()', () => {
  it('begins anew when it has given up: attempts and waits are counted from the beginning', async () => {
    const kept = await entered(new Kept({ backoff: steady, attempts: 2 }), refuse);
    await kept.pass(100);
    await kept.refuse();
    expect(kept.vm.state).toBe('GIVEN_UP');
    kept.vm.start();
    await kept.refuse();
    expect(kept.vm.state).toBe('WAITING');
    await kept.pass(99);
    expect(kept.vm.state).toBe('WAITING');
    await kept.pass(1);
    await kept.accept();
    expect(await kept.vm.up()).toBe(kept.client);
  });

  it.each(PLACES.filter(({ state }) => state !== 'GIVEN_UP'))(
    'does nothing in $name',
    async ({ enter, state }) => {
      const kept = await enter();
      const calls = kept.link.calls.length;
      kept.vm.start();
      await turn();
      expect(kept.vm.state).toBe(state);
      expect(kept.link.calls).toHaveLength(calls);
    },
  );

  it('does nothing in STOPPING', async () => {
    const kept = await entered(new Kept(), accept);
    const stopped = kept.vm.stop();
    kept.vm.start();
    await kept.fulfil('flush', 'close');
    await stopped;
    expect(kept.vm.state).toBe('STOPPED');
  });
});

describe('retry()', () => {
  it('makes the next attempt at once, and does not make the wait after it shorter', async () => {
    const kept = await entered(new Kept({ backoff: steady }), refuse);
    kept.vm.retry();
    expect(kept.vm.state).toBe('CONNECTING');
    await kept.refuse();
    await kept.pass(199);
    expect(kept.vm.state).toBe('WAITING');
    await kept.pass(1);
    expect(kept.vm.state).toBe('CONNECTING');
  });

  it.each([
    ...PLACES.filter(({ state }) => state !== 'WAITING'),
    {
      name: 'STOPPED',
      state: 'STOPPED',
      enter: () => entered(new Kept({}, never), (kept) => kept.vm.stop()),
    },
  ])('does nothing in $name', async ({ enter, state }) => {
    const kept = await enter();
    const calls = kept.link.calls.length;
    kept.vm.retry();
    await turn();
    expect(kept.vm.state).toBe(state);
    expect(kept.link.calls).toHaveLength(calls);
  });
});

describe('a stop', () => {
  it('leaves no reason of its own, and keeps those before it', async () => {
    const kept = await entered(new Kept({ backoff: steady }), refuse);
    await kept.pass(100);
    await kept.accept();
    const stopped = kept.vm.stop();
    await kept.fulfil('flush', 'close');
    await stopped;
    expect(kept.reasons).toEqual(['1: Failed to establish connection: connect ECONNREFUSED']);
  });

  it('of an attempt leaves none either', async () => {
    const kept = await entered(new Kept());
    const stopped = kept.vm.stop();
    await kept.fulfil('destroy');
    await stopped;
    expect(kept.reasons).toEqual([]);
  });

  it('hides no failure that it overtakes', async () => {
    const kept = await entered(new Kept(), accept, breaks);
    const stopped = kept.vm.stop();
    await kept.fulfil('close');
    await stopped;
    expect(kept.reasons).toEqual(['1: The stream failed']);
  });
});
