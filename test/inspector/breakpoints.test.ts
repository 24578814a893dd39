/** Breakpoints of the page: what they match, when they freeze the view, and how they are kept. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Breakpoint,
  breakpointFor,
  breakpointText,
  statePaths,
  wildcard,
} from '../../inspector/page/breakpoints-rules.ts';
import {
  bounded,
  MAX_BREAKPOINTS,
  MAX_STAY_MS,
  MAX_TEXT,
  readBreakpoints,
  textOfBreakpoints,
} from '../../inspector/page/breakpoints-store.ts';
import { BreakpointWatch, happeningOf } from '../../inspector/page/breakpoints-watch.ts';
import { MadeUpModel } from './page-model.ts';

const breakpoint = (facts: Partial<Breakpoint>): Breakpoint => ({
  ...{ kind: 'state', text: '', ms: 0, actor: '', isOn: true },
  ...facts,
});

/** A live page with an actor and breakpoints. */
function watched(...breakpoints: Partial<Breakpoint>[]) {
  const made = new MadeUpModel();
  made.actor('p1/vm1');
  const watch = new BreakpointWatch(made.model);
  for (const one of breakpoints) watch.add(breakpoint(one));
  return { made, model: made.model, watch };
}

const hitsIn = (watch: BreakpointWatch) => watch.all.map(({ hits }) => hits);

describe('a pattern for names', () => {
  it.each([
    ['', 'anything', true],
    ['*', '', true],
    ['FAIL', 'fail', true],
    ['FAIL', 'FAILED', false],
    ['FAIL*', 'failed', true],
    ['*.on.*', 'vm.on.slow', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['ab*ba', 'aba', false],
    ['a**b', 'ab', true],
    ['.*', 'x', false],
  ])('%j and %j: %s', (pattern, name, isMatch) => {
    expect(wildcard(pattern)(name)).toBe(isMatch);
  });

  it('takes no longer for many stars', () => {
    expect(wildcard('*a'.repeat(100))(`${'a'.repeat(1_000)}b`)).toBe(false);
  });
});

describe('a breakpoint', () => {
  it('hits when a state is entered, and not while it lasts', () => {
    const { made, watch } = watched({ text: 'slow' }, { text: 'on.*' }, { text: 'off' });
    made.state('p1/vm1', { on: 'slow' });
    made.state('p1/vm1', { on: 'slow' });
    expect(hitsIn(watch)).toEqual([1, 1, 0]);
    expect(statePaths({ a: { b: 'c' }, d: {} })).toEqual(['a', 'a.b', 'a.b.c', 'd']);
  });

  it('hits at an event, under its own name and under the readable one', () => {
    const { made, watch } = watched(
      ...[{ text: 'FA*' }, { text: 'worker failed' }].map((one) => ({
        ...one,
        kind: 'event' as const,
      })),
    );
    made.event('p1/vm1', 'FAIL');
    made.event('p1/vm1', 'error.platform.worker');
    expect(hitsIn(watch)).toEqual([1, 1]);
  });

  it('hits at a failure, at a text, and only for the named actors', () => {
    const { made, watch } = watched(
      { kind: 'error' },
      { kind: 'text', text: '"why":"disk"' },
      { kind: 'error', actor: 'vm2*' },
      { kind: 'error', isOn: false },
    );
    made.state('p1/vm1', 'broken', 'E', { tags: ['failed'], context: { why: 'disk' } });
    expect(hitsIn(watch)).toEqual([1, 1, 0, 0]);
  });

  it('freezes the view at the entry, says why, and shows the actor', () => {
    const { made, model, watch } = watched({ kind: 'event', text: 'FAIL' });
    made.actor('p1/vm2');
    made.event('p1/vm1', 'OK');
    expect(model.isLive).toBe(true);
    const seq = made.event('p1/vm2', 'FAIL');
    expect([model.cursor, model.moment?.why, model.selected]).toEqual([
      ...[seq, 'breakpoint: event FAIL', 'p1/vm2'],
    ]);
    expect(watch.frozenBy).toBe(watch.all[0]);
    model.goLive();
    expect(watch.frozenBy).toBeUndefined();
  });

  it('leaves a frozen view where it is, and goes on counting', () => {
    const { made, model, watch } = watched({ kind: 'event', text: 'FAIL' });
    const first = made.event('p1/vm1', 'FAIL');
    const second = made.event('p1/vm1', 'FAIL');
    expect([model.cursor, hitsIn(watch), watch.all[0]?.lastHit]).toEqual([first, [2], second]);
  });

  it('hits nothing that happened before the page was opened, and no recording', () => {
    const { made, model, watch } = watched({ kind: 'event', text: 'FAIL' });
    made.program('p2', 'recording');
    made.actor('p2/old');
    made.event('p2/old', 'FAIL');
    model.receive({ type: 'hello', control: false, wire: false, newest: made.seq + 1 });
    made.program('p1');
    made.seq -= 2;
    made.actor('p1/vm1');
    expect([hitsIn(watch), model.isLive]).toEqual([[0], true]);
    made.seq = 100;
    made.event('p1/vm1', 'FAIL');
    expect(hitsIn(watch)).toEqual([1]);
  });
});

describe('a breakpoint at a long stay in a state', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('hits once while the stay lasts, and not again at its end', () => {
    const { made, model, watch } = watched({ kind: 'stay', text: 'busy', ms: 500 });
    made.state('p1/vm1', 'busy');
    const since = made.at - 10;
    vi.setSystemTime(since + 400);
    watch.checkStays();
    expect(hitsIn(watch)).toEqual([0]);
    vi.setSystemTime(since + 600);
    watch.checkStays();
    watch.checkStays();
    expect([hitsIn(watch), model.moment?.why]).toEqual([
      ...[[1], 'breakpoint: more than 500 ms in busy'],
    ]);
    made.at = since + 700;
    made.state('p1/vm1', 'idle');
    expect(hitsIn(watch)).toEqual([1]);
  });

  it('hits when the state is left, if nothing has looked before', () => {
    const { made, watch } = watched({ kind: 'stay', ms: 500 });
    made.state('p1/vm1', 'busy');
    made.at += 1_000;
    made.state('p1/vm1', 'idle');
    made.at += 10;
    made.state('p1/vm1', 'busy');
    expect(hitsIn(watch)).toEqual([1]);
  });
});

describe('the breakpoint for an entry', () => {
  it('hits when the same happens to the same actor', () => {
    const { made, model } = watched();
    const event = made.event('p1/vm1', 'FAIL');
    const state = made.state('p1/vm1', { on: 'slow' });
    const message = made.message('p1/vm1', '{"event": "STOP"}');
    const started = 1;
    const texts = [event, state, message, started].map((seq) => {
      const found = breakpointFor(happeningOf(made.entry(seq), model));
      return found === undefined ? undefined : breakpointText(found);
    });
    expect(texts).toEqual([
      'event FAIL of vm1',
      'state on.slow of vm1 is entered',
      'an entry of vm1 with "{ event :  STOP }"',
      undefined,
    ]);
  });
});

describe('kept breakpoints', () => {
  const some = [breakpoint({ text: 'on' }), breakpoint({ kind: 'stay', ms: 5, isOn: false })];

  it('are read as they were', () => {
    expect(readBreakpoints(textOfBreakpoints(some, 1_000))).toEqual(some);
  });

  it.each([undefined, '', '{', '{}', '[1, "x", [], ["state"], ["no", "", 0, "", true]]'])(
    'are none in %j',
    (text) => {
      expect(readBreakpoints(text)).toEqual([]);
    },
  );

  it('are bounded', () => {
    const long = 'x'.repeat(10_000);
    const many = JSON.stringify(Array(1_000).fill(['text', long, 1e300, long, true]));
    const read = readBreakpoints(many);
    expect(read.length).toBe(MAX_BREAKPOINTS);
    expect([read[0]?.text.length, read[0]?.actor.length, read[0]?.ms]).toEqual([
      ...[MAX_TEXT, MAX_TEXT, MAX_STAY_MS],
    ]);
    expect(bounded(breakpoint({ ms: NaN })).ms).toBe(0);
    expect(readBreakpoints(textOfBreakpoints(read, 1_000)).length).toBe(2);
  });
});
