import { describe, expect, it } from 'vitest';
import { ClosedError, type SuperviseOptions, supervise } from '../../src/index.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { type Client, Kept, kindOver, steady, systemError } from './support.ts';

expectIdleAfterEach();

const make = async (
  options: SuperviseOptions<Client>,
  ...steps: readonly ((kept: Kept) => Promise<void>)[]
): Promise<Kept> => {
  const kept = new Kept({ backoff: steady, ...options });
  await turn();
  for (const step of steps) await step(kept);
  return kept;
};

describe('up()', () => {
  it('resolves with the client at once in UP', async () => {
    const kept = await make({}, (one) => one.accept());
    expect(await kept.vm.up()).toBe(kept.client);
  });

  it.each<[string, (kept: Kept) => Promise<void>, (kept: Kept) => Promise<void>]>([
    ['CONNECTING', () => turn(), (kept) => kept.accept()],
    [
      'WAITING',
      (kept) => kept.refuse(),
      async (kept) => {
        await kept.pass(100);
        await kept.accept();
      },
    ],
    [
      'FAILING',
      async (kept) => {
        await kept.accept();
        await kept.breaks();
      },
      async (kept) => {
        await kept.fulfil('close');
        await kept.pass(100);
        await kept.accept();
      },
    ],
  ])('waits in %s for the next session', async (state, enter, goOn) => {
    const kept = await make({}, enter);
    expect(kept.vm.state).toBe(state);
    const up = kept.vm.up();
    expect(await hasSettled(up)).toBe(false);
    await goOn(kept);
    expect(await up).toBe(kept.client);
    expect(kept.client.runstate).toBe('RUNNING');
  });

  it('rejects in STOPPING when it is stopped, and in STOPPED at once', async () => {
    const kept = await make({}, (one) => one.accept());
    const stopped = kept.vm.stop();
    expect(kept.vm.state).toBe('STOPPING');
    const up = rejection(kept.vm.up());
    await kept.fulfil('flush', 'close');
    await stopped;
    for (const error of [await up, await rejection(kept.vm.up())]) {
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ message: 'The supervisor was stopped', expected: true });
      expect(error).not.toHaveProperty('cause');
    }
  });

  it('rejects with the last reason when it gives up, and in GIVEN_UP at once', async () => {
    const kept = await make({ attempts: 2 }, (one) => one.refuse());
    const up = rejection(kept.vm.up());
    await kept.pass(100);
    await kept.refuse(systemError('ENOENT'));
    const error = await up;
    expect(error).toBe(kept.vm.failures[1]?.cause);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    expect(await rejection(kept.vm.up())).toBe(error);
  });

  it('waits again after start()', async () => {
    const kept = await make({ attempts: 1 }, (one) => one.refuse());
    kept.vm.start();
    const up = kept.vm.up();
    await kept.accept();
    expect(await up).toBe(kept.client);
  });

  it('with a signal gives up the waiting, and nothing else', async () => {
    const kept = await make({});
    const aborter = new AbortController();
    const given = rejection(kept.vm.up({ signal: aborter.signal }));
    const other = kept.vm.up();
    const reason = new Error('no patience');
    aborter.abort(reason);
    expect(await given).toBe(reason);
    await kept.accept();
    await other;
    expect(await rejection(kept.vm.up({ signal: aborter.signal }))).toBe(reason);
  });

  it('is for any number of callers', async () => {
    const kept = await make({});
    const aborter = new AbortController();
    const ups = Array.from({ length: 10_000 }, (_, at) =>
      kept.vm.up(at % 2 === 0 ? {} : { signal: aborter.signal }),
    );
    const settled = Promise.allSettled(ups);
    aborter.abort();
    await kept.accept();
    const statuses = (await settled).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'fulfilled')).toHaveLength(5_000);
    expect(new Set(statuses.filter((_, at) => at % 2 === 0))).toEqual(new Set(['fulfilled']));
  });

  it('that was given up is rejected with nothing else later', async () => {
    const kept = await make({ attempts: 1 });
    const aborter = new AbortController();
    const given = rejection(kept.vm.up({ signal: aborter.signal }));
    aborter.abort('no patience');
    await kept.refuse();
    expect(kept.vm.state).toBe('GIVEN_UP');
    expect(await given).toBe('no patience');
  });

  it('never gives a client whose session is on its way home', async () => {
    const kept = await make({}, (one) => one.accept());
    await kept.breaks();
    expect(kept.client.runstate).toBe('DISCONNECTING');
    const up = kept.vm.up();
    // A loop of up() and a call that rejects would otherwise never give the event loop back.
    expect(await hasSettled(up)).toBe(false);
    await kept.fulfil('close');
    await kept.pass(100);
    await kept.accept();
    await up;
  });
});

describe('states()', () => {
  it('gives every state that is entered from the call on, to each reader, and loses none', async () => {
    const kept = await make({});
    const early = kept.vm.states();
    await kept.refuse();
    await kept.pass(100);
    await kept.accept();
    const late = kept.vm.states();
    await kept.die();
    await kept.vm.stop();
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

  it('ends with its signal', async () => {
    const kept = await make({});
    const aborter = new AbortController();
    const states = kept.vm.states({ signal: aborter.signal });
    const next = rejection(states.next());
    aborter.abort('enough');
    expect(await next).toBe('enough');
  });

  it('shows what is passed without a pause', async () => {
    const kept = await make({ attempts: 1 });
    const states = kept.vm.states();
    await kept.refuse();
    kept.vm.start();
    await kept.vm.stop();
    const seen = [await states.next(), await states.next(), await states.next()];
    expect(seen.map(({ value }) => String(value))).toEqual(['GIVEN_UP', 'CONNECTING', 'STOPPED']);
  });
});

describe('what is remembered', () => {
  it('is how often it was up', async () => {
    const kept = await make({});
    expect(kept.vm.ups).toBe(0);
    for (const ups of [1, 2, 3]) {
      await kept.accept();
      expect(kept.vm.ups).toBe(ups);
      await kept.die();
      kept.vm.retry();
    }
  });

  it('are the last twenty reasons, by number', async () => {
    const kept = await make({});
    for (let attempt = 1; attempt <= 25; attempt += 1) {
      await kept.refuse();
      kept.vm.retry();
    }
    const sessions = kept.vm.failures.map(({ session }) => session);
    expect(sessions).toEqual(Array.from({ length: 20 }, (_, at) => at + 6));
  });

  it('is kept by start()', async () => {
    const kept = await make({}, (one) => one.refuse());
    await kept.vm.stop();
    kept.vm.start();
    await kept.accept();
    expect([kept.vm.ups, kept.vm.failures.length]).toEqual([1, 1]);
  });
});

it('two of them know nothing of each other', async () => {
  const done = gate();
  const other = supervise(
    kindOver(() => new FakeLink()),
    () => done.opened.then(() => '/run/x'),
  );
  const kept = await make({}, (one) => one.accept());
  expect([kept.vm.state, other.state]).toEqual(['UP', 'CONNECTING']);
  await other.stop();
  expect(kept.vm.state).toBe('UP');
});
