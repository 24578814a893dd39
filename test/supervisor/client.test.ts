/** The program may itself connect and disconnect the client of a supervisor. */

import { describe, expect, it } from 'vitest';
import { ConnectError, StateError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { SupervisorHarness, withoutJitter, systemError } from './support.ts';

expectIdleAfterEach();

const inWaiting = async (options = {}): Promise<SupervisorHarness> => {
  const harness = new SupervisorHarness({ backoff: withoutJitter, ...options });
  await harness.refuse();
  expect(harness.supervisor.state).toBe('WAITING');
  return harness;
};

describe('disconnect() of the client', () => {
  it('in a session stops the supervisor', async () => {
    const harness = new SupervisorHarness();
    await harness.accept();
    const disconnected = harness.client.disconnect();
    expect(harness.supervisor.state).toBe('STOPPING');
    await harness.fulfil('flush', 'close');
    await disconnected;
    expect(harness.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
    expect(harness.failureTexts).toEqual([]);
    expect(await rejection(harness.supervisor.up())).toMatchObject({
      code: 'ERR_CLOSED',
      expected: true,
    });
  });

  it('that cannot flush rejects, and stops the supervisor all the same', async () => {
    const harness = new SupervisorHarness();
    await harness.accept();
    const disconnected = rejection(harness.client.disconnect());
    await harness.advance(400);
    await harness.fulfil('destroy');
    expect(await disconnected).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'flush' });
    expect(harness.supervisor.state).toBe('STOPPED');
  });

  it('in an attempt stops the supervisor', async () => {
    const harness = new SupervisorHarness();
    await turn();
    const disconnected = harness.client.disconnect();
    await harness.fulfil('destroy');
    await disconnected;
    expect(harness.states).toEqual(['STOPPED']);
    expect(harness.failureTexts).toEqual([]);
  });

  it('between two attempts ends nothing, and rejects with a failure that no call has reported yet', async () => {
    const harness = new SupervisorHarness({ backoff: withoutJitter });
    await harness.accept();
    await harness.loseSession();
    expect(harness.supervisor.state).toBe('WAITING');
    expect(await rejection(harness.client.disconnect())).toBe(
      harness.supervisor.failures[0]?.cause,
    );
    await harness.client.disconnect();
    expect(harness.supervisor.state).toBe('WAITING');
  });
});

it('the end of a session after expectEnd() stops the supervisor', async () => {
  const harness = new SupervisorHarness();
  await harness.accept();
  harness.client.expectEnd();
  await harness.fulfil('read');
  expect(harness.supervisor.state).toBe('STOPPING');
  await harness.fulfil('flush', 'close');
  expect(harness.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
});

it('fail() of the client ends the session, and another one follows', async () => {
  const harness = new SupervisorHarness({ backoff: withoutJitter });
  await harness.accept();
  harness.client.fail(new Error('no heartbeat'));
  await harness.fulfil('close');
  expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING']);
  expect(harness.failureTexts).toEqual(['1: no heartbeat']);
});

describe('connect() of the client', () => {
  it('is refused while the supervisor connects, and in a session', async () => {
    const harness = new SupervisorHarness();
    await turn();
    expect(await rejection(harness.client.connect('/run/x'))).toBeInstanceOf(StateError);
    await harness.accept();
    expect(await rejection(harness.client.connect('/run/x'))).toBeInstanceOf(StateError);
    expect(harness.supervisor.state).toBe('UP');
  });

  it('in WAITING is the next attempt', async () => {
    const harness = await inWaiting();
    const connected = harness.client.connect('/run/x');
    expect(harness.supervisor.state).toBe('CONNECTING');
    expect(harness.clock.timers).toBe(1); // `connect`; the wait is over
    await harness.accept();
    await connected;
    expect(harness.supervisor.state).toBe('UP');
    await harness.loseSession();
    expect(harness.supervisor.state).toBe('WAITING');
    await harness.advance(199);
    expect(harness.supervisor.state).toBe('WAITING');
    await harness.advance(1);
    expect(harness.states).toEqual([
      'WAITING',
      'CONNECTING',
      'UP',
      'FAILING',
      'WAITING',
      'CONNECTING',
    ]);
  });

  it('in WAITING counts as an attempt when it fails', async () => {
    const harness = await inWaiting({ attempts: 2 });
    const connected = rejection(harness.client.connect('/run/x'));
    await harness.refuse(systemError('ENOENT'));
    const error = await connected;
    expect(error).toBeInstanceOf(ConnectError);
    expect(harness.supervisor.state).toBe('GIVEN_UP');
    expect(harness.supervisor.failures.at(-1)).toMatchObject({ session: 2, cause: error });
  });

  it('in WAITING is followed by onUp, as any attempt', async () => {
    const done = gate();
    const harness = await inWaiting({ onUp: () => done.opened });
    const connected = harness.client.connect('/run/x');
    await harness.accept();
    await connected;
    expect(harness.supervisor.state).toBe('CONNECTING');
    done.open();
    await turn();
    expect(harness.supervisor.state).toBe('UP');
  });

  it('that is aborted stops the supervisor, as disconnect() does', async () => {
    const harness = await inWaiting();
    const controller = new AbortController();
    const connected = rejection(harness.client.connect('/run/x', { signal: controller.signal }));
    await turn();
    controller.abort(new Error('no longer wanted'));
    await harness.fulfil('destroy');
    await connected;
    expect(harness.supervisor.state).toBe('STOPPED');
  });

  it('while the address function is pending is the attempt; the result of the function is ignored', async () => {
    const found = gate();
    const harness = new SupervisorHarness({}, () => found.opened.then(() => '/run/x'));
    const connected = harness.client.connect('/run/elsewhere');
    await harness.accept();
    await connected;
    expect(harness.supervisor.state).toBe('UP');
    found.open();
    await turn();
    expect(harness.link.calls.filter(({ method }) => method === 'dial')).toHaveLength(1);
    expect(harness.clock.timers).toBe(1); // `stable`
  });
});

describe.each(['STOPPED', 'GIVEN_UP'] as const)('in %s', (state) => {
  const inState = async (): Promise<SupervisorHarness> => {
    const harness = new SupervisorHarness({
      backoff: withoutJitter,
      attempts: state === 'GIVEN_UP' ? 1 : Infinity,
    });
    await harness.refuse();
    if (state === 'STOPPED') await harness.supervisor.stop();
    expect(harness.supervisor.state).toBe(state);
    return harness;
  };

  it("a session of the program does not change the supervisor's state", async () => {
    const harness = await inState();
    const connected = harness.client.connect('/run/x');
    await harness.accept();
    await connected;
    expect(harness.supervisor.state).toBe(state);
    await rejection(harness.supervisor.up());
    await harness.loseSession();
    await harness.advance(100_000);
    expect(harness.supervisor.state).toBe(state);
    expect(harness.client.runstate).toBe('IDLE');
  });

  it('stop() ends it', async () => {
    const harness = await inState();
    const connected = harness.client.connect('/run/x');
    await harness.accept();
    await connected;
    const stopped = harness.supervisor.stop();
    expect(harness.supervisor.state).toBe('STOPPING');
    expect(await hasSettled(stopped)).toBe(false);
    await harness.fulfil('flush', 'close');
    await stopped;
    expect([harness.supervisor.state, harness.client.runstate]).toEqual(['STOPPED', 'IDLE']);
  });

  it('start() takes it over, through CONNECTING', async () => {
    const harness = await inState();
    const connected = harness.client.connect('/run/x');
    await harness.accept();
    await connected;
    harness.supervisor.start();
    expect(await harness.supervisor.up()).toBe(harness.client);
    await turn();
    expect(harness.states.slice(-3)).toEqual([state, 'CONNECTING', 'UP']);
    await harness.loseSession();
    expect(harness.supervisor.state).toBe(state === 'STOPPED' ? 'WAITING' : 'GIVEN_UP');
  });

  it('start() takes over a pending attempt', async () => {
    const harness = await inState();
    const connected = harness.client.connect('/run/x');
    harness.supervisor.start();
    await harness.accept();
    await connected;
    expect(harness.supervisor.state).toBe('UP');
    expect(harness.link.calls.filter(({ method }) => method === 'dial')).toHaveLength(2);
  });
});
