import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';
import { SupervisorHarness, withoutJitter } from './support.ts';

expectIdleAfterEach();

const never = (): Promise<never> => new Promise(() => undefined);

/**
 * A route into a state, and the link methods by which the connection then ends, with and without
 * force.
 */
interface Case {
  readonly name: string;
  readonly enter: () => Promise<SupervisorHarness>;
  readonly state: string;
  readonly graceful: readonly ('flush' | 'close' | 'destroy')[];
  readonly forced: readonly 'destroy'[];
}

const entered = async (
  harness: SupervisorHarness,
  ...steps: readonly ((harness: SupervisorHarness) => Promise<void>)[]
) => {
  await turn();
  for (const step of steps) await step(harness);
  return harness;
};
const accept = (harness: SupervisorHarness) => harness.accept();
const refuse = (harness: SupervisorHarness) => harness.refuse();
const breaks = (harness: SupervisorHarness) => harness.breakSession();

const CASES: readonly Case[] = [
  {
    name: 'CONNECTING (locating)',
    enter: () => entered(new SupervisorHarness({}, never)),
    state: 'CONNECTING',
    graceful: [],
    forced: [],
  },
  {
    name: 'CONNECTING (dialling)',
    enter: () => entered(new SupervisorHarness()),
    state: 'CONNECTING',
    graceful: ['destroy'],
    forced: ['destroy'],
  },
  {
    name: 'CONNECTING (in the handshake)',
    enter: () => entered(new SupervisorHarness(), (harness) => harness.fulfil('dial')),
    state: 'CONNECTING',
    graceful: ['destroy'],
    forced: ['destroy'],
  },
  {
    name: 'CONNECTING (in onUp)',
    enter: () => entered(new SupervisorHarness({ onUp: never }), accept),
    state: 'CONNECTING',
    graceful: ['flush', 'close'],
    forced: ['destroy'],
  },
  {
    name: 'UP',
    enter: () => entered(new SupervisorHarness(), accept),
    state: 'UP',
    graceful: ['flush', 'close'],
    forced: ['destroy'],
  },
  {
    name: 'FAILING',
    enter: () => entered(new SupervisorHarness(), accept, breaks),
    state: 'FAILING',
    graceful: ['close'],
    forced: ['destroy'],
  },
  {
    name: 'WAITING',
    enter: () => entered(new SupervisorHarness({ backoff: withoutJitter }), refuse),
    state: 'WAITING',
    graceful: [],
    forced: [],
  },
  {
    name: 'GIVEN_UP',
    enter: () => entered(new SupervisorHarness({ attempts: 1 }), refuse),
    state: 'GIVEN_UP',
    graceful: [],
    forced: [],
  },
];

describe.each(CASES)('stop() in $name', ({ enter, state, graceful, forced }) => {
  it.each([
    ['ends what is pending gracefully', false, graceful],
    ['with force ends it at once', true, forced],
  ])('%s', async (_, force, methods) => {
    const harness = await enter();
    expect(harness.supervisor.state).toBe(state);
    const before = harness.states.length;
    const stopped = harness.supervisor.stop({ force });
    expect(harness.supervisor.state).toBe(methods.length === 0 ? 'STOPPED' : 'STOPPING');
    for (const method of methods) {
      expect(await hasSettled(stopped)).toBe(false);
      await harness.fulfil(method);
    }
    await stopped;
    expect(harness.supervisor.state).toBe('STOPPED');
    await turn();
    const expected = methods.length === 0 ? ['STOPPED'] : ['STOPPING', 'STOPPED'];
    expect(harness.states.slice(before)).toEqual(expected);
    expect(harness.clock.timers).toBe(0);
    expect(harness.link.live).toEqual([]);
  });

  it('may be called several times at once, and takes effect once', async () => {
    const harness = await enter();
    const stops = [harness.supervisor.stop(), harness.supervisor.stop(), harness.supervisor.stop()];
    for (const method of graceful) await harness.fulfil(method);
    await Promise.all([...stops, harness.supervisor.stop()]);
    await turn();
    expect(harness.states.filter((each) => each === 'STOPPED')).toHaveLength(1);
  });

  it('stops for good until start() is called', async () => {
    const harness = await enter();
    const stopped = harness.supervisor.stop();
    for (const method of graceful) await harness.fulfil(method);
    await stopped;
    await harness.advance(1_000_000);
    expect(harness.supervisor.state).toBe('STOPPED');
    harness.supervisor.start();
    expect(harness.supervisor.state).toBe('CONNECTING');
  });
});

describe('stop()', () => {
  it('flushes, unless a later call has force', async () => {
    const harness = await entered(new SupervisorHarness(), accept);
    const first = harness.supervisor.stop();
    await turn();
    expect(harness.link.call('flush').isLive).toBe(true);
    const second = harness.supervisor.stop({ force: true });
    await turn();
    expect(harness.link.live.map(({ method }) => method)).toEqual(['destroy']);
    await harness.fulfil('destroy');
    await Promise.all([first, second]);
  });

  it('resolves even if the peer does not read', async () => {
    const harness = await entered(new SupervisorHarness(), accept);
    const stopped = harness.supervisor.stop();
    await harness.advance(400); // flush
    await harness.fulfil('destroy');
    await stopped;
    expect(harness.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
    expect(harness.failureTexts).toEqual(['1: The flush deadline of 400 ms passed']);
  });

  it('rejects when its signal is aborted, but the supervisor still stops', async () => {
    const harness = await entered(new SupervisorHarness(), accept);
    const controller = new AbortController();
    const aborted = rejection(harness.supervisor.stop({ signal: controller.signal }));
    const other = harness.supervisor.stop();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    expect(harness.supervisor.state).toBe('STOPPING');
    await harness.fulfil('flush', 'close');
    await other;
  });

  it('only gives up the wait when its signal was aborted before', async () => {
    const harness = await entered(new SupervisorHarness(), accept);
    const reason = new Error('too late');
    expect(await rejection(harness.supervisor.stop({ signal: AbortSignal.abort(reason) }))).toBe(
      reason,
    );
    expect(harness.supervisor.state).toBe('STOPPING');
    await harness.fulfil('flush', 'close');
    expect(harness.supervisor.state).toBe('STOPPED');
  });

  it('is called by `await using` at the end of its block', async () => {
    let outside: SupervisorHarness['supervisor'] | undefined;
    {
      const harness = await entered(new SupervisorHarness({ backoff: withoutJitter }), refuse);
      await using supervisor = harness.supervisor;
      outside = supervisor;
      expect(supervisor.state).toBe('WAITING');
    }
    expect(outside.state).toBe('STOPPED');
  });

  it('may be called at once', async () => {
    const harness = new SupervisorHarness();
    await harness.supervisor.stop();
    expect(harness.supervisor.state).toBe('STOPPED');
    await turn();
    expect(harness.link.calls).toEqual([]);
  });
});

describe('start()', () => {
  it('in GIVEN_UP begins again, with the first attempt and the first wait', async () => {
    const harness = await entered(
      new SupervisorHarness({ backoff: withoutJitter, attempts: 2 }),
      refuse,
    );
    await harness.advance(100);
    await harness.refuse();
    expect(harness.supervisor.state).toBe('GIVEN_UP');
    harness.supervisor.start();
    await harness.refuse();
    expect(harness.supervisor.state).toBe('WAITING');
    await harness.advance(99);
    expect(harness.supervisor.state).toBe('WAITING');
    await harness.advance(1);
    await harness.accept();
    expect(await harness.supervisor.up()).toBe(harness.client);
  });

  it.each(CASES.filter(({ state }) => state !== 'GIVEN_UP'))(
    'does nothing in $name',
    async ({ enter, state }) => {
      const harness = await enter();
      const calls = harness.link.calls.length;
      harness.supervisor.start();
      await turn();
      expect(harness.supervisor.state).toBe(state);
      expect(harness.link.calls).toHaveLength(calls);
    },
  );

  it('does nothing in STOPPING', async () => {
    const harness = await entered(new SupervisorHarness(), accept);
    const stopped = harness.supervisor.stop();
    harness.supervisor.start();
    await harness.fulfil('flush', 'close');
    await stopped;
    expect(harness.supervisor.state).toBe('STOPPED');
  });
});

describe('retry()', () => {
  it('makes the next attempt at once, and does not reset the backoff', async () => {
    const harness = await entered(new SupervisorHarness({ backoff: withoutJitter }), refuse);
    harness.supervisor.retry();
    expect(harness.supervisor.state).toBe('CONNECTING');
    await harness.refuse();
    await harness.advance(199);
    expect(harness.supervisor.state).toBe('WAITING');
    await harness.advance(1);
    expect(harness.supervisor.state).toBe('CONNECTING');
  });

  it.each([
    ...CASES.filter(({ state }) => state !== 'WAITING'),
    {
      name: 'STOPPED',
      state: 'STOPPED',
      enter: () =>
        entered(new SupervisorHarness({}, never), (harness) => harness.supervisor.stop()),
    },
  ])('does nothing in $name', async ({ enter, state }) => {
    const harness = await enter();
    const calls = harness.link.calls.length;
    harness.supervisor.retry();
    await turn();
    expect(harness.supervisor.state).toBe(state);
    expect(harness.link.calls).toHaveLength(calls);
  });
});

describe('a stop', () => {
  it('adds no failure, and keeps the earlier ones', async () => {
    const harness = await entered(new SupervisorHarness({ backoff: withoutJitter }), refuse);
    await harness.advance(100);
    await harness.accept();
    const stopped = harness.supervisor.stop();
    await harness.fulfil('flush', 'close');
    await stopped;
    expect(harness.failureTexts).toEqual([
      '1: Failed to establish connection: connect ECONNREFUSED',
    ]);
  });

  it('during an attempt adds no failure', async () => {
    const harness = await entered(new SupervisorHarness());
    const stopped = harness.supervisor.stop();
    await harness.fulfil('destroy');
    await stopped;
    expect(harness.failureTexts).toEqual([]);
  });

  it('keeps the failure of a session that is already failing', async () => {
    const harness = await entered(new SupervisorHarness(), accept, breaks);
    const stopped = harness.supervisor.stop();
    await harness.fulfil('close');
    await stopped;
    expect(harness.failureTexts).toEqual(['1: The stream failed: connect ECONNRESET']);
  });
});
