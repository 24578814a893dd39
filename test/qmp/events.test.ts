/** events(): iterators with bounded queues, which end with the session. */

import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ArgumentError, HandlerError, LimitError, streamPair } from '../../src/index.ts';
import type { EventFilter, QmpEvent } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf, type ManualMonitor, namesOf, session } from '../support/qmp.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const NAMES = ['STOP', 'RESUME', 'RESET', 'STOP'];

/** Sends events of these names in one chunk, and waits until they were dispatched. */
async function emit(monitor: ManualMonitor, names: readonly string[] = NAMES): Promise<void> {
  monitor.send(...names.map((name, number) => eventOf(name, { number })));
  await turn();
}

/** Resolves with the names of all events until the iteration ends. */
async function all(events: AsyncIterable<{ readonly event: string }>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { event } of events) names.push(event);
  return names;
}

describe('events()', () => {
  it.each<[string, EventFilter | undefined, readonly string[]]>([
    ['no filter', undefined, NAMES],
    ['a name', 'STOP', ['STOP', 'STOP']],
    ['several names', ['RESET', 'RESUME'], ['RESUME', 'RESET']],
    ['no names', [], []],
    ['a function', ({ data }) => data?.['number'] === 3, ['STOP']],
  ])(
    'yields the events that %s accepts, in order, and ends with the session',
    async (_, filter, expected) => {
      const { client, monitor } = await session();
      // A filter of any kind.
      const events = client.events(filter as () => boolean);
      await emit(monitor);
      await client.disconnect();
      expect(await all(events)).toEqual(expected);
      expect(await events.next()).toEqual({ done: true, value: undefined });
      expect(events.dropped).toBe(0);
    },
  );

  it('yields whole events', async () => {
    const { client, monitor } = await session();
    const events = client.events();
    monitor.send(eventOf('STOP'), eventOf('RESET', { guest: true }));
    expect(await events.next()).toEqual({ done: false, value: eventOf('STOP') });
    expect(await events.next()).toEqual({ done: false, value: eventOf('RESET', { guest: true }) });
    await client.disconnect();
  });

  it('called in IDLE yields the events of the next session, from the first on', async () => {
    const client = createClient();
    const events = client.events();
    const { monitor } = await session(undefined, client);
    await emit(monitor, ['STOP']);
    await client.disconnect();
    expect(await all(events)).toEqual(['STOP']);
  });

  it('called right after a session yields the events of the next one', async () => {
    const { client } = await session();
    const byState = client.runstates();
    const left = client.disconnect();
    while ((await byState.next()).value !== 'IDLE');
    const early = client.events();
    await left;
    const late = client.events();
    const { monitor } = await session(undefined, client);
    await emit(monitor, ['STOP']);
    await client.disconnect();
    expect(await Promise.all([all(early), all(late)])).toEqual([['STOP'], ['STOP']]);
  });

  it('called in IDLE outlasts a failed attempt, wherever it fails', async () => {
    const client = createClient();
    const refused = client.events();
    await rejection(client.connect('/nowhere/qmp.sock'));
    const endedByRefusal = await hasSettled(refused.next());
    const greeted = client.events();
    const [stream, peer] = streamPair();
    peer.end('{"hello": 1}');
    await rejection(client.connect({ stream }));
    expect(await hasSettled(greeted.next())).toBe(endedByRefusal);
    await Promise.all([refused.return(), greeted.return()]);
  });

  it('yields the events before a failure, and then throws the cause once', async () => {
    const { client, monitor } = await session();
    const events = client.events();
    monitor.send(eventOf('STOP'), '%$\r\n');
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_CODEC' });
    expect(await namesOf(events, 1)).toEqual(['STOP']);
    expect(await rejection(events.next())).toBe(cause);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('rejects the longest pending next() with the cause, and ends the others', async () => {
    const { client, monitor } = await session();
    const events = client.events('STOP');
    const [first, second] = [rejection(events.next()), events.next()];
    monitor.peer.end();
    const { cause } = await client.closed;
    expect(await first).toBe(cause);
    expect(await second).toMatchObject({ done: true });
  });

  it.each(['while next() is pending', 'later'])(
    'that has thrown the cause %s leaves none for disconnect()',
    async (when) => {
      const { client, monitor } = await session();
      const events = client.events();
      const pending = when === 'later' ? undefined : rejection(events.next());
      monitor.peer.end();
      const { cause } = await client.closed;
      expect(await (pending ?? rejection(events.next()))).toBe(cause);
      await client.disconnect();
    },
  );

  it('leaves the cause for disconnect() while it has not been thrown', async () => {
    const { client, monitor } = await session();
    client.events();
    monitor.peer.end();
    const { cause } = await client.closed;
    expect(await rejection(client.disconnect())).toBe(cause);
  });

  it('resolves pending next() calls when the session ends', async () => {
    const { client } = await session();
    const events = client.events();
    const pending = Promise.all([events.next(), events.next(), all(events)]);
    await client.disconnect();
    expect(await pending).toMatchObject([{ done: true }, { done: true }, []]);
  });

  it('serves overlapping next() calls in order', async () => {
    const { client, monitor } = await session();
    const events = client.events();
    const pending = Promise.all([events.next(), events.next(), events.next()]);
    await emit(monitor, ['ONE', 'TWO', 'THREE']);
    const names = (await pending).map(
      ({ value }: { value?: { readonly event: string } }) => value?.event,
    );
    expect(names).toEqual(['ONE', 'TWO', 'THREE']);
    await client.disconnect();
  });

  it('yields every event to each listener', async () => {
    const { client, monitor } = await session();
    const [one, other] = [client.events(), client.events()];
    await emit(monitor);
    expect(await namesOf(one, 4)).toEqual(NAMES);
    expect(await namesOf(other, 4)).toEqual(NAMES);
    await client.disconnect();
  });
});

describe('the end of events()', () => {
  it('comes with return(), which discards queued events', async () => {
    const { client, monitor } = await session();
    const events = client.events();
    await emit(monitor);
    expect(await events.return()).toEqual({ done: true, value: undefined });
    await emit(monitor);
    expect(await all(events)).toEqual([]);
    await client.disconnect();
  });

  it('comes with return() for pending next() calls', async () => {
    const { client } = await session();
    const events = client.events();
    const pending = Promise.all([events.next(), events.next()]);
    await events.return();
    expect(await pending).toMatchObject([{ done: true }, { done: true }]);
    await client.disconnect();
  });

  it('comes with break, and with the end of an await using block', async () => {
    const { client, monitor } = await session();
    const events = client.events();
    const used = await (async () => {
      await using inner = client.events();
      return inner;
    })();
    await emit(monitor);
    for await (const { event } of events) {
      expect(event).toBe('STOP');
      break;
    }
    expect(await all(events)).toEqual([]);
    expect(await all(used)).toEqual([]);
    await client.disconnect();
  });

  it('comes with its signal, whose reason is thrown once', async () => {
    const { client, monitor } = await session();
    const controller = new AbortController();
    const events = client.events(undefined, { signal: controller.signal });
    const [first, second] = [rejection(events.next()), events.next()];
    const reason = { because: 'I say so' };
    controller.abort(reason);
    expect(await first).toBe(reason);
    expect(await second).toMatchObject({ done: true });
    await emit(monitor);
    expect(await events.next()).toMatchObject({ done: true });
    await client.disconnect();
  });

  it('comes with its signal without a pending next(), and when it was aborted before', async () => {
    const { client, monitor } = await session();
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const events = client.events(undefined, { signal: controller.signal });
    await emit(monitor);
    controller.abort('enough');
    const late = client.events(undefined, { signal: controller.signal });
    for (const listener of [events, late]) {
      expect(await rejection(listener.next())).toBe('enough');
      expect(await all(listener)).toEqual([]);
    }
    await client.disconnect();
  });

  it('comes with a filter that throws, for that listener alone', async () => {
    const { client, monitor } = await session();
    const boom = new Error('boom');
    const broken = client.events(({ event }) => {
      if (event === 'RESET') throw boom;
      return true;
    });
    const other = client.events();
    await emit(monitor);
    expect(await namesOf(broken, 2)).toEqual(['STOP', 'RESUME']);
    const error = await rejection(broken.next());
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toHaveProperty('cause', boom);
    expect(await broken.next()).toMatchObject({ done: true });
    expect(await namesOf(other, 4)).toEqual(NAMES);
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });
});

describe('the limit of events()', () => {
  it('ends the iteration with a LimitError after the queued events, by default', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { limit: 3 });
    await emit(monitor);
    expect(await namesOf(events, 3)).toEqual(NAMES.slice(0, 3));
    const error = await rejection(events.next());
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 3, actual: 4 });
    expect(await events.next()).toMatchObject({ done: true });
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });

  it.each([0, -1, NaN])('must be a number above 0, not %s', (limit) => {
    expect(() => createClient().events(undefined, { limit })).toThrow(ArgumentError);
  });

  it('is not reached while events are read', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { limit: 1 });
    for (let round = 0; round < 5; round += 1) {
      const next = events.next();
      await emit(monitor, ['ONE', 'TWO']);
      expect(await next).toMatchObject({ value: { event: 'ONE' } });
      expect(await events.next()).toMatchObject({ value: { event: 'TWO' } });
    }
    expect(await hasSettled(events.next())).toBe(false);
    await client.disconnect();
  });

  it('drops and counts the oldest events with drop-oldest', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { limit: 3, overflow: 'drop-oldest' });
    await emit(monitor);
    await emit(monitor);
    expect(events.dropped).toBe(5);
    expect(await namesOf(events, 3)).toEqual(NAMES.slice(1));
    await client.disconnect();
  });

  it('holds for 100 000 events that are not read', async () => {
    const { client, monitor } = await session();
    const limit = 1000;
    const events = client.events('STORM', { limit, overflow: 'drop-oldest' });
    const chunk = Array.from({ length: 1000 }, () => eventOf('STORM'));
    for (let round = 0; round < 100; round += 1) {
      monitor.send(...chunk);
      await turn();
    }
    const alive = client.execute('query-name');
    monitor.reply(await monitor.take());
    await alive;
    expect(events.dropped).toBe(99_000);
    await client.disconnect();
    expect(await all(events)).toHaveLength(limit);
  });

  it('accounts for every event once, read or dropped', async () => {
    const { client, monitor } = await session();
    const events = client.events('STORM', { limit: 7, overflow: 'drop-oldest' });
    const numbers: unknown[] = [];
    for (let number = 0; number < 3000; number += 10) {
      monitor.send(...Array.from({ length: 10 }, (_, at) => eventOf('STORM', { n: number + at })));
      await turn();
      const { value } = (await events.next()) as { value: QmpEvent };
      numbers.push(value.data?.['n']);
    }
    expect(numbers).toEqual(numbers.map((_, round) => round * 10 + 3));
    await client.disconnect();
    expect(numbers.length + events.dropped + (await all(events)).length).toBe(3000);
  });
});
