/** How the page writes names, durations and events. */

import { expect, test } from 'vitest';
import { actorName, duration, eventText, nameParts } from '../../inspector/page/format.ts';
import { actorView } from './views.ts';

test.each([
  [0.123, '0.12 ms'],
  [45.6, '45.6 ms'],
  [999, '999 ms'],
  [7_890, '7.89 s'],
  [99_000, '99.0 s'],
  [100_000, '2 min'],
  [3_569_000, '59 min'],
  // Just below an hour is an hour, not 60 min.
  [3_599_999, '1 h'],
  [5_400_000, '1 h 30 min'],
  [89_940_000, '24 h 59 min'],
  [172_800_000, '2 d'],
  [273_600_000, '3 d 4 h'],
  [-1, ''],
  [Infinity, ''],
])('a duration of %d ms is written as %j', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  ['xstate.after(250)#m.a', 'after 250 ms'],
  ['xstate.after(9999)#m.a', 'after 9999 ms'],
  ['xstate.after(60000)#m.a', 'after 60 s'],
  ['xstate.after(90500)#m.a', 'after 90.5 s'],
  ['xstate.after(600000)#m.a', 'after 10 min'],
  ['xstate.after(7200000)#m.a', 'after 2 h'],
  ['xstate.after(patience)#m.a', 'after patience'],
  ['done.invoke.bank', 'bank done'],
  ['done.invoke.0.checkout.flow.paying', 'actor of paying done'],
  ['error.platform.1.(machine).on', 'actor 2 of on failed'],
  ['done.invoke.0', '0 done'],
  ['done.invoke.2024.', '2024. done'],
  ['', 'always'],
])('the event %j is written as %j', (name, text) => {
  expect(eventText(name)).toBe(text);
});

test('a machine without an id of its own is called by its machine, and its session tells it from others', () => {
  const unnamed = actorView('p1/x:7', { name: 'x:7', machine: 'checkout' });
  expect(nameParts(unnamed)).toEqual(['checkout', 'x:7']);
  expect(actorName(unnamed)).toBe('checkout x:7');
  expect(actorName(actorView('p1/x:7', { name: 'x:7' }))).toBe('machine x:7');
  expect(actorName({ ...unnamed, name: 'vm1' })).toBe('vm1');
  expect(actorName({ ...unnamed, kind: 'actor' })).toBe('x:7');
});

test('an actor without an id of its own is called by the state that has invoked it', () => {
  const invoked = actorView('p1/x:8', { name: '0.checkout.flow.paying', kind: 'actor' });
  expect(actorName(invoked)).toBe('actor of paying');
  expect(actorName({ ...invoked, kind: 'machine', name: '2.checkout' })).toBe(
    'actor 3 of checkout',
  );
  expect(actorName({ ...invoked, name: 'v1.2' })).toBe('v1.2');
});
