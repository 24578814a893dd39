import { describe, expect, it } from 'vitest';
import { ClosedError, HandlerError, type SuperviseOptions, TimeoutError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { type Client, SupervisorHarness, withoutJitter } from './support.ts';

expectIdleAfterEach();

/** A supervisor whose onUp records its calls, and resolves when the test opens the gate. */
function withGatedOnUp(options: SuperviseOptions<Client> = {}) {
  const done = gate();
  const calls: { readonly client: Client; readonly signal: AbortSignal }[] = [];
  const harness = new SupervisorHarness({
    backoff: withoutJitter,
    ...options,
    onUp: (client, signal) => {
      calls.push({ client, signal });
      return done.opened;
    },
  });
  return { harness, done, calls };
}

/** Rejects a microtask after it was called. */
const rejecting = (error: Error) => (): Promise<never> =>
  Promise.resolve().then(() => {
    throw error;
  });

describe('onUp', () => {
  it('is called with the client in RUNNING, before up() resolves', async () => {
    const { harness, done, calls } = withGatedOnUp();
    const up = harness.supervisor.up();
    await harness.accept();
    expect(calls).toHaveLength(1);
    expect(calls[0]?.client).toBe(harness.client);
    expect(harness.client.runstate).toBe('RUNNING');
    expect(harness.supervisor.state).toBe('CONNECTING');
    expect(await hasSettled(up)).toBe(false);
    done.open();
    expect(await up).toBe(harness.client);
    expect([harness.supervisor.state, harness.supervisor.ups]).toEqual(['UP', 1]);
    expect(calls[0]?.signal.aborted).toBe(false);
  });

  it('is called in every session, with the same client', async () => {
    const { harness, done, calls } = withGatedOnUp();
    done.open();
    await harness.accept();
    await harness.loseSession();
    await harness.advance(100);
    await harness.accept();
    expect(harness.supervisor.ups).toBe(2);
    expect(calls.map(({ client }) => client)).toEqual([harness.client, harness.client]);
    expect(calls[0]?.signal).not.toBe(calls[1]?.signal);
  });

  it('need not be asynchronous', async () => {
    const harness = new SupervisorHarness({ onUp: () => 7 });
    await harness.accept();
    expect(harness.supervisor.state).toBe('UP');
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no such event');
      },
    ],
    ['rejects', rejecting(new Error('no such event'))],
  ])('that %s ends the session, and is not called again', async (_, onUp) => {
    const harness = new SupervisorHarness({ onUp });
    const up = rejection(harness.supervisor.up());
    await harness.accept();
    expect(harness.supervisor.state).toBe('FAILING');
    await harness.fulfil('close');
    expect(harness.states).toEqual(['FAILING', 'GIVEN_UP']);
    const error = await up;
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toHaveProperty('message', 'The callback onUp threw: no such event');
    expect(harness.client.outcome?.cause).toBe(error);
    expect(harness.supervisor.ups).toBe(0);
  });

  it('that rejects with an error of the library is called again in the next session', async () => {
    const error = new ClosedError('gone');
    const harness = new SupervisorHarness({ backoff: withoutJitter, onUp: rejecting(error) });
    await harness.accept();
    await harness.fulfil('close');
    expect(harness.supervisor.state).toBe('WAITING');
    expect(harness.supervisor.failures.at(-1)).toMatchObject({ session: 1, cause: error });
  });

  it('that never settles fails the session at its deadline', async () => {
    const { harness, calls } = withGatedOnUp();
    await harness.accept();
    await harness.advance(29_999);
    expect(calls[0]?.signal.aborted).toBe(false);
    await harness.advance(1);
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(harness.supervisor.state).toBe('FAILING');
    await harness.fulfil('close');
    expect(harness.states).toEqual(['FAILING', 'WAITING']);
    const cause = harness.supervisor.failures[0]?.cause;
    expect(cause).toBeInstanceOf(TimeoutError);
    expect(cause).toMatchObject({
      ms: 30_000,
      message: 'The callback onUp took longer than 30000 ms',
    });
  });

  it('that misses its deadline twice causes two different errors', async () => {
    const { harness } = withGatedOnUp({ timeouts: { up: 5 } });
    for (const wait of [100, 200]) {
      await harness.accept();
      await harness.advance(5);
      await harness.fulfil('close');
      await harness.advance(wait);
    }
    const [outage, ...others] = harness.supervisor.failures;
    expect(others).toEqual([]);
    expect(outage?.count).toBe(2);
    expect(outage?.first).not.toBe(outage?.cause);
    expect(outage?.first.message).toBe(outage?.cause.message);
  });

  it('may take any time when its deadline is Infinity', async () => {
    const { harness, done } = withGatedOnUp({ timeouts: { up: Infinity } });
    await harness.accept();
    await harness.advance(2 ** 31);
    expect(harness.supervisor.state).toBe('CONNECTING');
    done.open();
    await turn();
    expect(harness.supervisor.state).toBe('UP');
  });

  it.each(['resolves', 'rejects'])(
    'has its signal aborted when the session breaks, and changes nothing when it %s later',
    async (how) => {
      const { harness, done, calls } = withGatedOnUp();
      await harness.accept();
      await harness.breakSession();
      expect(calls[0]?.signal.aborted).toBe(true);
      expect(harness.supervisor.state).toBe('FAILING');
      if (how === 'resolves') done.open();
      else done.fail(new Error('there was no session'));
      await turn();
      expect(harness.supervisor.state).toBe('FAILING');
      await harness.fulfil('close');
      expect(harness.states).toEqual(['FAILING', 'WAITING']);
      expect(harness.failureTexts).toEqual(['1: The stream failed: connect ECONNRESET']);
      expect(harness.client.outcome?.suppressed).toEqual([]);
    },
  );

  it('has its signal aborted by stop()', async () => {
    const { harness, done, calls } = withGatedOnUp();
    await harness.accept();
    const stopped = harness.supervisor.stop({ force: true });
    expect(calls[0]?.signal.aborted).toBe(true);
    done.open();
    await harness.fulfil('destroy');
    await stopped;
    expect(harness.states).toEqual(['STOPPING', 'STOPPED']);
    expect(harness.failureTexts).toEqual([]);
  });

  it('may stop the supervisor itself', async () => {
    const harness: SupervisorHarness = new SupervisorHarness({
      onUp: async () => {
        await harness.supervisor.stop({ force: true });
      },
    });
    await harness.accept();
    await harness.fulfil('destroy');
    expect(harness.states).toEqual(['STOPPING', 'STOPPED']);
  });

  it('may disconnect the client, which stops the supervisor', async () => {
    const harness = new SupervisorHarness({ onUp: (client) => client.disconnect({ force: true }) });
    await harness.accept();
    await harness.fulfil('destroy');
    expect(harness.states).toEqual(['STOPPING', 'STOPPED']);
    expect(harness.failureTexts).toEqual([]);
  });
});
