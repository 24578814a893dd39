/** What follows from a session that ends cleanly: on request, as announced, or because the peer shuts down. */

import { describe, expect, it } from 'vitest';
import { ClosedError, type SuperviseOptions } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { rejection, turn } from '../support/signal.ts';
import { type Client, Machine, SupervisorHarness, systemError, withoutJitter } from './support.ts';

expectIdleAfterEach();

const SHUTDOWN = { guest: true, reason: 'guest-shutdown' };

const createHarness = async (options: SuperviseOptions<Client> = {}) => {
  const harness = new SupervisorHarness({ backoff: withoutJitter, ...options });
  await harness.accept();
  return harness;
};

type End = (harness: SupervisorHarness) => Promise<void>;

const shutsDown: End = async (harness) => {
  harness.client.expectEnd(SHUTDOWN);
  await harness.fulfil('read', 'flush', 'close');
};
const shutsDownRoughly: End = async (harness) => {
  harness.client.expectEnd(SHUTDOWN);
  harness.client.fail(new Error('no message in time'));
  await harness.fulfil('close');
};
const isReset: End = async (harness) => {
  harness.client.expectEnd(SHUTDOWN);
  await harness.breakSession(new ClosedError('reset', { cause: systemError('ECONNRESET') }));
  await harness.fulfil('close');
};
const ends: End = async (harness) => {
  harness.client.expectEnd();
  await harness.fulfil('read', 'flush', 'close');
};
const disconnects: End = async (harness) => {
  const disconnected = harness.client.disconnect();
  await harness.fulfil('flush', 'close');
  await disconnected;
};

const CLEAN: readonly (readonly [string, End])[] = [
  ['the peer shuts down', shutsDown],
  ['the peer shuts down, and the session fails meanwhile', shutsDownRoughly],
  ['the peer shuts down, and its end is a reset', isReset],
  ['the peer ends as expected', ends],
  ['the program disconnects', disconnects],
];

describe('without the option `restart`', () => {
  it.each(CLEAN)('it stops when %s', async (_, end) => {
    const harness = await createHarness();
    await end(harness);
    expect(harness.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
    await harness.advance(1_000_000);
    expect(harness.states).toHaveLength(3);
    expect(harness.link.calls.filter(({ method }) => method === 'dial')).toHaveLength(1);
  });

  it('it restarts after a crash', async () => {
    const harness = await createHarness();
    await harness.loseSession();
    expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING']);
  });

  it('it restarts after a crash of a peer whose shutdown was called off', async () => {
    const harness = await createHarness();
    harness.client.expectEnd(SHUTDOWN);
    harness.client.expectEnd(false);
    await harness.loseSession();
    expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING']);
    expect(harness.supervisor.shutdown).toBeUndefined();
  });

  it('a shutdown while onUp prepares the session stops it, too', async () => {
    const harness = new SupervisorHarness({ onUp: () => new Promise(() => undefined) });
    await harness.accept();
    await shutsDown(harness);
    expect(harness.states).toEqual(['STOPPING', 'STOPPED']);
    expect(harness.supervisor.shutdown).toEqual(SHUTDOWN);
  });
});

describe('a supervisor that has stopped', () => {
  it('because of a shutdown says so: shutdown, up(), and the events of its machine', async () => {
    const harness = await createHarness();
    const states: unknown[] = [];
    harness.client.expectEnd(SHUTDOWN);
    await harness.fulfil('read');
    states.push([harness.supervisor.state, harness.supervisor.shutdown]);
    await harness.fulfil('flush', 'close');
    states.push([harness.supervisor.state, harness.supervisor.shutdown]);
    expect(states).toEqual([
      ['STOPPING', SHUTDOWN],
      ['STOPPED', SHUTDOWN],
    ]);
    expect(await rejection(harness.supervisor.up())).toMatchObject({
      code: 'ERR_CLOSED',
      expected: true,
      message: 'The supervisor has stopped, because the peer has shut down (guest-shutdown)',
    });
    expect(harness.supervisor.failures).toEqual([]);
  });

  it('because of a shutdown logs that', async () => {
    const { logger, records } = recordingLogger();
    const harness = await createHarness({ logger });
    await shutsDown(harness);
    expect(records.filter((record) => record.startsWith('info'))).toEqual([
      'info STOPPING: the peer has shut down (guest-shutdown)',
      'info STOPPED: the peer has shut down (guest-shutdown)',
    ]);
  });

  it('emits the shutdown', async () => {
    const machine = new Machine();
    await machine.accept();
    const { connection } = machine.actor.getSnapshot().children;
    connection?.send({ type: 'EXPECT_END', shutdown: SHUTDOWN });
    await machine.fulfil('read', 'flush', 'close');
    expect(machine.emitted.slice(-2)).toEqual([
      { type: 'stopping', shutdown: SHUTDOWN },
      { type: 'stopped', shutdown: SHUTDOWN },
    ]);
  });

  it('for another reason has no shutdown, and none is left after start()', async () => {
    const harness = await createHarness();
    await shutsDown(harness);
    harness.supervisor.start();
    expect(harness.supervisor.shutdown).toBeUndefined();
    await harness.accept();
    await disconnects(harness);
    expect([harness.supervisor.state, harness.supervisor.shutdown]).toEqual(['STOPPED', undefined]);
    expect(await rejection(harness.supervisor.up())).toHaveProperty(
      'message',
      'The supervisor was stopped',
    );
  });

  it('by stop() while the peer shuts down has the shutdown, too', async () => {
    const harness = await createHarness();
    harness.client.expectEnd(SHUTDOWN);
    const stopped = harness.supervisor.stop();
    await harness.fulfil('flush', 'close');
    await stopped;
    expect(harness.supervisor.shutdown).toEqual(SHUTDOWN);
  });
});

describe("with `restart: 'always'`", () => {
  it.each(CLEAN)('it connects again when %s', async (_, end) => {
    const harness = await createHarness({ restart: 'always' });
    await end(harness);
    expect(harness.states).toEqual(['UP', 'FAILING', 'WAITING']);
    await harness.advance(100);
    await harness.accept();
    expect(harness.states.slice(-2)).toEqual(['CONNECTING', 'UP']);
  });

  it.each([
    [
      'a shutdown',
      shutsDown,
      'The session has ended because the peer has shut down (guest-shutdown)',
    ],
    ['an end that was expected', ends, 'The session has ended on request'],
  ])('%s is an outage that says so', async (_, end, message) => {
    const harness = await createHarness({ restart: 'always' });
    await end(harness);
    expect(harness.supervisor.failures).toMatchObject([
      { count: 1, cause: { code: 'ERR_CLOSED', expected: true, message } },
    ]);
  });

  it('it connects again when the program has given up an attempt', async () => {
    const harness = new SupervisorHarness({ backoff: withoutJitter, restart: 'always' });
    await turn();
    const disconnected = harness.client.disconnect();
    await harness.fulfil('destroy');
    await disconnected;
    expect(harness.states).toEqual(['WAITING']);
  });

  it.each<[string, (harness: SupervisorHarness) => Promise<unknown>]>([
    ['in a session', (harness) => harness.fulfil('flush', 'close')],
    ['while the peer shuts down', (harness) => harness.fulfil('flush', 'close')],
  ])('stop() stops it %s', async (where, settle) => {
    const harness = await createHarness({ restart: 'always' });
    if (where !== 'in a session') harness.client.expectEnd(SHUTDOWN);
    const stopped = harness.supervisor.stop();
    await settle(harness);
    await stopped;
    expect(harness.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
  });

  it('the limit of attempts and `retry` hold', async () => {
    const limited = await createHarness({ restart: 'always', attempts: 1 });
    await shutsDown(limited);
    expect(limited.states).toEqual(['UP', 'FAILING', 'GIVEN_UP']);
    const causes: unknown[] = [];
    const vetoed = await createHarness({
      restart: 'always',
      retry: (cause) => {
        causes.push(cause);
        return false;
      },
    });
    await shutsDown(vetoed);
    expect(vetoed.states).toEqual(['UP', 'FAILING', 'GIVEN_UP']);
    expect(causes).toMatchObject([{ code: 'ERR_CLOSED', expected: true }]);
  });

  it('a failure after the session has ended on request is its cause', async () => {
    const harness = await createHarness({ restart: 'always' });
    const disconnected = rejection(harness.client.disconnect());
    expect(harness.supervisor.state).toBe('FAILING');
    await harness.fail('flush', systemError('EPIPE'));
    await harness.fulfil('close');
    await disconnected;
    expect(harness.supervisor.failures).toMatchObject([{ count: 1 }]);
    expect(harness.supervisor.failures[0]?.cause.message).toContain('EPIPE');
  });
});
