/** on(), once() and off(): event handlers that outlast sessions. */

import { describe, expect, it } from 'vitest';
import { HandlerError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import {
  createClient,
  eventOf,
  greetingOf,
  ManualMonitor,
  scripted,
  session,
} from '../support/qmp.ts';
import { gate, turn } from '../support/signal.ts';

expectIdleAfterEach();

const RESET = eventOf('RESET', { guest: true, reason: 'guest-reset' });

describe('on()', () => {
  it('calls the handler for each event of that name, typed, in every session', async () => {
    const client = createClient();
    const received: string[] = [];
    expect(client.on('RESET', ({ data }) => received.push(data.reason))).toBe(client);
    for (let round = 0; round < 3; round += 1) {
      const { monitor } = await session(undefined, client);
      monitor.send(RESET, eventOf('STOP'), RESET);
      await turn();
      await client.disconnect();
    }
    expect(received).toHaveLength(6);
    expect(received[0]).toBe('guest-reset');
  });

  it('calls several handlers in the order of their registration, each once', async () => {
    const { client, monitor } = await session();
    const received: number[] = [];
    const one = () => received.push(1);
    client
      .on('STOP', one)
      .on('STOP', () => received.push(2))
      .on('STOP', one);
    monitor.send(eventOf('STOP'));
    await turn();
    expect(received).toEqual([1, 2]);
    await client.disconnect();
  });

  it('accepts names that QmpEvents does not list', async () => {
    const { client, monitor } = await session();
    const received: unknown[] = [];
    client.on('__proto__', ({ data }) => received.push(data));
    monitor.send(eventOf('__proto__', { a: 1 }), eventOf('constructor'), eventOf('toString'));
    await turn();
    expect(received).toEqual([{ a: 1 }]);
    await client.disconnect();
  });
});

describe('off() and once()', () => {
  it('off() removes handlers of on() and once(), and ignores unknown ones', async () => {
    const { client, monitor } = await session();
    const received: string[] = [];
    const handler = ({ event }: { event: string }) => received.push(event);
    client.on('STOP', handler).once('RESUME', handler).on('RESET', handler);
    client
      .off('STOP', handler)
      .off('RESUME', handler)
      .off('RESET', () => undefined)
      .off('X', handler);
    monitor.send(eventOf('STOP'), eventOf('RESUME'), RESET);
    await turn();
    expect(received).toEqual(['RESET']);
    await client.disconnect();
  });

  it('once() calls the handler for the next event only, also in a later session', async () => {
    const client = createClient();
    let calls = 0;
    client.once('STOP', () => (calls += 1));
    await (await session(undefined, client)).client.disconnect();
    const { monitor } = await session(undefined, client);
    monitor.send(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(calls).toBe(1);
    await client.disconnect();
  });

  it('can be called by a handler', async () => {
    const { client, monitor } = await session();
    const received: string[] = [];
    const second = () => received.push('second');
    client.on('STOP', function first() {
      received.push('first');
      client.off('STOP', first).on('STOP', second);
    });
    monitor.send(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(received).toEqual(['first', 'second']);
    await client.disconnect();
  });
});

describe('a handler that throws', () => {
  it('ends the session with a HandlerError; the other listeners get the event', async () => {
    const { client, monitor } = await session();
    const boom = new Error('boom');
    const received: string[] = [];
    const events = client.events();
    client.on('STOP', () => {
      throw boom;
    });
    client.on('STOP', () => received.push('STOP'));
    monitor.send(eventOf('STOP'));
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(HandlerError);
    expect(cause).toHaveProperty('cause', boom);
    expect(cause?.message).toContain("on('STOP')");
    expect(received).toEqual(['STOP']);
    expect(await events.next()).toMatchObject({ value: { event: 'STOP' } });
    expect(client.runstate).toBe('IDLE');
  });

  it('is the cause; the error of a later handler is in suppressed', async () => {
    const { client, monitor } = await session();
    const errors = [new Error('first'), new Error('second')];
    for (const error of errors) {
      client.on('STOP', () => {
        throw error;
      });
    }
    monitor.send(eventOf('STOP'));
    const { cause, suppressed } = await client.closed;
    expect(cause).toHaveProperty('cause', errors[0]);
    expect(suppressed.map((error) => error.cause)).toEqual([errors[1]]);
  });
});

describe('an asynchronous handler', () => {
  it('can execute commands: the reader does not wait for it', async () => {
    const { client } = await scripted();
    const done = gate();
    client.on('RESUME', async () => {
      const { running } = await client.execute('query-status');
      expect(running).toBe(true);
      await client.execute('stop');
      done.open();
    });
    const stopped = client.waitFor('STOP');
    await client.execute('cont');
    await Promise.all([stopped, done.opened]);
    await client.disconnect();
  });

  it('that rejects ends the session with a HandlerError', async () => {
    const { client, monitor } = await session();
    const boom = new Error('boom');
    client.on('STOP', () => Promise.reject(boom));
    monitor.send(eventOf('STOP'));
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(HandlerError);
    expect(cause).toHaveProperty('cause', boom);
  });

  it('that rejects during the handshake is reported', async () => {
    const client = createClient();
    const monitor = new ManualMonitor();
    client.on('STOP', () => Promise.reject(new Error('boom')));
    const attempt = Promise.allSettled([client.connect({ stream: monitor.stream })]);
    monitor.send(eventOf('STOP'));
    await turn();
    monitor.send(greetingOf());
    const negotiated = monitor.take().then((command) => {
      monitor.reply(command);
    });
    await Promise.race([attempt, negotiated]);
    const [connected] = await attempt;
    await turn();
    if (client.runstate === 'RUNNING') await client.disconnect();
    const { cause } = await client.closed;
    const reported = connected.status === 'rejected' ? cause?.cause : cause;
    expect(reported).toBeInstanceOf(HandlerError);
  });

  it('that rejects after its session does not end the next session', async () => {
    const { client, monitor } = await session();
    const late = gate();
    client.on('STOP', () => late.opened);
    monitor.send(eventOf('STOP'));
    await turn();
    await client.disconnect();
    await session(undefined, client);
    late.fail(new Error('from the previous session'));
    await turn();
    const { runstate } = client;
    await client.disconnect({ force: true }).catch(() => undefined);
    expect(runstate).toBe('RUNNING');
    expect(client.outcome?.cause).toBeUndefined();
  });
});
