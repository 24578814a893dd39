import { describe, expect, it } from 'vitest';
import { ClosedError, HandlerError, type SuperviseOptions, TimeoutError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { type Client, Kept, steady } from './support.ts';

expectIdleAfterEach();

/** Is called with a client, and decides when it is done. */
function synchronizing(options: SuperviseOptions<Client> = {}) {
  const done = gate();
  const calls: { readonly client: Client; readonly signal: AbortSignal }[] = [];
  const kept = new Kept({
    backoff: steady,
    ...options,
    onUp: (client, signal) => {
      calls.push({ client, signal });
      return done.opened;
    },
  });
  return { kept, done, calls };
}

/** Rejects a moment after it was called. */
const failing = (error: Error) => (): Promise<never> =>
  Promise.resolve().then(() => {
    throw error;
  });

describe('onUp', () => {
  it('is called with the client, in a session, before up() resolves', async () => {
    const { kept, done, calls } = synchronizing();
    const up = kept.vm.up();
    await kept.accept();
    expect(calls).toHaveLength(1);
    expect(calls[0]?.client).toBe(kept.client);
    expect(kept.client.runstate).toBe('RUNNING');
    expect(kept.vm.state).toBe('CONNECTING');
    expect(await hasSettled(up)).toBe(false);
    done.open();
    expect(await up).toBe(kept.client);
    expect([kept.vm.state, kept.vm.ups]).toEqual(['UP', 1]);
    expect(calls[0]?.signal.aborted).toBe(false);
  });

  it('is called in every session, with the same client', async () => {
    const { kept, done, calls } = synchronizing();
    done.open();
    await kept.accept();
    await kept.die();
    await kept.pass(100);
    await kept.accept();
    expect(kept.vm.ups).toBe(2);
    expect(calls.map(({ client }) => client)).toEqual([kept.client, kept.client]);
    expect(calls[0]?.signal).not.toBe(calls[1]?.signal);
  });

  it('need not be asynchronous', async () => {
    const kept = new Kept({ onUp: () => 7 });
    await kept.accept();
    expect(kept.vm.state).toBe('UP');
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no such event');
      },
    ],
    ['rejects', failing(new Error('no such event'))],
  ])('that %s ends the session, and is not called again', async (_, onUp) => {
    const kept = new Kept({ onUp });
    const up = rejection(kept.vm.up());
    await kept.accept();
    expect(kept.vm.state).toBe('FAILING');
    await kept.fulfil('close');
    expect(kept.states).toEqual(['FAILING', 'GIVEN_UP']);
    const error = await up;
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toHaveProperty('message', 'The callback onUp threw: no such event');
    expect(kept.client.outcome?.cause).toBe(error);
    expect(kept.vm.ups).toBe(0);
  });

  it('that fails with an error of the library is called again in the next session', async () => {
    const error = new ClosedError('gone');
    const kept = new Kept({ backoff: steady, onUp: failing(error) });
    await kept.accept();
    await kept.fulfil('close');
    expect(kept.vm.state).toBe('WAITING');
    expect(kept.vm.failures.at(-1)).toEqual({ session: 1, cause: error });
  });

  it('that never ends is given up at its deadline', async () => {
    const { kept, calls } = synchronizing();
    await kept.accept();
    await kept.pass(29_999);
    expect(calls[0]?.signal.aborted).toBe(false);
    await kept.pass(1);
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(kept.vm.state).toBe('FAILING');
    await kept.fulfil('close');
    expect(kept.states).toEqual(['FAILING', 'WAITING']);
    const cause = kept.vm.failures[0]?.cause;
    expect(cause).toBeInstanceOf(TimeoutError);
    expect(cause).toMatchObject({
      ms: 30_000,
      message: 'The callback onUp took longer than 30000 ms',
    });
  });

  it('that is late each time is told of by an error of its own each time', async () => {
    const { kept } = synchronizing({ timeouts: { up: 5 } });
    for (const wait of [100, 200]) {
      await kept.accept();
      await kept.pass(5);
      await kept.fulfil('close');
      await kept.pass(wait);
    }
    const causes = kept.vm.failures.map(({ cause }) => cause);
    expect(causes).toHaveLength(2);
    expect(causes[0]).not.toBe(causes[1]);
  });

  it('may take for ever where its deadline is Infinity', async () => {
    const { kept, done } = synchronizing({ timeouts: { up: Infinity } });
    await kept.accept();
    await kept.pass(2 ** 31);
    expect(kept.vm.state).toBe('CONNECTING');
    done.open();
    await turn();
    expect(kept.vm.state).toBe('UP');
  });

  it.each(['resolves', 'rejects'])(
    'is told by its signal that the session breaks; that it %s then changes nothing',
    async (how) => {
      const { kept, done, calls } = synchronizing();
      await kept.accept();
      await kept.breaks();
      expect(calls[0]?.signal.aborted).toBe(true);
      expect(kept.vm.state).toBe('FAILING');
      if (how === 'resolves') done.open();
      else done.fail(new Error('there was no session'));
      await turn();
      expect(kept.vm.state).toBe('FAILING');
      await kept.fulfil('close');
      expect(kept.states).toEqual(['FAILING', 'WAITING']);
      expect(kept.reasons).toEqual(['1: The stream failed']);
      expect(kept.client.outcome?.suppressed).toEqual([]);
    },
  );

  it('is told by its signal that nobody wants the session any more', async () => {
    const { kept, done, calls } = synchronizing();
    await kept.accept();
    const stopped = kept.vm.stop({ force: true });
    expect(calls[0]?.signal.aborted).toBe(true);
    done.open();
    await kept.fulfil('destroy');
    await stopped;
    expect(kept.states).toEqual(['STOPPING', 'STOPPED']);
    expect(kept.reasons).toEqual([]);
  });

  it('may stop the supervisor itself', async () => {
    const kept: Kept = new Kept({
      onUp: async () => {
        await kept.vm.stop({ force: true });
      },
    });
    await kept.accept();
    await kept.fulfil('destroy');
    expect(kept.states).toEqual(['STOPPING', 'STOPPED']);
  });

  it('may disconnect the client, which stops the supervisor', async () => {
    const kept = new Kept({ onUp: (client) => client.disconnect({ force: true }) });
    await kept.accept();
    await kept.fulfil('destroy');
    expect(kept.states).toEqual(['STOPPING', 'STOPPED']);
    expect(kept.reasons).toEqual([]);
  });
});
