import { describe, expect, it } from 'vitest';
import { ClosedError, type SuperviseOptions, supervise } from '../../src/index.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import {
  type Client,
  SupervisorHarness,
  clientClassOver,
  withoutJitter,
  systemError,
} from './support.ts';

expectIdleAfterEach();

const createHarness = async (
  options: SuperviseOptions<Client>,
  ...steps: readonly ((harness: SupervisorHarness) => Promise<void>)[]
): Promise<SupervisorHarness> => {
  const harness = new SupervisorHarness({ backoff: withoutJitter, ...options });
  await turn();
  for (const step of steps) await step(harness);
  return harness;
};

describe('up()', () => {
  it('resolves with the client at once in UP', async () => {
    const harness = await createHarness({}, (harness) => harness.accept());
    expect(await harness.supervisor.up()).toBe(harness.client);
  });

  it.each<
    [
      string,
      (harness: SupervisorHarness) => Promise<void>,
      (harness: SupervisorHarness) => Promise<void>,
    ]
  >([
    ['CONNECTING', () => turn(), (harness) => harness.accept()],
    [
      'WAITING',
      (harness) => harness.refuse(),
      async (harness) => {
        await harness.advance(100);
        await harness.accept();
      },
    ],
    [
      'FAILING',
      async (harness) => {
        await harness.accept();
        await harness.breakSession();
      },
      async (harness) => {
        await harness.fulfil('close');
        await harness.advance(100);
        await harness.accept();
      },
    ],
  ])('waits in %s for the next session', async (state, enter, toNextSession) => {
    const harness = await createHarness({}, enter);
    expect(harness.supervisor.state).toBe(state);
    const up = harness.supervisor.up();
    expect(await hasSettled(up)).toBe(false);
    await toNextSession(harness);
    expect(await up).toBe(harness.client);
    expect(harness.client.runstate).toBe('RUNNING');
  });

  it('rejects in STOPPING at the end of that, and in STOPPED at once', async () => {
    const harness = await createHarness({}, (harness) => harness.accept());
    const stopped = harness.supervisor.stop();
    expect(harness.supervisor.state).toBe('STOPPING');
    const up = rejection(harness.supervisor.up());
    await harness.fulfil('flush', 'close');
    await stopped;
    for (const error of [await up, await rejection(harness.supervisor.up())]) {
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ message: 'The supervisor was stopped', expected: true });
      expect(error).not.toHaveProperty('cause');
    }
  });

  it('rejects with the last cause when the supervisor gives up, and in GIVEN_UP at once', async () => {
    const harness = await createHarness({ attempts: 2 }, (harness) => harness.refuse());
    const up = rejection(harness.supervisor.up());
    await harness.advance(100);
    await harness.refuse(systemError('ENOENT'));
    const error = await up;
    expect(error).toBe(harness.supervisor.failures[0]?.cause);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    expect(await rejection(harness.supervisor.up())).toBe(error);
  });

  it('waits again after start()', async () => {
    const harness = await createHarness({ attempts: 1 }, (harness) => harness.refuse());
    harness.supervisor.start();
    const up = harness.supervisor.up();
    await harness.accept();
    expect(await up).toBe(harness.client);
  });

  it('rejects when its signal is aborted, and has no other effect', async () => {
    const harness = await createHarness({});
    const controller = new AbortController();
    const aborted = rejection(harness.supervisor.up({ signal: controller.signal }));
    const other = harness.supervisor.up();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    await harness.accept();
    await other;
    expect(await rejection(harness.supervisor.up({ signal: controller.signal }))).toBe(reason);
  });

  it('may be called any number of times', async () => {
    const harness = await createHarness({});
    const controller = new AbortController();
    const ups = Array.from({ length: 10_000 }, (_, at) =>
      harness.supervisor.up(at % 2 === 0 ? {} : { signal: controller.signal }),
    );
    const settled = Promise.allSettled(ups);
    controller.abort();
    await harness.accept();
    const statuses = (await settled).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'fulfilled')).toHaveLength(5_000);
    expect(new Set(statuses.filter((_, at) => at % 2 === 0))).toEqual(new Set(['fulfilled']));
  });

  it('rejects with the reason of its signal, even if the supervisor gives up right after', async () => {
    const harness = await createHarness({ attempts: 1 });
    const controller = new AbortController();
    const aborted = rejection(harness.supervisor.up({ signal: controller.signal }));
    controller.abort('enough');
    await harness.refuse();
    expect(harness.supervisor.state).toBe('GIVEN_UP');
    expect(await aborted).toBe('enough');
  });

  it('never resolves with a client that is disconnecting', async () => {
    const harness = await createHarness({}, (harness) => harness.accept());
    await harness.breakSession();
    expect(harness.client.runstate).toBe('DISCONNECTING');
    const up = harness.supervisor.up();
    // Otherwise a loop of up() and a call that rejects would block the event loop.
    expect(await hasSettled(up)).toBe(false);
    await harness.fulfil('close');
    await harness.advance(100);
    await harness.accept();
    await up;
  });
});

describe('states()', () => {
  it('yields every state that is entered after the call, to each reader', async () => {
    const harness = await createHarness({});
    const early = harness.supervisor.states();
    await harness.refuse();
    await harness.advance(100);
    await harness.accept();
    const late = harness.supervisor.states();
    await harness.loseSession();
    await harness.supervisor.stop();
    const read = async (states: AsyncIterator<string>, count: number) => {
      const seen: string[] = [];
      while (seen.length < count) seen.push(String((await states.next()).value));
      return seen;
    };
    expect(await read(early, 6)).toEqual([
      'WAITING',
      'CONNECTING',
      'UP',
      'FAILING',
      'WAITING',
      'STOPPED',
    ]);
    expect(await read(late, 3)).toEqual(['FAILING', 'WAITING', 'STOPPED']);
    expect(await hasSettled(early.next())).toBe(false);
  });

  it('rejects when its signal is aborted', async () => {
    const harness = await createHarness({});
    const controller = new AbortController();
    const states = harness.supervisor.states({ signal: controller.signal });
    const next = rejection(states.next());
    controller.abort('enough');
    expect(await next).toBe('enough');
  });

  it('yields states that are left at once', async () => {
    const harness = await createHarness({ attempts: 1 });
    const states = harness.supervisor.states();
    await harness.refuse();
    harness.supervisor.start();
    await harness.supervisor.stop();
    const seen = [await states.next(), await states.next(), await states.next()];
    expect(seen.map(({ value }) => String(value))).toEqual(['GIVEN_UP', 'CONNECTING', 'STOPPED']);
  });
});

describe('the record of a supervisor', () => {
  it('has the number of times that it was UP', async () => {
    const harness = await createHarness({});
    expect(harness.supervisor.ups).toBe(0);
    for (const ups of [1, 2, 3]) {
      await harness.accept();
      expect(harness.supervisor.ups).toBe(ups);
      await harness.loseSession();
      harness.supervisor.retry();
    }
  });

  it('has the last twenty outages', async () => {
    const harness = await createHarness({});
    for (let session = 1; session <= 25; session += 1) {
      await harness.accept();
      await harness.loseSession();
      harness.supervisor.retry();
    }
    const sessions = harness.supervisor.failures.map(({ session }) => session);
    expect(sessions).toEqual(Array.from({ length: 20 }, (_, at) => at + 6));
  });

  it('is not reset by start()', async () => {
    const harness = await createHarness({}, (harness) => harness.refuse());
    await harness.supervisor.stop();
    harness.supervisor.start();
    await harness.accept();
    expect([harness.supervisor.ups, harness.supervisor.failures.length]).toEqual([1, 1]);
  });
});

it('two supervisors are independent', async () => {
  const done = gate();
  const other = supervise(
    clientClassOver(() => new FakeLink()),
    () => done.opened.then(() => '/run/x'),
  );
  const harness = await createHarness({}, (harness) => harness.accept());
  expect([harness.supervisor.state, other.state]).toEqual(['UP', 'CONNECTING']);
  await other.stop();
  expect(harness.supervisor.state).toBe('UP');
});
