/** The moment to which a page is pinned, and what led to what in it. */

import { describe, expect, it } from 'vitest';
import { MadeUpModel } from './page-model.ts';

/** A machine that was at `calm`, got BOOM, and went to `torn`. */
function pinnedAtCalm() {
  const made = new MadeUpModel();
  const { model } = made;
  made.actor('p1/x:0');
  const calm = made.state('p1/x:0', 'calm', 'REST');
  made.event('p1/x:0', 'BOOM');
  made.state('p1/x:0', 'torn', 'BOOM');
  return { made, model, calm };
}

describe('a page that is pinned to a moment', () => {
  it('shows the states of that moment until it is live again', () => {
    const { model, calm } = pinnedAtCalm();
    expect([model.isLive, model.stateOf('p1/x:0')?.value]).toEqual([true, 'torn']);
    model.pin(calm);
    expect([model.isLive, model.cursor, model.stateOf('p1/x:0')?.value]).toEqual([
      false,
      calm,
      'calm',
    ]);
    model.goLive();
    expect([model.cursor, model.stateOf('p1/x:0')?.value]).toEqual([undefined, 'torn']);
  });

  it('shows it when its entries are no longer kept, and the actor has long ended', () => {
    const { made, model, calm } = pinnedAtCalm();
    model.pin(calm);
    made.stop('p1/x:0');
    for (let count = 0; count < 20_000; count += 1) made.event('p1/x:1', 'TICK');
    expect(model.history.entry(calm)).toBeUndefined();
    expect(model.history.actors.has('p1/x:0')).toBe(false);
    expect(model.entry).toMatchObject({ seq: calm, kind: 'state' });
    expect(model.isAlive('p1/x:0')).toBe(true);
    expect(model.stateOf('p1/x:0')?.value).toBe('calm');
    expect([...model.actors()].map(({ id }) => id)).toEqual(['p1/x:0']);
    expect(model.statesOf('p1/x:0').map(({ state }) => state.value)).toEqual(['calm']);
  });

  it('does not know actors that started later', () => {
    const { made, model, calm } = pinnedAtCalm();
    made.actor('p1/x:7');
    model.pin(calm);
    expect([model.actorOf('p1/x:7'), model.stateOf('p1/x:7')]).toEqual([undefined, undefined]);
    expect(model.isAlive('p1/x:7')).toBe(false);
  });

  it('stays where it is when it pauses, and when an entry is pinned that is not kept', () => {
    const { model, calm } = pinnedAtCalm();
    model.pin(calm);
    model.pause();
    model.pin(999_999);
    expect(model.cursor).toBe(calm);
  });

  it('pauses at the newest entry', () => {
    const { made, model } = pinnedAtCalm();
    model.pause();
    const paused = model.cursor;
    made.state('p1/x:0', 'mended', 'FIX');
    expect([paused, model.stateOf('p1/x:0')?.value]).toEqual([made.seq - 1, 'torn']);
  });

  it('keeps the moment when it gets everything again, and not when another inspector answers', () => {
    const { made, model, calm } = pinnedAtCalm();
    model.pin(calm);
    model.receive({ type: 'hello', control: false, wire: false, newest: made.seq });
    expect([model.cursor, model.stateOf('p1/x:0')?.value]).toEqual([calm, 'calm']);
    model.receive({ type: 'hello', control: false, wire: false, newest: 0 });
    expect(model.isLive).toBe(true);
  });
});

describe('an event', () => {
  it('is paired with the state that it led to, in the order of arrival', () => {
    const made = new MadeUpModel();
    const { model } = made;
    made.actor('p1/x:0');
    const events = [made.event('p1/x:0', 'A'), made.event('p1/x:0', 'A')];
    made.event('p1/x:0', 'LOST');
    const other = made.event('p1/x:0', 'B');
    const states = [made.state('p1/x:0', '1', 'A'), made.state('p1/x:0', '2', 'A')];
    const last = made.state('p1/x:0', '3', 'B');
    const outcomeOf = (seq: number) => {
      const entry = model.history.entry(seq);
      return entry?.kind === 'event' ? model.outcomeOf(entry)?.seq : undefined;
    };
    expect(events.map(outcomeOf)).toEqual(states);
    expect([outcomeOf(other), outcomeOf(other - 1)]).toEqual([last, undefined]);
    const entry = model.history.entry(last);
    expect(entry?.kind === 'state' && model.causeOf(entry)?.seq).toBe(other);
  });
});
