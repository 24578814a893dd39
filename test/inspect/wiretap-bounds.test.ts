/** How many messages are reported, and which objects are not taken for links. */

import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import type { Sanitize } from '../../src/inspect/plain.ts';
import type { WireMessage } from '../../src/inspect/wire.ts';
import { Wiretap } from '../../src/inspect/wiretap.ts';
import type { Tap } from '../../src/machines/link.ts';
import { stateOf, watch } from './support.ts';

/** A link whose messages the test sends to its observers. */
class TestLink {
  readonly definition = {};
  readonly taps = new Set<Tap>();
  readonly observe = (tap: Tap) => {
    this.taps.add(tap);
    return () => void this.taps.delete(tap);
  };

  pass(message: unknown, arrow: '<--' | '-->' = '-->'): void {
    for (const tap of this.taps) tap(arrow, message);
  }
}

/** Taps links, with a clock that the test sets. */
function tapOn(links: readonly TestLink[], sanitize?: Sanitize) {
  const messages: WireMessage[] = [];
  const clock = { now: 1_000 };
  const wiretap = new Wiretap(
    (message) => messages.push(message),
    () => clock.now,
    sanitize,
  );
  const untaps = links.map((link, at) => wiretap.tap(link, `x:${String(at)}`));
  return { messages, clock, untaps };
}

describe('too many messages', () => {
  it('are limited to fifty per tenth of a second, and the next one has the number left out', () => {
    const link = new TestLink();
    const { messages, clock } = tapOn([link]);
    for (let at = 0; at < 1_000; at += 1) link.pass(`m${String(at)}`);
    expect(messages.map(({ text }) => text)).toEqual(
      Array.from({ length: 50 }, (_, at) => `m${String(at)}`),
    );
    expect(messages.every(({ skipped }) => skipped === 0)).toBe(true);
    clock.now += 99;
    link.pass('still');
    expect(messages).toHaveLength(50);
    clock.now += 1;
    link.pass('again');
    link.pass('and again');
    expect(messages.slice(50)).toMatchObject([
      { text: 'again', skipped: 951, at: 1_100 },
      { text: 'and again', skipped: 0 },
    ]);
  });

  it('are limited for all sessions together, and counted per session', () => {
    const links = [new TestLink(), new TestLink()] as const;
    const { messages, clock } = tapOn(links);
    for (let at = 0; at < 60; at += 1) for (const link of links) link.pass(at);
    expect(messages).toHaveLength(50);
    clock.now += 1_000;
    for (const link of links) link.pass('next');
    expect(messages.slice(50)).toMatchObject([
      { sessionId: 'x:0', skipped: 35 },
      { sessionId: 'x:1', skipped: 35 },
    ]);
  });

  it('are not read when they are left out', () => {
    const link = new TestLink();
    const sanitize = vi.fn((_: string, value: unknown) => value);
    tapOn([link], sanitize);
    for (let at = 0; at < 1_000; at += 1) link.pass('m');
    expect(sanitize).toHaveBeenCalledTimes(50);
  });

  it('are not reported for a link that is no longer tapped', () => {
    const links = [new TestLink(), new TestLink()] as const;
    const { messages, untaps } = tapOn(links);
    untaps[0]?.();
    expect(links[0].taps.size).toBe(0);
    for (const link of links) link.pass('m', '<--');
    expect(messages).toMatchObject([{ sessionId: 'x:1', direction: 'in' }]);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, '[undefined]'],
    ['a bigint', { id: 2n ** 64n }, '{"id":"18446744073709551616n"}'],
    [
      'a value that throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      '[threw while it was read]',
    ],
  ])('can have unusual values: %s', (_, message, text) => {
    const link = new TestLink();
    const { messages } = tapOn([link]);
    link.pass(message);
    expect(messages).toMatchObject([{ text }]);
  });
});

describe('a connection of another copy of this package', () => {
  it('is found by what stands for its link', () => {
    const link = Object.assign(new TestLink(), {
      ...{ release: vi.fn(), settle: vi.fn(), destroyStream: vi.fn() },
      toJSON: () => ({ undelivered: 3 }),
    });
    const handle = Object.defineProperty({}, Symbol.for('wirechart.link'), { value: link });
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    const machine = createMachine({ context: { link: handle } });
    const actor = createActor(machine, { id: 'c', inspect: feed.inspect }).start();
    link.pass('hello', '<--');
    actor.stop();
    link.pass('late', '<--');
    expect(log.of('wirechart.message').map(({ text }) => text)).toEqual(['hello']);
    expect(stateOf(log.registered('c')).context['link']).toEqual({ undelivered: 3 });
  });
});

describe("a user's context with a property named `link`", () => {
  it.each<[string, object]>([
    ['a string', { link: 'http://a' }],
    ['null', { link: null }],
    [
      'an object with observe()',
      {
        link: {
          observe: () => {
            throw new Error('called');
          },
        },
      },
    ],
    ['an object without functions', { link: { observe: true } }],
    [
      'a getter that throws',
      {
        get link() {
          throw new Error('no');
        },
      },
    ],
    [
      'a proxy that throws',
      {
        link: new Proxy(
          {},
          {
            get: () => {
              throw new Error('no');
            },
          },
        ),
      },
    ],
  ])('is not tapped: %s', (_, context) => {
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    const actor = createActor(createMachine({ context }), { id: 'm', inspect: feed.inspect });
    actor.start();
    feed.setTapping(true);
    actor.stop();
    expect(log.summary).toEqual([
      'register m {}',
      'event m xstate.init',
      'state m {}',
      'state m {} (stopped)',
      'stop m',
    ]);
  });
});
