/** Which entries the page's timeline shows. */

import { describe, expect, it } from 'vitest';
import { Query, boundedJson } from '../../inspector/page/filter-query.ts';
import { FilterRules, type FilterSettings, KINDS } from '../../inspector/page/filter-rules.ts';
import { TimelineEntries } from '../../inspector/page/timeline-entries.ts';
import { MadeUpModel } from './page-model.ts';

const SETTINGS: FilterSettings = {
  ...{ kinds: KINDS, scope: 'all', selected: undefined, search: '' },
  ...{ isAll: false, isErrors: false, isUnhandled: false },
};

/** Two trees of actors: `boss` with `worker`, and `other`. */
function actors(): MadeUpModel {
  const made = new MadeUpModel();
  made.actor('p1/boss');
  made.actor('p1/worker', 'p1/boss');
  made.actor('p1/helper', 'p1/worker', 'actor');
  made.actor('p1/other');
  return made;
}

const shown = ({ model }: MadeUpModel, settings: Partial<FilterSettings>): number[] => {
  const rules = new FilterRules(model, { ...SETTINGS, ...settings });
  return [...model.history.entries()].filter((entry) => rules.passes(entry)).map(({ seq }) => seq);
};

describe('the filter of the timeline', () => {
  it('leaves out what XState does itself, unless everything is asked for', () => {
    const made = actors();
    const own = made.event('p1/boss', 'xstate.init');
    const deadline = made.event('p1/boss', 'xstate.after(1000)#boss.a');
    const same = made.state('p1/boss', 'idle');
    const changed = made.state('p1/boss', 'busy');
    const few = shown(made, {});
    expect(few).toEqual(expect.arrayContaining([deadline, changed]));
    expect(few.filter((seq) => [own, same, 3].includes(seq))).toEqual([]);
    expect(shown(made, { isAll: true })).toEqual(expect.arrayContaining([own, same, 3]));
  });

  it('shows all, one tree, or one actor with the events that it has sent', () => {
    const made = actors();
    const toBoss = made.event('p1/boss', 'A');
    const toWorker = made.event('p1/worker', 'B', { origin: 'p1/boss' });
    const toOther = made.event('p1/other', 'C');
    const events = (settings: Partial<FilterSettings>) =>
      shown(made, { ...settings, kinds: ['event'], selected: 'p1/boss' });
    expect(events({ scope: 'all' })).toEqual([toBoss, toWorker, toOther]);
    expect(events({ scope: 'tree' })).toEqual([toBoss, toWorker]);
    expect(events({ scope: 'actor' })).toEqual([toBoss, toWorker]);
    const ofWorker = shown(made, { scope: 'actor', kinds: ['event'], selected: 'p1/worker' });
    expect(ofWorker).toEqual([toWorker]);
  });

  it('always shows what the reporting failed at', () => {
    const made = actors();
    const problem = made.problem('p1', 'too long');
    expect(shown(made, { kinds: [], isErrors: true })).toEqual([problem]);
  });

  it('shows only failures, also of what is usually left out', () => {
    const made = actors();
    made.event('p1/boss', 'A');
    const failed = made.state('p1/helper', 'error', 'xstate.error', { status: 'error' });
    const heard = made.event('p1/worker', 'error.platform.helper');
    expect(shown(made, { isErrors: true })).toEqual([failed, heard]);
  });

  it('shows only events that were not handled, once that is known', () => {
    const made = actors();
    const entries = new TimelineEntries(made.model, new FilterRules(made.model, SETTINGS));
    entries.restart(new FilterRules(made.model, { ...SETTINGS, isUnhandled: true }));
    const work = () => {
      entries.work(() => false);
      return entries.seqs.length;
    };
    const lost = made.event('p1/boss', 'LOST');
    expect(work()).toBe(0);
    made.state('p1/boss', 'idle', 'LOST', { microsteps: [] });
    made.event('p1/boss', 'TAKEN');
    made.state('p1/boss', 'busy', 'TAKEN');
    expect(work()).toBe(1);
    expect(entries.seqs.at(0)).toBe(lost);
  });

  it('takes no event for unhandled because an action threw', () => {
    const made = actors();
    made.event('p1/boss', 'GO');
    made.state('p1/boss', 'idle', 'GO', { microsteps: [], status: 'error', error: 'broken' });
    const lost = made.event('p1/worker', 'GO');
    made.state('p1/worker', 'idle', 'GO', { microsteps: [] });
    expect(shown(made, { isUnhandled: true })).toEqual([lost]);
  });

  it("is not confused by actors that are each other's parents", () => {
    const made = new MadeUpModel();
    made.actor('p1/a', 'p1/b');
    made.actor('p1/b', 'p1/a');
    const event = made.event('p1/a', 'A');
    expect(shown(made, { scope: 'tree', selected: 'p1/a', kinds: ['event'] })).toEqual([event]);
  });
});

describe('a search', () => {
  const made = actors();
  const start = made.event('p1/worker', 'START', { data: { type: 'START', force: true } });
  const state = made.state('p1/worker', 'on.slow', 'START', { actions: ['writeItDown'] });
  const message = made.message('p1/other', '{"return": {}}');
  const found = (search: string) =>
    [start, state, message].filter((seq) =>
      new Query(search).finds(made.entry(seq), made.entry(seq).actor.slice(3)),
    );

  it.each([
    ['', [start, state, message]],
    ['start', [start]],
    ['START worker', [start]],
    ['"force":true', [start]],
    ['writeitdown', [state]],
    ['slow', [state]],
    ['"return"', [message]],
    ['-worker', [message]],
    ['actor:work', [start, state]],
    ['actor:start', []],
    ['event:start', [start]],
    ['state:on.', [state]],
    ['-state:on event:/^s.*t/', [start]],
    ['state:"on.slow"', [state]],
    ['/on\\.(slow|fast)\\b/', [state]],
    ['/tmp/x', []],
    ['"', [start, state, message]],
    ['actor:', [start, state, message]],
  ])('for %j finds the entries with all of its words', (search, expected) => {
    expect(found(search)).toEqual(expected);
  });

  it('with a pattern that is none finds nothing, and says why', () => {
    const query = new Query('/(/');
    expect(query.problem).toBe("This pattern cannot be used: A ')' is missing.");
    expect([query.isEmpty, query.finds(made.entry(start), '')]).toEqual([false, false]);
  });

  it('reads a large value up to a bound only', () => {
    const large = { list: Array.from({ length: 100_000 }, (_, at) => `value ${String(at)}`) };
    expect(boundedJson(large, 1_000).length).toBeLessThan(1_100);
    expect(boundedJson({ a: [1, null, 'x', { b: false }] }, 1_000)).toBe(
      '{"a":[1,null,"x",{"b":false}]}',
    );
  });
});

describe('filtering a long history', () => {
  it('is done in slices, the newest entries first', () => {
    const made = new MadeUpModel('recording');
    made.actor('p1/a');
    for (let count = 0; count < 1_000; count += 1) made.event('p1/a', 'E');
    const entries = new TimelineEntries(made.model, new FilterRules(made.model, SETTINGS));
    entries.work(() => true);
    const first = entries.seqs.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(1_001);
    expect(entries.seqs.at(first - 1)).toBe(1_001);
    expect(entries.progress).toBeGreaterThan(0);
    expect(entries.progress).toBeLessThan(1);
    const newer = made.event('p1/a', 'E');
    while (entries.progress !== undefined) entries.work(() => true);
    expect([entries.seqs.length, entries.seqs.at(1_001)]).toEqual([1_002, newer]);
  });

  it('forgets what the history drops', () => {
    const made = new MadeUpModel();
    made.actor('p1/a');
    const entries = new TimelineEntries(made.model, new FilterRules(made.model, SETTINGS));
    for (let count = 0; count < 20_010; count += 1) made.event('p1/a', 'E');
    entries.work(() => false);
    expect(entries.seqs.length).toBe(20_000);
    made.event('p1/a', 'E');
    entries.work(() => false);
    expect([entries.seqs.length, entries.seqs.at(0)]).toEqual([20_000, made.model.history.oldest]);
  });
});
