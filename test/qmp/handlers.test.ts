/** on(), once() and off(): event handlers that outlast sessions. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf, scripted, session } from '../support/qmp.ts';
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

  it('calls listeners in the order of their registration, as often as they were added', async () => {
    const { client, monitor } = await session();
    const received: number[] = [];
    const one = () => received.push(1);
    client
      .on('STOP', one)
      .on('STOP', () => received.push(2))
      .on('STOP', one);
    monitor.send(eventOf('STOP'));
    await turn();
    expect(received).toEqual([1, 2, 1]);
    await client.disconnect();
  });

  it('of a permanent listener is not undone by once() with the same function', async () => {
    const { client, monitor } = await session();
    const received: string[] = [];
    const listener = ({ event }: { event: string }) => received.push(event);
    client.on('STOP', listener).once('STOP', listener);
    monitor.send(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(received).toHaveLength(3);
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

  it('off() removes the registration that was added last, one at a time', async () => {
    const { client, monitor } = await session();
    const received: number[] = [];
    const one = () => received.push(1);
    client
      .on('STOP', one)
      .on('STOP', () => received.push(2))
      .on('STOP', one)
      .off('STOP', one);
    monitor.send(eventOf('STOP'));
    await turn();
    expect(received).toEqual([1, 2]);
    client.off('STOP', one);
    monitor.send(eventOf('STOP'));
    await turn();
    expect(received).toEqual([1, 2, 2]);
    await client.disconnect();
  });

  it('take effect with the next event, when a listener calls them', async () => {
    const { client, monitor } = await session();
    const received: string[] = [];
    const last = () => received.push('last');
    client.on('STOP', () => {
      received.push('first');
      client.off('STOP', last).once('STOP', () => received.push('added'));
    });
    client.on('STOP', last);
    monitor.send(eventOf('STOP'));
    await turn();
    expect(received).toEqual(['first', 'last']);
    monitor.send(eventOf('STOP'));
    await turn();
    expect(received).toEqual(['first', 'last', 'first', 'added']);
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
});
