/** The last messages of a connection, which are reported when it fails, and messages in recordings. */

import { describe, expect, it } from 'vitest';
import { assign, createActor, createMachine } from 'xstate';
import { jsonLines, lines, streamPair } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { LastMessages } from '../../src/inspect/last-messages.ts';
import type { Sanitize } from '../../src/inspect/plain.ts';
import type { FeedMessage } from '../../src/inspect/wire.ts';
import { handleOf } from '../../src/core/link-handle.ts';
import type { Tap } from '../../src/machines/link.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { messagesOf, record } from './recordings.ts';
import { keepAlive, type MessageLog, stateOf, watch } from './support.ts';

expectIdleAfterEach();

/** A watched session, whose peer is a stream. */
async function session({
  sanitize,
  feed = new Feed(sanitize),
}: { sanitize?: Sanitize; feed?: Feed } = {}) {
  const log = watch(feed);
  const protocol = createProtocol({ codec: jsonLines() }, { name: 'vm1', inspect: feed.inspect });
  const connect = async () => {
    const [near, peer] = streamPair();
    peer.resume().on('end', () => peer.end());
    await protocol.connect({ stream: near });
    return peer;
  };
  return { feed, log, protocol, connect, peer: await connect() };
}

const textsOf = (log: MessageLog) => log.of('wirechart.message').map(({ text }) => text);

/** What follows the last message about the wire. */
const afterMessages = (messages: readonly FeedMessage[]) =>
  messages.slice(messages.findLastIndex(({ type }) => type === 'wirechart.message') + 1);

describe('the last messages of a connection that fails', () => {
  it('are reported in order before the state in which it has failed, with their own times', async () => {
    const { log, protocol, peer } = await session();
    for (let at = 0; at < 30; at += 1) await protocol.send({ at });
    peer.write('{"answer":1}\nno JSON\n');
    await protocol.closed;
    const reported = log.of('wirechart.message');
    expect(reported).toHaveLength(20);
    expect(reported.at(-1)).toMatchObject({ direction: 'in', text: '{"answer":1}', bytes: 12 });
    expect(reported.at(-2)).toMatchObject({ direction: 'out', text: '{"at":29}', bytes: 9 });
    expect(reported.map(({ skipped }) => skipped)).toEqual([11, ...Array<number>(19).fill(0)]);
    const times = reported.map(({ at }) => at);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    const [next] = afterMessages(log.messages);
    expect(next?.type === 'service.state' && stateOf(next).context['cause']).toMatchObject({
      name: 'CodecError',
    });
    expect(times.at(-1)).toBeLessThan(log.last('service.state').wirechart.at);
  });

  it('are reported once, and those of the next session separately', async () => {
    const { log, protocol, peer, connect } = await session();
    await protocol.send({ session: 1 });
    peer.write('no JSON\n');
    await protocol.closed;
    expect(textsOf(log)).toEqual(['{"session":1}']);
    const next = await connect();
    await protocol.send({ session: 2 });
    next.write('no JSON\n');
    await protocol.closed;
    expect(textsOf(log)).toEqual(['{"session":1}', '{"session":2}']);
  });

  it('are not reported when it ends well, nor when a later one fails', async () => {
    const { log, protocol, connect } = await session();
    await protocol.send({ session: 1 });
    await protocol.disconnect({ force: true });
    const peer = await connect();
    peer.write('no JSON\n');
    await protocol.closed;
    expect(textsOf(log)).toEqual([]);
    expect(log.statesOf('vm1').at(-1)?.state).toContain('CodecError');
  });

  it('are shown without their secrets', async () => {
    const sanitize: Sanitize = (key, value) => (key === 'pin' ? '…' : value);
    const { log, protocol, peer } = await session({ sanitize });
    await protocol.send({ password: 'hush', pin: 1234, name: 'vm1' });
    peer.write('no JSON\n');
    await protocol.closed;
    expect(textsOf(log)).toEqual(['{"password":"[redacted]","pin":"…","name":"vm1"}']);
  });

  it('are not reported again while messages are reported as they pass', async () => {
    const { feed, log, protocol, peer } = await session();
    await protocol.send('before');
    feed.setTapping(true);
    await protocol.send('shown');
    peer.write('no JSON\n');
    await protocol.closed;
    expect(textsOf(log)).toEqual(['shown']);
  });

  it('are those that were left out because there were too many', async () => {
    const { feed, log, protocol, peer } = await session();
    feed.setTapping(true);
    // In one turn, so that they are in one window, or in two.
    await Promise.all(Array.from({ length: 200 }, (_, at) => protocol.send({ at })));
    peer.write('no JSON\n');
    await protocol.closed;
    const texts = textsOf(log);
    expect(texts.slice(-20)).toEqual(
      Array.from({ length: 20 }, (_, at) => `{"at":${String(180 + at)}}`),
    );
    expect(new Set(texts).size).toBe(texts.length);
    const all = log.of('wirechart.message').reduce((sum, { skipped }) => sum + skipped + 1, 0);
    expect(all).toBe(200);
  });
});

describe('a machine that stands for a connection', () => {
  /** A link that the test sends messages through. */
  function createLink() {
    const taps = new Set<Tap>();
    const observe = (tap: Tap) => {
      taps.add(tap);
      return () => void taps.delete(tap);
    };
    const nothing = () => undefined;
    const link = {
      definition: {},
      observe,
      release: nothing,
      settle: nothing,
      destroyStream: nothing,
    };
    const pass = (message: string) => {
      for (const tap of taps) tap('-->', message);
    };
    return { link, pass, taps };
  }

  function started() {
    const { link, pass, taps } = createLink();
    const machine = createMachine({
      context: { link: handleOf(link) },
      initial: 'up',
      on: {
        GO: {},
        BREAK: {
          actions: assign(() => {
            throw new Error('torn');
          }),
        },
      },
      states: { up: { on: { FAIL: 'down' } }, down: { tags: 'failed' } },
    });
    const feed = new Feed();
    const log = watch(feed);
    const actor = keepAlive(createActor(machine, { inspect: feed.inspect })).start();
    return { feed, log, actor, pass, taps };
  }

  it('has its last messages reported when it enters a state with the tag failed', () => {
    const { log, actor, pass } = started();
    pass('one');
    actor.send({ type: 'GO' });
    expect(textsOf(log)).toEqual([]);
    actor.send({ type: 'FAIL' });
    actor.send({ type: 'GO' });
    expect(textsOf(log)).toEqual(['one']);
  });

  it('has them reported when it fails itself', async () => {
    const { log, actor, pass } = started();
    actor.subscribe({ error: () => undefined });
    pass('one');
    actor.send({ type: 'BREAK' });
    await log.until(({ messages }) => messages.some(({ type }) => type === 'service.stop'));
    expect(textsOf(log)).toEqual(['one']);
    expect(afterMessages(log.messages).map(({ type }) => type)).toEqual([
      'service.state',
      'service.stop',
    ]);
  });

  it('is not listened to without a watcher, nor after its end', () => {
    const { feed, log, actor, taps } = started();
    expect(taps.size).toBe(1);
    feed.remove(log.sink);
    expect(taps.size).toBe(0);
    feed.add(log.sink);
    expect(taps.size).toBe(1);
    actor.stop();
    expect(taps.size).toBe(0);
  });
});

describe('what is remembered', () => {
  const remembered = (messages: readonly unknown[]) => {
    const last = new LastMessages();
    const shown: unknown[] = [];
    const show = (message: unknown) => {
      shown.push(message);
      return { text: 'shown', bytes: 1 };
    };
    for (const message of messages) last.add({ message, direction: 'in', at: 1, show });
    return { last, shown };
  };

  it.each<[string, unknown]>([
    ['small', { a: [1, 'two', null] }],
    ['bytes', new Uint8Array(100)],
  ])('is converted only when it is needed: %s', (_, message) => {
    const { last, shown } = remembered([message]);
    expect(shown).toEqual([]);
    expect(last.take().messages.map((one) => one.shown().text)).toEqual(['shown']);
    expect(shown).toEqual([message]);
  });

  it.each<[string, () => unknown]>([
    ['a long text', () => 'x'.repeat(10_000)],
    ['many bytes', () => new Uint8Array(100_000)],
    ['many values', () => Array.from({ length: 2_000 }, () => ({}))],
    ['a Map', () => new Map([['a', 1]])],
    [
      'a value that throws',
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('no');
            },
          },
        ),
    ],
    [
      'a circle',
      () => {
        const circle: Record<string, unknown> = {};
        circle['self'] = circle;
        return circle;
      },
    ],
  ])('is converted in the same turn where a reference would hold much: %s', async (_, create) => {
    const { shown } = remembered([create()]);
    await Promise.resolve();
    expect(shown).toHaveLength(1);
  });

  it('is weighed only if it is one of the last of its turn', async () => {
    const { last, shown } = remembered(Array.from({ length: 1_000 }, () => 'x'.repeat(20_000)));
    await Promise.resolve();
    expect(shown.length).toBeLessThanOrEqual(20);
    const { messages, dropped } = last.take();
    expect(messages.length + dropped).toBe(1_000);
  });

  it('is at most twenty messages', () => {
    const { last } = remembered(Array.from({ length: 100 }, (_, at) => at));
    const { messages, dropped } = last.take();
    expect([messages.length, dropped]).toEqual([20, 80]);
    expect(last.take()).toEqual({ messages: [], dropped: 0 });
  });

  it('is at most 64 KiB', () => {
    const { last } = remembered(Array.from({ length: 20 }, () => 'x'.repeat(7_000)));
    const { messages, dropped } = last.take();
    expect([messages.length, dropped]).toEqual([4, 16]);
  });
});

describe('a recording', () => {
  it.each([
    [true, ['{"n":1}', '{"n":2}']],
    [false, []],
    [undefined, []],
  ])('has messages if it is asked for: wire %s', async (wire, expected) => {
    const { path, recording, inspect } = await record({ ...(wire !== undefined && { wire }) });
    const protocol = createProtocol({ codec: jsonLines() }, { inspect });
    const [near, far] = streamPair();
    far.on('data', () => far.write('{"n":2}\n')).on('end', () => far.end());
    await protocol.connect({ stream: near });
    const answers = protocol.messages();
    await protocol.send({ n: 1 });
    await answers.next();
    await protocol.disconnect();
    await recording.close();
    const messages = await messagesOf(path);
    const texts = messages.flatMap((one) => (one.type === 'wirechart.message' ? [one.text] : []));
    expect(texts).toEqual(expected);
  });

  it('has the last messages of a connection that has failed', async () => {
    const { path, recording, inspect } = await record();
    const protocol = createProtocol({ codec: lines() }, { inspect });
    const [near, far] = streamPair();
    await protocol.connect({ stream: near });
    await protocol.send('hello');
    far.end(); // An end that was not expected is a failure.
    await protocol.closed;
    await recording.close();
    const messages = await messagesOf(path);
    const at = messages.findIndex(({ type }) => type === 'wirechart.message');
    expect(messages[at]).toMatchObject({ direction: 'out', text: 'hello' });
    const next = messages[at + 1];
    expect(next?.type === 'service.state' && stateOf(next).context['cause']).toBeTruthy();
  });
});
