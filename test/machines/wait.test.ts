import { describe, expect, it, vi } from 'vitest';
import { createActor, type InspectionEvent, setup } from 'xstate';
import { fromWait } from '../../src/machines/wait.ts';
import { type StopSignal, Stopper, toAbortSignal } from '../../src/async/stop-signal.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from './support.ts';

expectIdleAfterEach();

/** A wait whose end the test decides, and how it stands. */
function waiting(options: { inspect?: (event: InspectionEvent) => void } = {}) {
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

describe('an actor that waits', () => {
  it('is done with what its promise resolves to', async () => {
    const { actor, resolve, isStopped } = waiting();
    expect(actor.getSnapshot().status).toBe('active');
    resolve('output');
    await turn();
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', output: 'output' });
    expect(isStopped()).toBe(false);
  });

  it('fails with what its promise rejects with', async () => {
    const { actor, reject } = waiting();
    const error = new Error('broken');
    reject(error);
    await turn();
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error });
  });

  it.each(['resolve', 'reject'] as const)(
    'stops its wait when it is stopped, and hears no more of it: %s',
    async (end) => {
      // XState warns of what is sent to an actor that has stopped.
      const warn = vi.spyOn(console, 'warn');
      cleanUp(() => {
        warn.mockRestore();
      });
      const { actor, isStopped, ...ends } = waiting();
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
  ] as const)('shows its end under the name that XState gives it: %s', async (end, type) => {
    const seen: string[] = [];
    const inspect = (step: InspectionEvent): void => {
      if (step.type === '@xstate.event') seen.push(step.event.type);
    };
    const { actor, ...ends } = waiting({ inspect });
    ends[end]('the end');
    await turn();
    expect(actor.getSnapshot().status).not.toBe('active');
    expect(seen).toEqual(['xstate.init', type]);
  });

  it('is persisted as it stands', () => {
    const { actor } = waiting();
    expect(actor.getPersistedSnapshot()).toBe(actor.getSnapshot());
    actor.stop();
  });

  it('does not end by what somebody else tells it', () => {
    const { actor } = waiting();
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
  it('calls its listeners once, those that come after a throwing one too', () => {
    const stopper = new Stopper();
    const [heard, forgotten] = [vi.fn(), vi.fn()];
    stopper.addEventListener('abort', () => {
      throw new Error('This stream cannot be paused');
    });
    stopper.addEventListener('abort', heard);
    stopper.addEventListener('abort', forgotten);
    stopper.removeEventListener('abort', forgotten);
    stopper.stop();
    stopper.stop();
    stopper.addEventListener('abort', forgotten);
    expect(heard).toHaveBeenCalledOnce();
    expect(forgotten).not.toHaveBeenCalled();
  });

  it('throws its reason, but not before it is stopped', () => {
    const stopper = new Stopper();
    expect(stopper.reason).toBeUndefined();
    stopper.throwIfAborted();
    stopper.stop();
    expect(stopper.reason).toBeInstanceOf(Error);
    expect(() => {
      stopper.throwIfAborted();
    }).toThrow('stopped');
  });

  it('becomes an AbortSignal that is aborted with it, before or after', () => {
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
