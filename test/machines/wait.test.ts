import { describe, expect, it, vi } from 'vitest';
import { createActor, type InspectionEvent, setup } from 'xstate';
import { fromWait } from '../../src/machines/wait.ts';
import { type StopSignal, Stopper, toAbortSignal } from '../../src/async/stop-signal.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from './support.ts';

expectIdleAfterEach();

/** An actor that waits for a promise, which the test settles. */
function createWaiting(options: { inspect?: (event: InspectionEvent) => void } = {}) {
  const { promise, resolve, reject } = defer<string>();
  let signal: StopSignal | undefined;
  const logic = fromWait((_: object, given) => {
    signal = given;
    return promise;
  });
  const actor = createActor(logic, { input: {}, ...options });
  actor.subscribe({ error: () => undefined });
  actor.start();
  return { actor, resolve, reject, isStopped: () => signal?.aborted };
}

describe('an actor that waits for a promise', () => {
  it('is done when its promise resolves, and has the value as its output', async () => {
    const { actor, resolve, isStopped } = createWaiting();
    expect(actor.getSnapshot().status).toBe('active');
    resolve('output');
    await turn();
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', output: 'output' });
    expect(isStopped()).toBe(false);
  });

  it('fails with the reason of its promise', async () => {
    const { actor, reject } = createWaiting();
    const error = new Error('broken');
    reject(error);
    await turn();
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error });
  });

  it.each(['resolve', 'reject'] as const)(
    'stops its wait when it is stopped, and ignores a later %s',
    async (end) => {
      // XState prints a warning when an event is sent to an actor that has stopped.
      const warn = vi.spyOn(console, 'warn');
      cleanUp(() => {
        warn.mockRestore();
      });
      const { actor, isStopped, ...ends } = createWaiting();
      actor.stop();
      expect(isStopped()).toBe(true);
      ends[end]('too late');
      await turn();
      expect(actor.getSnapshot()).toMatchObject({ status: 'stopped', output: undefined });
      expect(warn).not.toHaveBeenCalled();
    },
  );

  it.each([
    ['resolve', 'xstate.promise.resolve'],
    ['reject', 'xstate.promise.reject'],
  ] as const)('shows the inspector a %s under the name that XState uses', async (end, type) => {
    const seen: string[] = [];
    const inspect = (step: InspectionEvent): void => {
      if (step.type === '@xstate.event') seen.push(step.event.type);
    };
    const { actor, ...ends } = createWaiting({ inspect });
    ends[end]('the end');
    await turn();
    expect(actor.getSnapshot().status).not.toBe('active');
    expect(seen).toEqual(['xstate.init', type]);
  });

  it('has its snapshot as its persisted snapshot', () => {
    const { actor } = createWaiting();
    expect(actor.getPersistedSnapshot()).toBe(actor.getSnapshot());
    actor.stop();
  });

  it('does not end by an event of another sender', () => {
    const { actor } = createWaiting();
    actor.send({ type: 'xstate.promise.resolve' });
    expect(actor.getSnapshot().status).toBe('active');
    actor.stop();
  });

  it('fails in a later step when its wait throws at once', async () => {
    const thrown = new Error('thrown');
    const machine = setup({
      actors: {
        wait: fromWait((): Promise<void> => {
          throw thrown;
        }),
      },
    }).createMachine({
      initial: 'waiting',
      states: {
        waiting: { invoke: { src: 'wait', input: {}, onError: 'failed' }, on: { LEAVE: 'left' } },
        failed: {},
        left: {},
      },
    });
    const [stays, leaves] = [createActor(machine).start(), createActor(machine).start()];
    leaves.send({ type: 'LEAVE' });
    await turn();
    expect(stays.getSnapshot().value).toBe('failed');
    expect(leaves.getSnapshot()).toMatchObject({ status: 'active', value: 'left' });
  });
});

describe('the signal of a wait', () => {
  it('calls each listener once, even after a listener that throws', () => {
    const stopper = new Stopper();
    const [listener, removed] = [vi.fn(), vi.fn()];
    stopper.addEventListener('abort', () => {
      throw new Error('This stream cannot be paused');
    });
    stopper.addEventListener('abort', listener);
    stopper.addEventListener('abort', removed);
    stopper.removeEventListener('abort', removed);
    stopper.stop();
    stopper.stop();
    stopper.addEventListener('abort', removed);
    expect(listener).toHaveBeenCalledOnce();
    expect(removed).not.toHaveBeenCalled();
  });

  it('throws its reason once it is stopped', () => {
    const stopper = new Stopper();
    expect(stopper.reason).toBeUndefined();
    stopper.throwIfAborted();
    stopper.stop();
    expect(stopper.reason).toBeInstanceOf(Error);
    expect(() => {
      stopper.throwIfAborted();
    }).toThrow('stopped');
  });

  it('becomes an AbortSignal that is aborted with it, whether made before or after', () => {
    const stopper = new Stopper();
    const before = toAbortSignal(stopper);
    expect(before.aborted).toBe(false);
    stopper.stop();
    const after = toAbortSignal(stopper);
    expect([before, after].map(({ aborted, reason }) => [aborted, reason as unknown])).toEqual([
      [true, stopper.reason],
      [true, stopper.reason],
    ]);
    expect(toAbortSignal(after)).toBe(after);
  });
});
