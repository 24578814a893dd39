/** What a receiver relies on to say of each event whether it was handled, and by which transition. */

import { describe, expect, it } from 'vitest';
import {
  type AnyEventObject,
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  enqueueActions,
  raise,
  sendTo,
} from 'xstate';
import { toV4Name } from '../../src/inspect/names.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, keepAlive, type MessageLog, stateOf, watch } from './support.ts';

expectIdleAfterEach();

function started(machine: AnyStateMachine, before: readonly AnyEventObject[] = []) {
  const feed = new Feed();
  const log = watch(feed);
  const actor = keepAlive(createActor(machine, { id: 'm', inspect: feed.inspect }));
  for (const event of before) actor.send(event);
  actor.start();
  return { log, actor };
}

/** Events as `> NAME`, states as `< NAME` with the event that they are of, in the order of the messages. */
const orderOf = (log: MessageLog): string[] =>
  log.messages.flatMap((message) => {
    if (message.type === 'service.event') return [`> ${eventOf(message).name}`];
    return message.type === 'service.state' ? [`< ${stateOf(message)._event.name}`] : [];
  });

describe('the states of an actor', () => {
  it('follow its events in the order in which these have arrived', () => {
    const machine = createMachine({
      on: {
        FIRST: {
          actions: [sendTo(({ self }) => self, { type: 'OWN' }), raise({ type: 'RAISED' })],
        },
        SECOND: {},
        RAISED: { actions: sendTo(({ self }) => self, { type: 'LATER' }) },
      },
    });
    const { log, actor } = started(machine);
    actor.send({ type: 'FIRST' });
    actor.send({ type: 'SECOND' });
    expect(orderOf(log)).toEqual([
      ...['> xstate.init', '< xstate.init'],
      ...['> FIRST', '> OWN', '> LATER', '< FIRST', '< OWN', '< LATER'],
      ...['> SECOND', '< SECOND'],
    ]);
  });

  it('follow the events that were sent before it started', () => {
    const { log } = started(createMachine({ on: { A: {} } }), [{ type: 'A' }, { type: 'B' }]);
    const order = orderOf(log);
    expect(order.filter((line) => line.startsWith('<'))).toEqual(['< xstate.init', '< A', '< B']);
  });

  it('are one for each event that a subscriber sends', () => {
    const { log, actor } = started(createMachine({ on: { A: {}, B: {} } }));
    const subscription = actor.subscribe(() => {
      subscription.unsubscribe();
      actor.send({ type: 'B', n: 1 });
      actor.send({ type: 'B', n: 2 });
    });
    actor.send({ type: 'A' });
    expect(orderOf(log).slice(2)).toEqual(['> A', '> B', '> B', '< A', '< B', '< B']);
  });

  it('include that of the event at which it failed, though others wait', async () => {
    const machine = createMachine({
      on: {
        GO: { actions: sendTo(({ self }) => self, { type: 'FAIL' }) },
        FAIL: {
          actions: [
            sendTo(({ self }) => self, { type: 'LATE' }),
            assign(() => {
              throw new Error('torn');
            }),
          ],
        },
      },
    });
    const { log, actor } = started(machine);
    actor.subscribe({ error: () => undefined });
    actor.send({ type: 'GO' });
    await log.until(({ messages }) => messages.some(({ type }) => type === 'service.stop'));
    expect(orderOf(log).slice(-1)).toEqual(['< FAIL']);
    expect(log.last('service.state').wirechart.status).toBe('error');
  });
});

describe('a transition that was taken', () => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    context: { n: 0 },
    states: {
      a: {
        on: {
          GO: [
            { guard: ({ event }) => event['to'] === 'b', target: 'b' },
            { guard: ({ event }) => event['to'] === 'c', target: 'c' },
            { target: 'd' },
          ],
          '*': { actions: enqueueActions(() => undefined) },
        },
      },
      b: {},
      c: { always: [{ guard: () => false, target: 'b' }, { target: 'd' }] },
      d: {},
    },
  });

  it.each([
    ['b', [['GO', undefined]]],
    [
      'c',
      [
        ['GO', 1],
        ['', 1],
      ],
    ],
    ['d', [['GO', 2]]],
  ])('says which candidate it is, if not the first: to %s', (to, expected) => {
    const { log, actor } = started(machine);
    actor.send({ type: 'GO', to });
    const taken = (log.last('service.state').wirechart.microsteps ?? [])
      .flatMap(({ transitions }) => transitions)
      .map(({ event, index }) => [event, index]);
    expect(taken).toEqual(expected);
  });

  it('says which wildcard has matched', () => {
    const { log, actor } = started(machine);
    actor.send({ type: 'OTHER' });
    expect(log.last('service.state').wirechart.microsteps).toEqual([
      {
        event: 'OTHER',
        value: 'a',
        transitions: [{ source: 'm.a', event: '*', target: [] }],
      },
    ]);
  });

  it('is that of the definition: its index counts the candidates for its event there', () => {
    const delayed = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          after: {
            5: [
              { guard: () => false, target: 'b' },
              { guard: () => true, target: 'c' },
            ],
          },
          on: { X: 'b' },
        },
        b: {},
        c: {},
      },
    });
    const { log, actor } = started(delayed);
    const type = 'xstate.after.5.m.a';
    actor.send({ type });
    const [step] = log.last('service.state').wirechart.microsteps ?? [];
    const [taken] = step?.transitions ?? [];
    expect(taken).toEqual({ source: 'm.a', event: toV4Name(type), target: ['m.c'], index: 1 });
    const { states } = JSON.parse(log.registered('m').machine) as {
      states: Record<string, { on: Record<string, { target: string[] }[]> }>;
    };
    expect(states['a']?.on[taken?.event ?? '']?.[taken?.index ?? 0]?.target).toEqual(['#m.c']);
  });
});
