/** The reporting of the messages of protocol machines. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  AsyncProtocol,
  type Codec,
  createProtocolMachine,
  jsonLines,
  lengthPrefixed,
  lines,
  streamPair,
} from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { type MessageLog, watch } from './support.ts';

expectIdleAfterEach();

/** A session between a watched protocol named `left` and an unwatched one. */
async function session<M>(codec: Codec<M>, feed = new Feed()) {
  const log = watch(feed);
  const left = createProtocol({ codec }, { name: 'left', inspect: feed.inspect });
  const right = createProtocol({ codec });
  const [near, far] = streamPair();
  await Promise.all([left.connect({ stream: near }), right.connect({ stream: far })]);
  const leave = async () => {
    await left.disconnect();
    await right.closed;
  };
  return { feed, log, left, right, leave };
}

/** Resolves when this many messages have been reported. */
const shown = (log: MessageLog, count: number) =>
  log.until((all) => all.of('wirechart.message').length >= count);

describe('the messages of a protocol machine', () => {
  it('are reported in both directions while tapping is on', async () => {
    const { feed, log, left, right, leave } = await session(lines());
    await left.send('hidden');
    feed.setTapping(true);
    const before = log.last('service.state').wirechart.at;
    await left.send('héllo');
    await right.send('there');
    await shown(log, 2);
    feed.setTapping(false);
    await left.send('hidden');
    await leave();
    const { sessionId } = log.registered('left');
    const common = {
      type: 'wirechart.message',
      sessionId,
      skipped: 0,
      at: expect.any(Number) as unknown,
    };
    expect(log.of('wirechart.message')).toEqual([
      { ...common, direction: 'out', text: 'héllo', bytes: 6 },
      { ...common, direction: 'in', text: 'there', bytes: 5 },
    ]);
    const [first, second] = log.of('wirechart.message').map(({ at }) => at);
    expect(first).toBeGreaterThanOrEqual(before);
    expect(second).toBeGreaterThanOrEqual(first ?? Infinity);
  });

  it('are reported for a machine that starts later', async () => {
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    const { left, leave } = await session(lines(), feed);
    await left.send('late');
    await leave();
    expect(log.of('wirechart.message')).toMatchObject([{ direction: 'out', text: 'late' }]);
  });

  it('are reported for a machine that is attached later', async () => {
    const actor = createActor(createProtocolMachine({ codec: lines() })).start();
    const protocol = AsyncProtocol.attach(actor);
    const [near] = streamPair();
    await protocol.connect({ stream: near });
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    feed.inspect.attach(actor);
    await protocol.send('seen');
    actor.stop();
    expect(log.of('wirechart.message')).toMatchObject([{ direction: 'out', text: 'seen' }]);
  });

  it('are no longer reported after the last watcher is removed, even when one is added again', async () => {
    const { feed, log, left, leave } = await session(lines());
    feed.setTapping(true);
    feed.remove(log.sink);
    log.clear();
    await left.send('hidden');
    feed.add(log.sink);
    await left.send('hidden');
    feed.remove(log.sink);
    feed.setTapping(true);
    feed.add(log.sink);
    await left.send('hidden');
    await leave();
    expect(log.of('wirechart.message')).toEqual([]);
  });

  it('are reported once, however often tapping is switched on, in every session', async () => {
    const { feed, log, left, leave } = await session(lines());
    feed.setTapping(true);
    feed.setTapping(true);
    await left.send('one');
    await leave();
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    await left.connect({ stream: near });
    await left.send('two');
    await left.disconnect();
    expect(log.of('wirechart.message').map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('are shown as JSON, with its size', async () => {
    const { feed, log, left, leave } = await session(jsonLines());
    feed.setTapping(true);
    await left.send({ n: 1, list: [true, null] });
    await leave();
    const text = '{"n":1,"list":[true,null]}';
    expect(log.of('wirechart.message')).toMatchObject([{ text, bytes: text.length }]);
  });

  it('are shown in hexadecimal when they are binary, with their size', async () => {
    const { feed, log, left, leave } = await session(lengthPrefixed());
    feed.setTapping(true);
    await left.send(Uint8Array.of(1, 2, 255));
    await left.send(new Uint8Array(70));
    await leave();
    expect(log.of('wirechart.message')).toMatchObject([
      { text: '[3 bytes 0102ff]', bytes: 3 },
      { text: `[70 bytes ${'00'.repeat(64)}…]`, bytes: 70 },
    ]);
  });

  it('are cut when they are too long, with their length', async () => {
    const { feed, log, left, leave } = await session(lines());
    feed.setTapping(true);
    await left.send('x'.repeat(10_000));
    await leave();
    expect(log.of('wirechart.message')).toMatchObject([
      { text: `${'x'.repeat(4_096)}… (10000 characters)`, bytes: 10_000 },
    ]);
  });

  it('are shown as sanitize returns them', async () => {
    const feed = new Feed((key, value) => (key === 'password' ? '…' : value));
    const { log, left, leave } = await session(jsonLines(), feed);
    feed.setTapping(true);
    await left.send({ password: 'hush', user: 'me' });
    await leave();
    expect(log.last('wirechart.message').text).toBe('{"password":"…","user":"me"}');
    expect(log.lines.join()).not.toContain('hush');
  });

  it('are not affected by a sink that throws', async () => {
    const feed = new Feed();
    feed.add(() => {
      throw new Error('broken');
    });
    const { log, left, leave } = await session(lines(), feed);
    feed.setTapping(true);
    await left.send('sent');
    await leave();
    expect(log.of('wirechart.message')).toHaveLength(1);
  });
});
