/** waitFor(): resolves with one event, or rejects. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ArgumentError, ClosedError, HandlerError, TimeoutError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf, session } from '../support/qmp.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const jobEvent = (status: string) => eventOf('JOB_STATUS_CHANGE', { id: 'job0', status });

describe('waitFor()', () => {
  it('resolves with the first event of that name, typed', async () => {
    const { client, monitor } = await session();
    const reset = client.waitFor('RESET');
    monitor.send(
      eventOf('STOP'),
      eventOf('RESET', { guest: false, reason: 'x' }),
      eventOf('RESET'),
    );
    const { data, timestamp } = await reset;
    expect(data.reason).toBe('x');
    expect(timestamp.microseconds).toBe(2);
    await client.disconnect();
  });

  it('resolves with the first event that the filter accepts', async () => {
    const { client, monitor } = await session();
    const seen: string[] = [];
    const concluded = client.waitFor('JOB_STATUS_CHANGE', ({ data }) => {
      seen.push(data.status);
      return data.status === 'concluded';
    });
    monitor.send(jobEvent('created'), eventOf('STOP'), jobEvent('concluded'));
    expect(await concluded).toEqual(jobEvent('concluded'));
    expect(seen).toEqual(['created', 'concluded']);
    await client.disconnect();
  });

  it('resolves with the first of several events, which its name tells apart', async () => {
    const { client, monitor } = await session();
    const either = client.waitFor(['RESET', 'STOP', 'SHUTDOWN'], ({ event }) => event !== 'STOP');
    monitor.send(eventOf('RESUME'), eventOf('STOP'), eventOf('SHUTDOWN', { reason: 'x' }));
    const event = await either;
    expect(event.event === 'SHUTDOWN' && event.data.reason).toBe('x');
    await client.disconnect();
  });

  it('can be called in IDLE, for the next session', async () => {
    const client = createClient();
    const stopped = client.waitFor('STOP');
    const { monitor } = await session(undefined, client);
    monitor.send(eventOf('STOP'));
    expect((await stopped).event).toBe('STOP');
    await client.disconnect();
  });

  it('rejects with a ClosedError when the session is disconnected before the event', async () => {
    const { client } = await session();
    const rejected = rejection(client.waitFor('STOP'));
    await client.disconnect();
    expect(await rejected).toBeInstanceOf(ClosedError);
    expect(await rejected).toMatchObject({
      message: 'The session ended before the event STOP: The session was disconnected',
      expected: true,
    });
  });

  it('rejects with a ClosedError that has the cause when the session fails before the event', async () => {
    const { client, monitor } = await session();
    const rejected = rejection(client.waitFor(['STOP', 'RESET']));
    monitor.send('%$\r\n');
    const { cause } = await client.closed;
    expect(await rejected).toBeInstanceOf(ClosedError);
    expect(await rejected).toMatchObject({ expected: false, cause });
    expect(await rejected).toHaveProperty(
      'message',
      expect.stringMatching(
        /^The session ended before one of the events STOP, RESET: The bytes '%\$/,
      ),
    );
    await client.disconnect();
  });

  it('rejects with a TimeoutError that names the event when the deadline passes', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const rejected = rejection(client.waitFor('STOP', { timeout: 50 }));
    clock.increment(49);
    expect(await hasSettled(rejected)).toBe(false);
    clock.increment(1);
    expect(await rejected).toBeInstanceOf(TimeoutError);
    const message = 'No event STOP within 50 ms';
    expect(await rejected).toMatchObject({ phase: 'wait', ms: 50, message });
    monitor.send(eventOf('STOP'));
    await client.disconnect();
  });

  it.each<[string, string | string[], boolean]>([
    ['No event STOP that the filter accepts (it refused 2) within 50 ms', 'STOP', true],
    ['No event of STOP, RESET within 50 ms', ['STOP', 'RESET'], false],
  ])('rejects at its deadline with the text %j', async (message, names, hasFilter) => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const filter = hasFilter ? () => false : undefined;
    const rejected = rejection(client.waitFor(names, filter, { timeout: 50 }));
    monitor.send(...(hasFilter ? [eventOf('STOP'), eventOf('STOP'), eventOf('RESUME')] : []));
    await turn();
    clock.increment(50);
    expect(await rejected).toHaveProperty('message', message);
    await client.disconnect();
  });

  it('rejects with an ArgumentError for an invalid timeout', async () => {
    const { client } = await session();
    const rejected = rejection(client.waitFor('STOP', undefined, { timeout: NaN }));
    expect(await rejected).toBeInstanceOf(ArgumentError);
    await client.disconnect();
  });

  it('rejects with the reason of its signal, aborted before or during the wait', async () => {
    const { client } = await session();
    const controller = new AbortController();
    const { signal } = controller;
    const rejected = rejection(client.waitFor('STOP', undefined, { signal }));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await rejected).toBe(reason);
    expect(await rejection(client.waitFor('STOP', undefined, { signal }))).toBe(reason);
    await client.disconnect();
  });

  it('rejects with a HandlerError when its filter throws; the session goes on', async () => {
    const { client, monitor } = await session();
    const boom = new Error('boom');
    const rejected = rejection(
      client.waitFor('STOP', () => {
        throw boom;
      }),
    );
    monitor.send(eventOf('RESUME'), eventOf('STOP'), eventOf('STOP'));
    expect(await rejected).toBeInstanceOf(HandlerError);
    expect(await rejected).toHaveProperty('cause', boom);
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });
});
