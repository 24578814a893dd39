/** The messages of protocol machines, for those who ask for them. */

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
import { createProtocol, expectHomeAfterEach } from '../support/cleanup.ts';
import { type Heard, listenTo } from './support.ts';

expectHomeAfterEach();

/** A watched protocol that is called `left`, in a session with one that is not watched. */
async function session<M>(codec: Codec<M>, feed = new Feed()) {
  const heard = listenTo(feed);
  const left = createProtocol({ codec }, { name: 'left', inspect: feed.inspect });
  const right = createProtocol({ codec });
  const [near, far] = streamPair();
  await Promise.all([left.connect({ stream: near }), right.connect({ stream: far })]);
  const leave = async () => {
    await left.disconnect();
    await right.closed;
  };
  return { feed, heard, left, right, leave };
}

/** Resolves when the watched one has heard so many messages. */
const shown = (heard: Heard, count: number) =>
  heard.until((all) => all.of('wirechart.message').length >= count);

describe('the messages of a protocol machine', () => {
  it('are shown in both directions while somebody wants to see them', async () => {
    const { feed, heard, left, right, leave } = await session(lines());
    await left.send('unseen');
    feed.setTapping(true);
    const before = heard.last('service.state').wirechart.at;
    await left.send('héllo');
    await right.send('there');
    await shown(heard, 2);
    feed.setTapping(false);
    await left.send('unseen');
    await leave();
    const { sessionId } = heard.registered('left');
    const common = {
      type: 'wirechart.message',
      sessionId,
      skipped: 0,
      at: expect.any(Number) as unknown,
    };
    expect(heard.of('wirechart.message')).toEqual([
      { ...common, direction: 'out', text: 'héllo', bytes: 6 },
      { ...common, direction: 'in', text: 'there', bytes: 5 },
    ]);
    const [first, second] = heard.of('wirechart.message').map(({ at }) => at);
    expect(first).toBeGreaterThanOrEqual(before);
    expect(second).toBeGreaterThanOrEqual(first ?? Infinity);
  });

  it('are shown of a machine that begins later, too', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    feed.setTapping(true);
    const { left, leave } = await session(lines(), feed);
    await left.send('late');
    await leave();
    expect(heard.of('wirechart.message')).toMatchObject([{ direction: 'out', text: 'late' }]);
  });

  it('are shown of a machine that was attached later, too', async () => {
    const actor = createActor(createProtocolMachine({ codec: lines() })).start();
    const protocol = AsyncProtocol.attach(actor);
    const [near] = streamPair();
    await protocol.connect({ stream: near });
    const feed = new Feed();
    const heard = listenTo(feed);
    feed.setTapping(true);
    feed.inspect.attach(actor);
    await protocol.send('seen');
    actor.stop();
    expect(heard.of('wirechart.message')).toMatchObject([{ direction: 'out', text: 'seen' }]);
  });

  it('are shown no more when nobody watches, nor when somebody does again', async () => {
    const { feed, heard, left, leave } = await session(lines());
    feed.setTapping(true);
    feed.remove(heard.sink);
    heard.forget();
    await left.send('unseen');
    feed.add(heard.sink);
    await left.send('unseen');
    feed.remove(heard.sink);
    feed.setTapping(true);
    feed.add(heard.sink);
    await left.send('unseen');
    await leave();
    expect(heard.of('wirechart.message')).toEqual([]);
  });

  it('are shown once, however often they are asked for, session after session', async () => {
    const { feed, heard, left, leave } = await session(lines());
    feed.setTapping(true);
    feed.setTapping(true);
    await left.send('one');
    await leave();
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    await left.connect({ stream: near });
    await left.send('two');
    await left.disconnect();
    expect(heard.of('wirechart.message').map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('are JSON as text, with the weight of that', async () => {
    const { feed, heard, left, leave } = await session(jsonLines());
    feed.setTapping(true);
    await left.send({ n: 1, list: [true, null] });
    await leave();
    const text = '{"n":1,"list":[true,null]}';
    expect(heard.of('wirechart.message')).toMatchObject([{ text, bytes: text.length }]);
  });

  it('are bytes in hexadecimal, with their number', async () => {
    const { feed, heard, left, leave } = await session(lengthPrefixed());
    feed.setTapping(true);
    await left.send(Uint8Array.of(1, 2, 255));
    await left.send(new Uint8Array(70));
    await leave();
    expect(heard.of('wirechart.message')).toMatchObject([
      { text: '[3 bytes 0102ff]', bytes: 3 },
      { text: `[70 bytes ${'00'.repeat(64)}…]`, bytes: 70 },
    ]);
  });

  it('are cut when they are long, and say how long they were', async () => {
    const { feed, heard, left, leave } = await session(lines());
    feed.setTapping(true);
    await left.send('x'.repeat(10_000));
    await leave();
    expect(heard.of('wirechart.message')).toMatchObject([
      { text: `${'x'.repeat(4_096)}… (10000 characters)`, bytes: 10_000 },
    ]);
  });

  it('are what sanitize leaves of them', async () => {
    const feed = new Feed((key, value) => (key === 'password' ? '…' : value));
    const { heard, left, leave } = await session(jsonLines(), feed);
    feed.setTapping(true);
    await left.send({ password: 'hush', user: 'me' });
    await leave();
    expect(heard.last('wirechart.message').text).toBe('{"password":"…","user":"me"}');
    expect(heard.lines.join()).not.toContain('hush');
  });

  it('do not suffer from a sink that throws', async () => {
    const feed = new Feed();
    feed.add(() => {
      throw new Error('broken');
    });
    const { heard, left, leave } = await session(lines(), feed);
    feed.setTapping(true);
    await left.send('sent');
    await leave();
    expect(heard.of('wirechart.message')).toHaveLength(1);
  });
});
