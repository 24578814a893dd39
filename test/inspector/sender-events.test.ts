import { expect, test } from 'vitest';
import { acceptedEvents, dataOf, SentEvents } from '../../inspector/page/sender-events.ts';

const transition = (event: string) => ({ event, target: [] });

/** A machine with a compound state whose state `b` is not active. */
const STATES = [
  { id: 'm', key: 'm', kind: 'compound', transitions: [transition('RESET'), transition('*')] },
  {
    id: 'm.a',
    key: 'a',
    kind: 'compound',
    parent: 'm',
    transitions: [transition('user.*'), transition('done.deal')],
  },
  {
    id: 'm.a.x',
    key: 'x',
    kind: 'atomic',
    parent: 'm.a',
    transitions: [
      'GO',
      '',
      'done.invoke.y',
      'error.platform.y',
      'done.state.m.a',
      'xstate.after(1)#m.a.x',
    ].map(transition),
  },
  { id: 'm.b', key: 'b', kind: 'atomic', parent: 'm', transitions: [transition('HIDDEN')] },
];

test('accepted events are those of the active states, without the ones that XState itself sends', () => {
  expect(acceptedEvents(STATES, { a: 'x' }, undefined)).toEqual({
    names: ['GO', 'done.deal', 'RESET'],
    prefixes: ['user.'],
    isAny: true,
  });
});

test('a program that takes only some events is offered only these', () => {
  expect(acceptedEvents(STATES, { a: 'x' }, ['RESET', 'OTHER'])).toEqual({
    names: ['RESET'],
    prefixes: [],
    isAny: false,
  });
});

test('the data is a JSON object, or a sentence says what is wrong', () => {
  expect(dataOf(' ')).toEqual({ data: {} });
  expect(dataOf('{"a": [1]}')).toEqual({ data: { a: [1] } });
  for (const text of ['[1]', '1', 'null'])
    expect(dataOf(text)).toEqual({
      problem: 'The data must be a JSON object, such as {"force": true}.',
    });
  expect(dataOf('{')).toEqual({
    problem: expect.stringMatching(/^The data is not valid JSON: .+\.$/) as string,
  });
});

test('sent events are recalled from the latest to the oldest, and an empty one comes last', () => {
  const events = new SentEvents();
  expect(events.step(-1)).toBeUndefined();
  for (const type of ['A', 'B', 'B']) events.add({ type, data: '' });
  const types = ([-1, -1, -1, 1, 1, 1] as const).map((by) => events.step(by)?.type);
  expect(types).toEqual(['B', 'A', undefined, 'B', '', undefined]);
});
