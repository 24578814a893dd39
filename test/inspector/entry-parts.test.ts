import { expect, test } from 'vitest';
import { columnsOf, StateTimes } from '../../inspector/page/detail-times.ts';
import { bytesIn, hexDump } from '../../inspector/page/entry-bytes.ts';
import { deadlineChanges } from '../../inspector/page/entry-facts.ts';
import { MAX_ROWS, partsOf, searchIn } from '../../inspector/page/json-view-parts.ts';
import type { ActorState, Json, StateEntry } from '../../inspector/shared/view.ts';

const state = (value: string, at: number): ActorState => ({
  at,
  status: 'active',
  value,
  context: {},
  event: 'E',
});

const entry = (seq: number, value: string, at: number): StateEntry => ({
  type: 'entry',
  kind: 'state',
  seq,
  at,
  actor: 'p/x:0',
  size: 1,
  state: state(value, at),
});

test('binary messages are shown as hexadecimal digits and ASCII', () => {
  const reported = bytesIn('[20 bytes 48656c6c6f00ff7f…]');
  expect(reported).toEqual({ size: 20, bytes: [0x48, 0x65, 0x6c, 0x6c, 0x6f, 0, 0xff, 0x7f] });
  expect(hexDump(reported?.bytes ?? [])).toBe(
    `0000  48 65 6c 6c 6f 00 ff 7f${' '.repeat(24)}  Hello...`,
  );
  expect(hexDump(Array.from({ length: 17 }, () => 0x41)).split('\n')[1]).toMatch(/^0010 {2}41 +A$/);
  for (const text of ['[20 bytes of PEM]', '[1]', '{"a":1}', '[2 bytes 4]'])
    expect(bytesIn(text)).toBeUndefined();
});

test('deadlines were set, have passed, or were cancelled', () => {
  const running = (event: string, startedAt: number) => ({ event, ms: 10, startedAt });
  const before = {
    ...state('a', 0),
    deadlines: [running('X', 1), running('Y', 1), running('Z', 1)],
  };
  const after = { ...state('b', 0), event: 'X', deadlines: [running('Z', 1), running('X', 2)] };
  expect(deadlineChanges(before, after)).toEqual({
    started: [running('X', 2)],
    fired: [running('X', 1)],
    cancelled: [running('Y', 1)],
  });
});

test('the time in each state counts each stay, and the present one up to now', () => {
  const times = new StateTimes(state('a', 0));
  const states = [entry(1, 'b', 10), entry(2, 'b', 15), entry(3, 'a', 40), entry(4, 'b', 45)];
  times.add(states.slice(0, 2), 10);
  times.add(states, 10);
  const rows = times.rows(50).map(({ name, stays }) => [name, stays.count, columnsOf(stays)[0]]);
  expect(rows).toEqual([
    ['b', 2, 35],
    ['a', 2, 15],
  ]);
});

test('states after the moment are not counted yet', () => {
  const times = new StateTimes(state('a', 0));
  times.add([entry(1, 'b', 10), entry(2, 'a', 40)], 1);
  expect(times.rows(20).map(({ name, stays }) => [name, stays.total])).toEqual([
    ['a', 10_000],
    ['b', 10_000],
  ]);
});

test('a value of any size has at most 100 rows below it, and ranges lead to all of them', () => {
  const value: Json = Array.from({ length: 100_000 }, (_, at) => at);
  const seen: unknown[] = [];
  const visit = (content: Parameters<typeof partsOf>[0]): void => {
    const parts = partsOf(content);
    expect(parts.length).toBeLessThanOrEqual(MAX_ROWS);
    for (const part of parts) {
      if (part.key === undefined) visit(part.content);
      else seen.push(part.content.value);
    }
  };
  visit({ value });
  expect(seen).toEqual(value);
});

test('a search finds names and values, whatever their case', () => {
  const value = { User: { name: 'Ada' }, list: ['ADA', 7, null], user2: 1 };
  expect(searchIn(value, 'ada')).toEqual([
    ['User', 'name'],
    ['list', 0],
  ]);
  expect(searchIn(value, 'user')).toEqual([['User'], ['user2']]);
  expect(searchIn(value, '')).toEqual([]);
  expect(
    searchIn(
      Array.from({ length: 10_000 }, () => 'x'),
      'x',
    ).length,
  ).toBe(500);
});
