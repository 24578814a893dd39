/** How many messages are shown, and of whom none are. */

import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import type { Sanitize } from '../../src/inspect/plain.ts';
import type { WireMessage } from '../../src/inspect/wire.ts';
import { Wiretap } from '../../src/inspect/wiretap.ts';
import type { Tap } from '../../src/machines/link.ts';
import { listenTo } from './support.ts';

/** A link that passes on what a test says, to whoever observes it. */
class TestLink {
  readonly taps = new Set<Tap>();
  readonly observe = (tap: Tap) => {
    this.taps.add(tap);
    return () => void this.taps.delete(tap);
  };

  pass(message: unknown, arrow: '<--' | '-->' = '-->'): void {
    for (const tap of this.taps) tap(arrow, message);
  }
}

/** A tap on links, with a clock that the test sets. */
function tapOn(links: readonly TestLink[], sanitize?: Sanitize) {
  const said: WireMessage[] = [];
  const clock = { now: 1_000 };
  const wiretap = new Wiretap(
    (message) => said.push(message),
    () => clock.now,
    sanitize,
  );
  const untaps = links.map((link, at) => wiretap.tap(link, `x:${String(at)}`));
  return { said, clock, untaps };
}

describe('more messages than anybody reads', () => {
  it('are shown as far as fifty in a tenth of a second; the next says how many were not', () => {
    const link = new TestLink();
    const { said, clock } = tapOn([link]);
    for (let at = 0; at < 1_000; at += 1) link.pass(`m${String(at)}`);
    expect(said.map(({ text }) => text)).toEqual(
      Array.from({ length: 50 }, (_, at) => `m${String(at)}`),
    );
    expect(said.every(({ skipped }) => skipped === 0)).toBe(true);
    clock.now += 99;
    link.pass('still');
    expect(said).toHaveLength(50);
    clock.now += 1;
    link.pass('again');
    link.pass('and again');
    expect(said.slice(50)).toMatchObject([
      { text: 'again', skipped: 951, at: 1_100 },
      { text: 'and again', skipped: 0 },
    ]);
  });

  it('are counted for all sessions together, and left out for each', () => {
    const links = [new TestLink(), new TestLink()] as const;
    const { said, clock } = tapOn(links);
    for (let at = 0; at < 60; at += 1) for (const link of links) link.pass(at);
    expect(said).toHaveLength(50);
    clock.now += 1_000;
    for (const link of links) link.pass('next');
    expect(said.slice(50)).toMatchObject([
      { sessionId: 'x:0', skipped: 35 },
      { sessionId: 'x:1', skipped: 35 },
    ]);
  });

  it('cost nothing: what is left out is not even looked at', () => {
    const link = new TestLink();
    const sanitize = vi.fn((_: string, value: unknown) => value);
    tapOn([link], sanitize);
    for (let at = 0; at < 1_000; at += 1) link.pass('m');
    expect(sanitize).toHaveBeenCalledTimes(50);
  });

  it('are not shown of a link that is tapped no more', () => {
    const links = [new TestLink(), new TestLink()] as const;
    const { said, untaps } = tapOn(links);
    untaps[0]?.();
    expect(links[0].taps.size).toBe(0);
    for (const link of links) link.pass('m', '<--');
    expect(said).toMatchObject([{ sessionId: 'x:1', direction: 'in' }]);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, '[undefined]'],
    ['a bigint', { id: 2n ** 64n }, '{"id":"18446744073709551616n"}'],
    [
      'one that throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      '[threw when it was looked at]',
    ],
  ])('may be strange: %s', (_, message, text) => {
    const link = new TestLink();
    const { said } = tapOn([link]);
    link.pass(message);
    expect(said).toMatchObject([{ text }]);
  });
});

describe('what is called a link in a context of somebody', () => {
  it.each<[string, object]>([
    ['a text', { link: 'http://a' }],
    ['null', { link: null }],
    [
      'something that observes',
      {
        link: {
          observe: () => {
            throw new Error('called');
          },
        },
      },
    ],
    ['something that cannot', { link: { observe: true } }],
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
  ])('is left alone: %s', (_, context) => {
    const feed = new Feed();
    const heard = listenTo(feed);
    feed.setTapping(true);
    const actor = createActor(createMachine({ context }), { id: 'm', inspect: feed.inspect });
    actor.start();
    feed.setTapping(true);
    actor.stop();
    expect(heard.story).toEqual([
      'register m {}',
      'event m xstate.init',
      'state m {}',
      'state m {} (stopped)',
      'stop m',
    ]);
  });
});
