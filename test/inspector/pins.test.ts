import { expect, test } from 'vitest';
import {
  changesOf,
  type Pin,
  Pins,
  sparkline,
  textOfPin,
  valueOfPin,
} from '../../inspector/page/pins.ts';
import type { ActorState, Json, StateEntry } from '../../inspector/shared/view.ts';

const pin = (...path: readonly (string | number)[]): Pin => ({
  actor: [
    { name: 'program', index: 0 },
    { name: 'shop', index: 0 },
  ],
  root: 'context',
  path,
});

const state = (context: Json, at = 0): ActorState => ({
  at,
  status: 'active',
  value: 'a',
  context,
  event: 'E',
});

const entry = (seq: number, context: Json): StateEntry => ({
  type: 'entry',
  kind: 'state',
  seq,
  at: seq,
  actor: 'p/x:0',
  size: 1,
  state: state(context, seq),
});

/** A storage, and what is in it. */
function storage(stored?: string) {
  const kept = { text: stored };
  const write = (text: string) => {
    kept.text = text;
  };
  return { kept, storage: { read: () => kept.text, write } };
}

test('pins are kept, toggled and found again', () => {
  const { storage: first } = storage();
  const pins = new Pins(first);
  expect(pins.toggle(pin('user', 'tags', 0))).toBe(true);
  const again = new Pins(first);
  expect(again.all.map(textOfPin)).toEqual(['context.user.tags[0]']);
  expect(again.toggle(pin('user', 'tags', 0))).toBe(false);
  expect(new Pins(first).all).toEqual([]);
});

test('at most 20 pins are kept, the newest ones, as far as there is room to store them', () => {
  const { storage: some, kept } = storage();
  const pins = new Pins(some);
  for (let at = 0; at < 30; at += 1) pins.toggle(pin(`key${String(at)}`));
  expect(pins.all.map(textOfPin)).toEqual(
    Array.from({ length: 20 }, (_, at) => `context.key${String(at + 10)}`),
  );
  for (let at = 0; at < 10; at += 1) pins.toggle(pin(`${String(at)}${'x'.repeat(1_000)}`));
  expect(pins.all.length).toBe(20);
  expect(kept.text?.length).toBeLessThanOrEqual(4_000);
  expect(new Pins(some).all.at(-1)).toEqual(pin(`9${'x'.repeat(1_000)}`));
});

test('what is stored is not trusted', () => {
  const hostile = [
    null,
    7,
    {},
    { actor: 'x', root: 'context', path: [] },
    { actor: [{ name: 'x', index: -1 }], root: 'context', path: [] },
    { actor: [], root: '__proto__', path: [] },
    { actor: [], root: 'context', path: [{}] },
    { actor: [], root: 'context', path: Array.from({ length: 100 }, () => 'x') },
    { actor: [], root: 'context', path: ['x'.repeat(5_000)] },
  ];
  expect(new Pins(storage(JSON.stringify([...hostile, pin('ok')])).storage).all).toEqual([
    pin('ok'),
  ]);
  for (const text of ['', '{', '{"length":3}', '"x"'])
    expect(new Pins(storage(text).storage).all).toEqual([]);
});

test('a pinned value is read from the context, the output or the state', () => {
  const now: ActorState = { ...state({ n: [1, 2] }), output: { ok: true }, value: { a: 'b' } };
  expect(valueOfPin(pin('n', 1), now)).toBe(2);
  expect(valueOfPin({ ...pin('ok'), root: 'output' }, now)).toBe(true);
  expect(valueOfPin({ ...pin('a'), root: 'value' }, now)).toBe('b');
  expect(valueOfPin(pin('constructor'), now)).toBeUndefined();
});

test('the changes of a value are those up to the moment, and the latest of them', () => {
  const states = [1, 1, 2, { a: 1 }, { a: 1 }, 3].map((n, at) => entry(at + 1, { n }));
  expect(changesOf(pin('n'), states, 5, 10).map(({ seq, value }) => [seq, value])).toEqual([
    [1, 1],
    [3, 2],
    [4, { a: 1 }],
  ]);
  expect(changesOf(pin('n'), states, 6, 1).map(({ value }) => value)).toEqual([3]);
  expect(changesOf(pin('n'), [], 5, 10)).toEqual([]);
});

test('a sparkline runs from left to right and from bottom to top', () => {
  expect(sparkline([0, 5, 10], 100, 10)).toBe('0.0,10.0 50.0,5.0 100.0,0.0');
  expect(sparkline([3, 3], 100, 10)).toBe('0.0,5.0 100.0,5.0');
  expect(sparkline([3], 100, 10)).toBe('');
});
