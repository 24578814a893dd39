/** The client of a supervisor is the user's: he connects and disconnects it as he likes. */

import { describe, expect, it } from 'vitest';
import { ConnectError, StateError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { Kept, steady, systemError } from './support.ts';

expectIdleAfterEach();

const waiting = async (options = {}): Promise<Kept> => {
  const kept = new Kept({ backoff: steady, ...options });
  await kept.refuse();
  expect(kept.vm.state).toBe('WAITING');
  return kept;
};

describe('disconnect() of the client', () => {
  it('in a session stops the supervisor', async () => {
    const kept = new Kept();
    await kept.accept();
    const disconnected = kept.client.disconnect();
    expect(kept.vm.state).toBe('STOPPING');
    await kept.fulfil('flush', 'close');
    await disconnected;
    expect(kept.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
    expect(kept.reasons).toEqual([]);
    expect(await rejection(kept.vm.up())).toMatchObject({ code: 'ERR_CLOSED', expected: true });
  });

  it('that cannot flush tells its caller, and stops the supervisor all the same', async () => {
    const kept = new Kept();
    await kept.accept();
    const disconnected = rejection(kept.client.disconnect());
    await kept.pass(400);
    await kept.fulfil('destroy');
    expect(await disconnected).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'flush' });
    expect(kept.vm.state).toBe('STOPPED');
  });

  it('in an attempt stops the supervisor', async () => {
    const kept = new Kept();
    await turn();
    const disconnected = kept.client.disconnect();
    await kept.fulfil('destroy');
    await disconnected;
    expect(kept.states).toEqual(['STOPPED']);
    expect(kept.reasons).toEqual([]);
  });

  it('between two attempts has nothing to end, and tells of the last failure, if nobody was told', async () => {
    const kept = new Kept({ backoff: steady });
    await kept.accept();
    await kept.die();
    expect(kept.vm.state).toBe('WAITING');
    expect(await rejection(kept.client.disconnect())).toBe(kept.vm.failures[0]?.cause);
    await kept.client.disconnect();
    expect(kept.vm.state).toBe('WAITING');
  });
});

it('an end that was announced stops the supervisor: the peer was told to leave', async () => {
  const kept = new Kept();
  await kept.accept();
  kept.client.expectEnd();
  await kept.fulfil('read');
  expect(kept.vm.state).toBe('STOPPING');
  await kept.fulfil('flush', 'close');
  expect(kept.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
});

it('fail() of the client ends the session as failed: what is unbearable would be so again', async () => {
  const kept = new Kept();
  await kept.accept();
  kept.client.fail('unbearable');
  await kept.fulfil('close');
  expect(kept.vm.state).toBe('GIVEN_UP');
});

describe('connect() of the client', () => {
  it('is refused while the supervisor connects, and in a session', async () => {
    const kept = new Kept();
    await turn();
    expect(await rejection(kept.client.connect('/run/x'))).toBeInstanceOf(StateError);
    await kept.accept();
    expect(await rejection(kept.client.connect('/run/x'))).toBeInstanceOf(StateError);
    expect(kept.vm.state).toBe('UP');
  });

  it('in WAITING is the next attempt, at once', async () => {
    const kept = await waiting();
    const connected = kept.client.connect('/run/x');
    expect(kept.vm.state).toBe('CONNECTING');
    expect(kept.clock.timers).toBe(1); // `connect`; the wait is over
    await kept.accept();
    await connected;
    expect(kept.vm.state).toBe('UP');
    await kept.die();
    expect(kept.vm.state).toBe('WAITING');
    await kept.pass(199);
    expect(kept.vm.state).toBe('WAITING');
    await kept.pass(1);
    expect(kept.states).toEqual([
      'WAITING',
      'CONNECTING',
      'UP',
      'FAILING',
      'WAITING',
      'CONNECTING',
    ]);
  });

  it('in WAITING counts as an attempt when it fails', async () => {
    const kept = await waiting({ attempts: 2 });
    const connected = rejection(kept.client.connect('/run/x'));
    await kept.refuse(systemError('ENOENT'));
    const error = await connected;
    expect(error).toBeInstanceOf(ConnectError);
    expect(kept.vm.state).toBe('GIVEN_UP');
    expect(kept.vm.failures.at(-1)).toEqual({ session: 2, cause: error });
  });

  it('in WAITING is synchronized by onUp, as any', async () => {
    const done = gate();
    const kept = await waiting({ onUp: () => done.opened });
    const connected = kept.client.connect('/run/x');
    await kept.accept();
    await connected;
    expect(kept.vm.state).toBe('CONNECTING');
    done.open();
    await turn();
    expect(kept.vm.state).toBe('UP');
  });

  it('that is given up stops the supervisor, as disconnect() does', async () => {
    const kept = await waiting();
    const aborter = new AbortController();
    const connected = rejection(kept.client.connect('/run/x', { signal: aborter.signal }));
    await turn();
    aborter.abort(new Error('no longer wanted'));
    await kept.fulfil('destroy');
    await connected;
    expect(kept.vm.state).toBe('STOPPED');
  });

  it('while the address is looked for is the attempt; the answer is not needed', async () => {
    const found = gate();
    const kept = new Kept({}, () => found.opened.then(() => '/run/x'));
    const connected = kept.client.connect('/run/elsewhere');
    await kept.accept();
    await connected;
    expect(kept.vm.state).toBe('UP');
    found.open();
    await turn();
    expect(kept.link.calls.filter(({ method }) => method === 'dial')).toHaveLength(1);
    expect(kept.clock.timers).toBe(1); // `stable`
  });
});

describe.each(['STOPPED', 'GIVEN_UP'] as const)('in %s', (state) => {
  const resting = async (): Promise<Kept> => {
    const kept = new Kept({ backoff: steady, attempts: state === 'GIVEN_UP' ? 1 : Infinity });
    await kept.refuse();
    if (state === 'STOPPED') await kept.vm.stop();
    expect(kept.vm.state).toBe(state);
    return kept;
  };

  it('a session of the user is none of the supervisor', async () => {
    const kept = await resting();
    const connected = kept.client.connect('/run/x');
    await kept.accept();
    await connected;
    expect(kept.vm.state).toBe(state);
    await rejection(kept.vm.up());
    await kept.die();
    await kept.pass(100_000);
    expect(kept.vm.state).toBe(state);
    expect(kept.client.runstate).toBe('IDLE');
  });

  it('stop() ends it', async () => {
    const kept = await resting();
    const connected = kept.client.connect('/run/x');
    await kept.accept();
    await connected;
    const stopped = kept.vm.stop();
    expect(kept.vm.state).toBe('STOPPING');
    expect(await hasSettled(stopped)).toBe(false);
    await kept.fulfil('flush', 'close');
    await stopped;
    expect([kept.vm.state, kept.client.runstate]).toEqual(['STOPPED', 'IDLE']);
  });

  it('start() takes it over, by way of CONNECTING', async () => {
    const kept = await resting();
    const connected = kept.client.connect('/run/x');
    await kept.accept();
    await connected;
    kept.vm.start();
    expect(await kept.vm.up()).toBe(kept.client);
    await turn();
    expect(kept.states.slice(-3)).toEqual([state, 'CONNECTING', 'UP']);
    await kept.die();
    expect(kept.vm.state).toBe(state === 'STOPPED' ? 'WAITING' : 'GIVEN_UP');
  });

  it('start() takes over an attempt under way', async () => {
    const kept = await resting();
    const connected = kept.client.connect('/run/x');
    kept.vm.start();
    await kept.accept();
    await connected;
    expect(kept.vm.state).toBe('UP');
    expect(kept.link.calls.filter(({ method }) => method === 'dial')).toHaveLength(2);
  });
});
