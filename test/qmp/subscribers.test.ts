/** Which subscribers get which event. */

import { describe, expect, it } from 'vitest';
import { type Names, type Subscriber, Subscribers } from '../../src/qmp/events/subscribers.ts';

const eventOf = (event: string) => ({
  event,
  data: undefined,
  timestamp: { seconds: 1, microseconds: 2 },
});

describe('subscribers', () => {
  const registry = () => {
    const subscribers = new Subscribers();
    const received: string[] = [];
    const subscribe = (id: string, names: Names, then?: (self: Subscriber) => void) => {
      const subscriber: Subscriber = {
        push: ({ event }) => {
          received.push(`${id} ${event}`);
          then?.(subscriber);
        },
      };
      subscribers.add(names, subscriber);
      return subscriber;
    };
    return { subscribers, received, subscribe };
  };

  it('of all events come first, then those of the name, in the order of registration', () => {
    const { subscribers, received, subscribe } = registry();
    subscribe('one', ['A', 'B']);
    subscribe('all', undefined);
    subscribe('two', ['B']);
    subscribers.push(eventOf('B'));
    subscribers.push(eventOf('C'));
    expect(received).toEqual(['all B', 'one B', 'two B', 'all C']);
  });

  it('are asked nothing of events with other names', () => {
    const { subscribers } = registry();
    const untouchable: Subscriber = {
      push: () => expect.unreachable(),
      get listener() {
        return expect.unreachable();
      },
    };
    for (let count = 0; count < 100; count += 1) {
      subscribers.add([`OTHER_${String(count)}`], untouchable);
    }
    expect(subscribers.has('MINE')).toBe(false);
    subscribers.push(eventOf('MINE'));
    expect(subscribers.has('OTHER_99')).toBe(true);
  });

  it('that are removed, and those of no names, leave nothing behind', () => {
    const { subscribers, subscribe } = registry();
    const named = subscribe('named', ['A', 'B']);
    const all = subscribe('all', undefined);
    subscribe('none', []);
    subscribers.remove(['A', 'B'], named);
    expect(['A', 'B'].map((name) => subscribers.has(name))).toEqual([true, true]);
    subscribers.remove(undefined, all);
    expect(['A', 'B'].map((name) => subscribers.has(name))).toEqual([false, false]);
  });

  it('that change while an event is passed get it if they were there before', () => {
    const { subscribers, received, subscribe } = registry();
    subscribe('first', ['A'], (self) => {
      subscribers.remove(['A'], self);
      subscribers.remove(['A'], second);
      subscribe('new', ['A']);
    });
    const second = subscribe('second', ['A']);
    subscribers.push(eventOf('A'));
    subscribers.push(eventOf('A'));
    expect(received).toEqual(['first A', 'second A', 'new A']);
  });
});
