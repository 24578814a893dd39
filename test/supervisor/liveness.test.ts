import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  ArgumentError,
  ClosedError,
  createSupervisorMachine,
  defineClient,
  type Liveness,
  lines,
  RefusedError,
  supervise,
  TimeoutError,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, rejection, turn } from '../support/signal.ts';
import { type Client, Machine, SupervisorHarness, withoutJitter } from './support.ts';

expectIdleAfterEach();

/** A value of a wrong type, which the compiler would reject. */
const wrong = (value: unknown): never => value as never;

/** A probe that each time does what the test says next. */
class Probe {
  readonly signals: AbortSignal[] = [];
  readonly clients: unknown[] = [];
  #next: () => unknown = () => undefined;

  readonly run = (client: Client, signal: AbortSignal): unknown => {
    this.clients.push(client);
    this.signals.push(signal);
    return this.#next();
  };

  next(action: () => unknown): void {
    this.#next = action;
  }
}

const start = async (
  liveness: Omit<Liveness<Client>, 'probe'> = {},
): Promise<{ harness: SupervisorHarness; probe: Probe }> => {
  const probe = new Probe();
  const harness = new SupervisorHarness({
    backoff: withoutJitter,
    liveness: { every: 1_000, within: 200, ...liveness, probe: probe.run },
  });
  await harness.accept();
  expect(harness.supervisor.state).toBe('UP');
  return { harness, probe };
};

describe('liveness', () => {
  it('calls the probe with the client after each rest, as long as the state is UP', async () => {
    const { harness, probe } = await start();
    await harness.advance(999);
    expect(probe.signals).toHaveLength(0);
    await harness.advance(1);
    await harness.advance(1_000);
    await harness.advance(1_000);
    expect(probe.clients).toEqual([harness.client, harness.client, harness.client]);
    await harness.loseSession();
    await harness.advance(50);
    expect([harness.supervisor.state, probe.signals.length]).toEqual(['WAITING', 3]);
    await harness.advance(50);
    await harness.accept();
    await harness.advance(1_000);
    expect([harness.supervisor.state, probe.signals.length]).toEqual(['UP', 4]);
  });

  it('does not call the probe again before the last has ended', async () => {
    const { harness, probe } = await start({ within: 5_000 });
    const answered = gate();
    probe.next(() => answered.opened);
    await harness.advance(1_000);
    await harness.advance(3_000);
    expect(probe.signals).toHaveLength(1);
    answered.open();
    await turn();
    await harness.advance(1_000);
    expect(probe.signals).toHaveLength(2);
    expect(harness.supervisor.state).toBe('UP');
  });

  it('fails the session with what the probe throws, and connects again', async () => {
    const { harness, probe } = await start();
    const error = new ClosedError('no heartbeat');
    probe.next(() => {
      throw error;
    });
    await harness.advance(1_000);
    expect(harness.supervisor.state).toBe('FAILING');
    expect(harness.supervisor.failures.at(-1)?.cause).toBe(error);
    await harness.fulfil('close');
    expect(harness.client.outcome?.cause).toBe(error);
    await harness.advance(100);
    probe.next(() => undefined);
    await harness.accept();
    await harness.advance(1_000);
    expect(harness.supervisor.state).toBe('UP');
    expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING', 'CONNECTING', 'UP']);
  });

  it('wraps anything else that the probe rejects with in a RefusedError', async () => {
    const { harness, probe } = await start();
    const reason = new Error('the database is read-only');
    probe.next(() => Promise.reject(reason));
    await harness.advance(1_000);
    const cause = harness.supervisor.failures.at(-1)?.cause;
    expect(cause).toBeInstanceOf(RefusedError);
    expect(cause).toMatchObject({ retryable: true, cause: reason });
    await harness.fulfil('close');
  });

  it('fails the session with a TimeoutError when the probe takes too long, and aborts its signal', async () => {
    const { harness, probe } = await start();
    const late = gate();
    probe.next(() => late.opened);
    await harness.advance(1_000);
    await harness.advance(199);
    expect([harness.supervisor.state, probe.signals[0]?.aborted]).toEqual(['UP', false]);
    await harness.advance(1);
    expect([harness.supervisor.state, probe.signals[0]?.aborted]).toEqual(['FAILING', true]);
    const cause = harness.supervisor.failures.at(-1)?.cause;
    expect(cause).toBeInstanceOf(TimeoutError);
    expect(cause).toMatchObject({ phase: 'probe', ms: 200, retryable: true });
    expect(cause?.message).toContain('liveness.within');
    late.fail(new Error('too late'));
    await harness.fulfil('close');
  });

  it('gives up when the failure of the probe is final', async () => {
    const { harness, probe } = await start();
    probe.next(() => Promise.reject(new RefusedError('banned', { retryable: false })));
    await harness.advance(1_000);
    await harness.fulfil('close');
    expect(harness.supervisor.state).toBe('GIVEN_UP');
    expect(await rejection(harness.supervisor.up())).toMatchObject({ message: 'banned' });
  });

  it('aborts the probe when the session ends, or the supervisor is stopped', async () => {
    const { harness, probe } = await start();
    probe.next(() => gate().opened);
    await harness.advance(1_000);
    await harness.loseSession();
    expect(probe.signals[0]?.aborted).toBe(true);
    await harness.advance(100);
    await harness.accept();
    await harness.advance(1_000);
    const stopped = harness.supervisor.stop();
    expect(probe.signals[1]?.aborted).toBe(true);
    await harness.fulfil('flush', 'close');
    await stopped;
  });

  it('works in a machine of another statechart, where the actor `liveness` shows it', async () => {
    const probe = new Probe();
    const machine = new Machine({ liveness: { every: 1_000, within: 200, probe: probe.run } });
    await machine.accept();
    const { liveness } = machine.actor.getSnapshot().children;
    expect(liveness?.getSnapshot()).toMatchObject({ value: 'resting' });
    probe.next(() => gate().opened);
    await machine.advance(1_000);
    expect(liveness?.getSnapshot()).toMatchObject({ value: 'probing' });
    await machine.advance(200);
    expect(machine.state).toBe('FAILING');
    expect(machine.context.cause).toMatchObject({ phase: 'probe' });
    expect(machine.actor.getPersistedSnapshot()).toMatchObject({ children: {} });
    await machine.fulfil('close');
  });

  it('is no part of a supervisor without the option', async () => {
    const machine = new Machine();
    await machine.accept();
    expect(Object.keys(machine.actor.getSnapshot().children)).toEqual(['connection']);
  });
});

describe('an invalid liveness', () => {
  class Plain extends defineClient<string>(() => lines()) {}

  it.each<[string, unknown]>([
    ['liveness has no option', { often: 1 }],
    ['liveness.every must be a number above 0', { every: 0 }],
    ['liveness.within must be a number above 0', { within: '1' }],
    ['liveness.within must be at most', { within: Infinity }],
    ['probe of liveness must be a function', { probe: true }],
    ['must be an object', true],
    ['liveness needs a probe', {}],
  ])('says: %s', (message, liveness) => {
    for (const create of [
      () => supervise({ codec: lines() }, '/run/x', { liveness: wrong(liveness) }),
      () => createSupervisorMachine({ codec: lines() }, { liveness: wrong(liveness) }),
      () => supervise(Plain, '/run/x', { liveness: wrong(liveness) }),
    ]) {
      expect(create).toThrow(ArgumentError);
      expect(create).toThrow(message);
    }
  });

  it('is not one without a probe for a class of clients that has one', () => {
    const machine = createSupervisorMachine(QmpClient, { liveness: {} });
    expect(() => createActor(machine, { input: { address: '/run/x' } })).not.toThrow();
  });
});
