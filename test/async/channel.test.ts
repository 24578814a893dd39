/** Which consumer of a channel gets which value, and how a channel ends. */

import { describe, expect, it } from 'vitest';
import { Channel, type ChannelOptions } from '../../src/async/channel.ts';
import { turn } from '../support/signal.ts';

interface Item {
  readonly name: string;
}
const [a, b, c]: readonly [Item, Item, Item] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
const given = (value: Item) => ({ done: false, value });
const DONE = { done: true, value: undefined };
const channelOf = (options?: ChannelOptions<Item>) => new Channel<Item>(options);

describe('a channel', () => {
  it('delivers queued values in the order in which they were pushed', async () => {
    const channel = channelOf();
    for (const value of [a, b, c]) expect(channel.push(value)).toBe(true);
    expect(channel.size).toBe(3);
    expect([await channel.next(), await channel.next(), await channel.next()]).toEqual(
      [a, b, c].map(given),
    );
    expect(channel.size).toBe(0);
  });

  it('delivers each value to the consumer that has waited longest', async () => {
    const channel = channelOf();
    const waiting = [channel.next(), channel.next(), channel.next()];
    for (const value of [a, b, c]) channel.push(value);
    expect(await Promise.all(waiting)).toEqual([a, b, c].map(given));
    expect(channel.size).toBe(0);
  });

  it('calls onDelivered when a value is delivered, whether it was queued or not', async () => {
    const delivered: Item[] = [];
    const channel = channelOf({ onDelivered: (value) => delivered.push(value) });
    channel.push(a);
    expect(delivered).toEqual([]);
    await channel.next();
    expect(delivered).toEqual([a]);
    const next = channel.next();
    channel.push(b);
    expect(delivered).toEqual([a, b]);
    await next;
  });

  it('queues no more values than its limit, and accepts any that a consumer waits for', async () => {
    const channel = channelOf({ limit: 1 });
    expect([channel.push(a), channel.push(b)]).toEqual([true, false]);
    channel.drop();
    expect(channel.push(c)).toBe(true);
    expect(await channel.next()).toEqual(given(c));
    const waiting = [channel.next(), channel.next()];
    expect([channel.push(a), channel.push(b), channel.push(c)]).toEqual([true, true, true]);
    await Promise.all(waiting);
  });

  it('delivers a value that was withdrawn to no consumer', async () => {
    const delivered: Item[] = [];
    const channel = channelOf({ onDelivered: (value) => delivered.push(value) });
    for (const value of [a, b, c]) channel.push(value);
    channel.withdraw(b);
    channel.withdraw(b);
    expect([await channel.next(), await channel.next()]).toEqual([a, c].map(given));
    expect(channel.size).toBe(0);
    expect(delivered).toEqual([a, c]);
  });
});

describe('a channel that has ended', () => {
  it('delivers what is queued, and then is at its end for every consumer', async () => {
    const channel = channelOf();
    channel.push(a);
    channel.end();
    expect(channel.hasEnded).toBe(true);
    expect(channel.push(b)).toBe(false);
    expect(await channel.next()).toEqual(given(a));
    expect([await channel.next(), await channel.values().next()]).toEqual([DONE, DONE]);
  });

  it('has no values after clear()', async () => {
    const channel = channelOf();
    channel.push(a);
    channel.clear();
    channel.end();
    expect(channel.size).toBe(0);
    expect(await channel.next()).toEqual(DONE);
  });

  it('ends the waits of all consumers', async () => {
    const channel = channelOf();
    const waiting = [channel.next(), channel.values().next()];
    channel.end();
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
  });

  it('by an error rejects the consumer that has waited longest, and only that one', async () => {
    const channel = channelOf();
    const [first, second] = [channel.next(), channel.next()];
    const error = new Error('overflow');
    channel.end({ error });
    channel.end({ error: new Error('too late') });
    await expect(first).rejects.toBe(error);
    expect([await second, await channel.next()]).toEqual([DONE, DONE]);
  });

  it('by an error rejects the next consumer, after the queued values', async () => {
    const channel = channelOf();
    channel.push(a);
    channel.end({ error: undefined });
    expect(await channel.next()).toEqual(given(a));
    await expect(channel.next()).rejects.toBeUndefined();
    expect(await channel.next()).toEqual(DONE);
  });
});

describe('an iteration over a channel', () => {
  it('that was returned takes no value from other consumers', async () => {
    const channel = channelOf();
    const [left, stays] = [channel.values(), channel.values()];
    const nothing = left.next();
    const something = stays.next();
    await left.return?.();
    channel.push(a);
    expect(await nothing).toEqual(DONE);
    expect(await something).toEqual(given(a));
    expect(await left.next()).toEqual(DONE);
  });

  it('returns a value that was delivered before return() in the same turn', async () => {
    const channel = channelOf();
    const values = channel.values();
    const next = values.next();
    channel.push(a);
    await values.return?.();
    expect(await next).toEqual(given(a));
  });

  it('ends with the channel', async () => {
    const channel = channelOf();
    channel.push(a);
    channel.push(b);
    channel.end();
    const seen: Item[] = [];
    for await (const value of channel) seen.push(value);
    expect(seen).toEqual([a, b]);
  });

  it('calls onThrown when a consumer is given the error, once', async () => {
    const error = new Error('no');
    let thrown = 0;
    const channel = channelOf();
    channel.push(a);
    channel.end({ error, onThrown: () => (thrown += 1) });
    await channel.next();
    expect(thrown).toBe(0);
    await expect(channel.next()).rejects.toBe(error);
    expect(await channel.next()).toEqual(DONE);
    expect(thrown).toBe(1);
  });

  it('ends no process with the error of a consumer that is not awaited', async () => {
    const unhandled: unknown[] = [];
    const record = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', record);
    const [waiting, later, iterated] = [channelOf(), channelOf(), channelOf()];
    void waiting.next();
    void iterated.values().next();
    for (const channel of [waiting, later, iterated]) channel.end({ error: new Error('no') });
    void later.next();
    await turn();
    await turn();
    process.off('unhandledRejection', record);
    expect(unhandled).toEqual([]);
  });
});
