/** events(): the history of a listener, and clear(). */

import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, type ManualMonitor, session } from '../support/qmp.ts';
import { hasSettled, turn } from '../support/signal.ts';

expectIdleAfterEach();

const namesIn = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);

async function emit(monitor: ManualMonitor, ...names: readonly string[]): Promise<void> {
  monitor.send(...names.map((name) => eventOf(name)));
  await turn();
}

describe('history', () => {
  it('is empty by default', async () => {
    const { client, monitor } = await session();
    const events = client.events();
    await emit(monitor, 'STOP');
    expect(events.history).toEqual([]);
    await client.disconnect();
  });

  it('has the last events, read or not, and stays when the session has ended', async () => {
    const { client, monitor } = await session();
    const events = client.events(['STOP', 'RESUME', 'RESET'], { history: 3 });
    await emit(monitor, 'STOP', 'SUSPEND', 'RESUME');
    expect(namesIn(events.history)).toEqual(['STOP', 'RESUME']);
    await events.next();
    await emit(monitor, 'RESET', 'STOP');
    expect(namesIn(events.history)).toEqual(['RESUME', 'RESET', 'STOP']);
    await client.disconnect();
    expect(namesIn(events.history)).toEqual(['RESUME', 'RESET', 'STOP']);
    expect(events.history[0]).toEqual(eventOf('RESUME'));
  });

  it('has events that were dropped because the queue was full, and what a listener was waiting for', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { history: 5, limit: 1, overflow: 'drop-oldest' });
    const next = events.next();
    await emit(monitor, 'STOP', 'RESUME', 'RESET');
    expect(await next).toMatchObject({ value: { event: 'STOP' } });
    expect(events.dropped).toBe(1);
    expect(namesIn(events.history)).toEqual(['STOP', 'RESUME', 'RESET']);
    await client.disconnect();
  });

  it('is bounded by maxBytes', async () => {
    const { client, monitor } = await session();
    const options = { history: 100, maxBytes: 4096, overflow: 'drop-oldest' } as const;
    const events = client.events(undefined, options);
    const text = 'x'.repeat(500);
    monitor.send(...['a', 'b', 'c', 'd', 'e'].map((id) => eventOf('STOP', { id, text })));
    monitor.send(eventOf('RESET', { text: 'x'.repeat(5000) }));
    await turn();
    const ids = events.history.map(({ data }) => (data as { id?: string } | undefined)?.id);
    expect(ids.length).toBeLessThan(5);
    expect(ids).toEqual(['a', 'b', 'c', 'd', 'e'].slice(-ids.length));
    await client.disconnect();
  });

  it('cannot be changed by its reader', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { history: 2 });
    await emit(monitor, 'STOP');
    const history = events.history as unknown[];
    history.push('mine');
    expect(namesIn(events.history)).toEqual(['STOP']);
    await client.disconnect();
  });

  it.each([-1, NaN, '5'])('of %j is refused', async (history) => {
    const { client } = await session();
    const listen = () => client.events(undefined, { history: history as number });
    expect(listen).toThrow(ArgumentError);
    expect(listen).toThrow(/^history must be a number from 0 on, not /);
    await client.disconnect();
  });
});

describe('clear()', () => {
  it('returns the queued events in order; the iteration goes on with the next one', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { history: 10 });
    await emit(monitor, 'STOP', 'RESUME');
    expect(namesIn(events.clear())).toEqual(['STOP', 'RESUME']);
    expect(events.clear()).toEqual([]);
    const next = events.next();
    expect(await hasSettled(next)).toBe(false);
    await emit(monitor, 'RESET');
    expect(await next).toMatchObject({ done: false, value: { event: 'RESET' } });
    expect(namesIn(events.history)).toEqual(['STOP', 'RESUME', 'RESET']);
    expect(events.dropped).toBe(0);
    await client.disconnect();
    expect(events.clear()).toEqual([]);
  });

  it('makes room in a bounded queue', async () => {
    const { client, monitor } = await session();
    const events = client.events(undefined, { limit: 2 });
    for (let round = 0; round < 3; round += 1) {
      await emit(monitor, 'STOP', 'RESUME');
      expect(events.clear()).toHaveLength(2);
    }
    await client.disconnect();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});
