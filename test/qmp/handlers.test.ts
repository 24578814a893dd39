/** on(), once() and off(): functions that hear of events, session after session. */

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
  it('calls the function for each event of that name, typed, in session after session', async () => {
    const client = createClient();
    const heard: string[] = [];
    expect(client.on('RESET', ({ data }) => heard.push(data.reason))).toBe(client);
    for (let round = 0; round < 3; round += 1) {
      const { monitor } = await session(undefined, client);
      monitor.say(RESET, eventOf('STOP'), RESET);
      await turn();
      await client.disconnect();
    }
    expect(heard).toHaveLength(6);
    expect(heard[0]).toBe('guest-reset');
  });

  it('calls several functions in the order of their registration, each once', async () => {
    const { client, monitor } = await session();
    const heard: number[] = [];
    const one = () => heard.push(1);
    client
      .on('STOP', one)
      .on('STOP', () => heard.push(2))
      .on('STOP', one);
    monitor.say(eventOf('STOP'));
    await turn();
    expect(heard).toEqual([1, 2]);
    await client.disconnect();
  });

  it('takes names that nobody has typed', async () => {
    const { client, monitor } = await session();
    const heard: unknown[] = [];
    client.on('__proto__', ({ data }) => heard.push(data));
    monitor.say(eventOf('__proto__', { a: 1 }), eventOf('constructor'), eventOf('toString'));
    await turn();
    expect(heard).toEqual([{ a: 1 }]);
    await client.disconnect();
  });
});

describe('off() and once()', () => {
  it('off() ends on() and once(), and does nothing for a stranger', async () => {
    const { client, monitor } = await session();
    const heard: string[] = [];
    const hear = ({ event }: { event: string }) => heard.push(event);
    client.on('STOP', hear).once('RESUME', hear).on('RESET', hear);
    client
      .off('STOP', hear)
      .off('RESUME', hear)
      .off('RESET', () => undefined)
      .off('X', hear);
    monitor.say(eventOf('STOP'), eventOf('RESUME'), RESET);
    await turn();
    expect(heard).toEqual(['RESET']);
    await client.disconnect();
  });

  it('once() calls for the next event only, be it in the next session', async () => {
    const client = createClient();
    let heard = 0;
    client.once('STOP', () => (heard += 1));
    await (await session(undefined, client)).client.disconnect();
    const { monitor } = await session(undefined, client);
    monitor.say(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(heard).toBe(1);
    await client.disconnect();
  });

  it('may be called by a handler', async () => {
    const { client, monitor } = await session();
    const heard: string[] = [];
    const second = () => heard.push('second');
    client.on('STOP', function first() {
      heard.push('first');
      client.off('STOP', first).on('STOP', second);
    });
    monitor.say(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(heard).toEqual(['first', 'second']);
    await client.disconnect();
  });
});

describe('a handler that throws', () => {
  it('ends the session with a HandlerError; the others got the event', async () => {
    const { client, monitor } = await session();
    const boom = new Error('boom');
    const heard: string[] = [];
    const events = client.events();
    client.on('STOP', () => {
      throw boom;
    });
    client.on('STOP', () => heard.push('STOP'));
    monitor.say(eventOf('STOP'));
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(HandlerError);
    expect(cause).toHaveProperty('cause', boom);
    expect(cause?.message).toContain("on('STOP')");
    expect(heard).toEqual(['STOP']);
    expect(await events.next()).toMatchObject({ value: { event: 'STOP' } });
    expect(client.runstate).toBe('IDLE');
  });

  it('is the cause, and the one that throws after it is kept with it', async () => {
    const { client, monitor } = await session();
    const errors = [new Error('first'), new Error('second')];
    for (const error of errors) {
      client.on('STOP', () => {
        throw error;
      });
    }
    monitor.say(eventOf('STOP'));
    const { cause, suppressed } = await client.closed;
    expect(cause).toHaveProperty('cause', errors[0]);
    expect(suppressed.map((error) => error.cause)).toEqual([errors[1]]);
  });
});

describe('an asynchronous handler', () => {
  it('may execute commands: the reader does not wait for it', async () => {
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
    monitor.say(eventOf('STOP'));
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(HandlerError);
    expect(cause).toHaveProperty('cause', boom);
  });

  it('that rejects during the handshake is not lost', async () => {
    const client = createClient();
    const monitor = new ManualMonitor();
    client.on('STOP', () => Promise.reject(new Error('boom')));
    const attempt = Promise.allSettled([client.connect({ stream: monitor.stream })]);
    monitor.say(eventOf('STOP'));
    await turn();
    monitor.say(greetingOf());
    const negotiated = monitor.take().then((command) => {
      monitor.answer(command);
    });
    await Promise.race([attempt, negotiated]);
    const [connected] = await attempt;
    await turn();
    if (client.runstate === 'RUNNING') await client.disconnect();
    const { cause } = await client.closed;
    const told = connected.status === 'rejected' ? cause?.cause : cause;
    expect(told).toBeInstanceOf(HandlerError);
  });

  it('that outlives its session and then rejects does not end the next one', async () => {
    const { client, monitor } = await session();
    const late = gate();
    client.on('STOP', () => late.opened);
    monitor.say(eventOf('STOP'));
    await turn();
    await client.disconnect();
    await session(undefined, client);
    late.fail(new Error('of the last session'));
    await turn();
    const { runstate } = client;
    await client.disconnect({ force: true }).catch(() => undefined);
    expect(runstate).toBe('RUNNING');
    expect(client.outcome?.cause).toBeUndefined();
  });
});
