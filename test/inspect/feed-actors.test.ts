/** Actors of all kinds, in families: how they are introduced, and how they end. */

import { describe, expect, it } from 'vitest';
import {
  type AnyActorLogic,
  createActor,
  createMachine,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  sendTo,
  type Subscribable,
} from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import { gate, turn } from '../support/signal.ts';
import { listenTo, nodeOf, stateOf } from './support.ts';

const idle = fromCallback(() => undefined);

/** An observable that the test drives. */
function subject() {
  const observers: {
    next?: (value: number) => void;
    error?: (error: unknown) => void;
    complete?: () => void;
  }[] = [];
  const observable = {
    subscribe: (observer: (typeof observers)[number]) => {
      observers.push(observer);
      return { unsubscribe: () => undefined };
    },
  };
  return { observers, observable: observable as Subscribable<number> };
}

/** A machine that runs an actor while it is `on`, and takes whatever comes of it. */
function host(logic: AnyActorLogic) {
  const feed = new Feed();
  const heard = listenTo(feed);
  const machine = createMachine({
    id: 'host',
    initial: 'on',
    states: { on: { invoke: { id: 'child', src: logic, onError: {} } }, off: {} },
    on: { LEAVE: '.off', TELL: { actions: sendTo('child', { type: 'TOLD' }) } },
  });
  const actor = createActor(machine, { id: 'host', inspect: feed.inspect });
  actor.subscribe({ error: () => undefined });
  actor.start();
  return { heard, actor };
}

describe('an actor that is no machine', () => {
  it('is a chart of four statuses, in its parent', () => {
    const { heard, actor } = host(idle);
    const child = heard.registered('child');
    expect(child.parent).toBe(actor.sessionId);
    expect(child.wirechart).toMatchObject({ kind: 'actor', status: 'active' });
    expect(Object.keys(nodeOf(child.machine).states)).toContain(stateOf(child).value);
    expect(stateOf(child).context).toEqual({});
  });

  it('is active, then done with an output, as a promise', async () => {
    const opened = gate();
    const { heard } = host(fromPromise(() => opened.opened.then(() => ({ n: 1n }))));
    opened.open();
    await heard.until(({ story }) => story.includes('stop child'));
    expect(heard.statesOf('child').map((state) => stateOf(state).value)).toEqual([
      'active',
      'done',
    ]);
    expect(heard.statesOf('child').at(-1)?.wirechart).toMatchObject({
      status: 'done',
      output: { n: '1n' },
    });
  });

  it('is in error, with the error, as a promise that rejects', async () => {
    const { heard } = host(fromPromise(() => Promise.reject(new TypeError('broken'))));
    await heard.until(({ story }) => story.includes('stop child'));
    expect(heard.statesOf('child').at(-1)?.wirechart).toMatchObject({
      status: 'error',
      error: { name: 'TypeError', message: 'broken' },
    });
    expect(heard.story).toContain('event host error.platform.child from child');
  });

  it('is stopped when its parent leaves the state, as a callback', () => {
    const { heard, actor } = host(idle);
    actor.send({ type: 'TELL' });
    expect(heard.story.slice(-4)).toEqual([
      'event host TELL',
      'event child TOLD from host',
      'state child active',
      'state host on',
    ]);
    actor.send({ type: 'LEAVE' });
    expect(heard.story.slice(-4)).toEqual([
      'event host LEAVE',
      'state child stopped',
      'stop child',
      'state host off',
    ]);
  });

  it('is done when it completes, and in error when it fails, as an observable', () => {
    const [one, other] = [subject(), subject()];
    const { heard } = host(fromObservable(() => one.observable));
    one.observers[0]?.next?.(5);
    one.observers[0]?.complete?.();
    expect(heard.statesOf('child').map((state) => stateOf(state).value)).toEqual([
      'active',
      'active',
      'done',
    ]);
    const failing = host(fromObservable(() => other.observable)).heard;
    other.observers[0]?.error?.('broken');
    expect(failing.statesOf('child').at(-1)?.wirechart).toMatchObject({ error: 'broken' });
    expect(failing.story).toContain('stop child');
  });

  it('has no context that is shown, as a reducer', () => {
    const { heard, actor } = host(fromTransition((count: number) => count + 1, 0));
    actor.send({ type: 'TELL' });
    expect(heard.statesOf('child')).toHaveLength(2);
    expect(stateOf(heard.last('service.state'))).toMatchObject({ value: 'on' });
  });
});

describe('an actor that fails without a word of XState', () => {
  const thrower = () => {
    throw new Error('broken');
  };
  const error = { name: 'Error', message: 'broken' };

  it.each<[string, AnyActorLogic, string]>([
    ['a callback that throws', fromCallback(thrower), 'error'],
    ['an observable that cannot be made', fromObservable(thrower), 'error'],
    ['a machine without a context', createMachine({ context: thrower, id: 'm' }), '{}'],
    ['a machine that throws as it starts', createMachine({ entry: thrower }), '{}'],
    ['a reducer without a first state', fromTransition((state: number) => state, thrower), 'error'],
  ])('at its start is told to be in error: %s', async (_, logic, value) => {
    const { heard } = host(logic);
    await turn();
    const last = heard.statesOf('child').at(-1);
    expect(last?.wirechart).toMatchObject({ status: 'error', error });
    expect(heard.story).toContain('stop child');
    expect(last && stateOf(last).value).toEqual(value === '{}' ? {} : value);
    expect(Object.keys(nodeOf(heard.registered('child').machine).states)).toEqual(
      value === '{}' ? [] : ['active', 'done', 'error', 'stopped'],
    );
  });

  it.each<[string, AnyActorLogic]>([
    ['a machine', createMachine({ on: { TOLD: { actions: thrower } } })],
    ['a reducer', fromTransition(thrower, 0)],
    [
      'a callback',
      fromCallback(({ receive }) => {
        receive(thrower);
      }),
    ],
  ])('at an event is told to be in error: %s', async (_, logic) => {
    const { heard, actor } = host(logic);
    actor.send({ type: 'TELL' });
    await turn();
    const last = heard.statesOf('child').at(-1);
    expect(last?.wirechart).toMatchObject({ status: 'error', error });
    expect(last && stateOf(last).event).toEqual({ type: 'TOLD' });
    expect(heard.story.filter((line) => line === 'stop child')).toHaveLength(1);
  });

  it('may be one whose cleaning up throws', async () => {
    const { heard, actor } = host(fromCallback(() => thrower));
    actor.send({ type: 'LEAVE' });
    await turn();
    expect(heard.statesOf('child').at(-1)?.wirechart).toMatchObject({ status: 'error', error });
    expect(heard.story).toContain('stop child');
  });

  it('may be the root', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(createMachine({ on: { GO: { actions: thrower } } }), {
      id: 'root',
      inspect: feed.inspect,
    });
    actor.subscribe({ error: () => undefined });
    actor.start();
    actor.send({ type: 'GO' });
    await turn();
    expect(heard.story.slice(-3)).toEqual(['event root GO', 'state root {} (error)', 'stop root']);
    expect(heard.last('service.state').wirechart).toMatchObject({ error });
  });

  it('may be one that ends with it, because nobody took its error', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const machine = createMachine({
      invoke: { id: 'child', src: fromPromise(() => Promise.reject(new Error('broken'))) },
    });
    const actor = createActor(machine, { id: 'root', inspect: feed.inspect });
    actor.subscribe({ error: () => undefined });
    actor.start();
    await heard.until(({ story }) => story.includes('stop root') && story.includes('stop child'));
    expect(heard.statesOf('root').at(-1)?.wirechart).toMatchObject({ status: 'error', error });
  });
});

describe('a family of machines', () => {
  const grandchild = createMachine({
    id: 'grandchild',
    initial: 'a',
    states: { a: { on: { GO: 'b' } }, b: {} },
  });
  const child = createMachine({
    id: 'child',
    type: 'parallel',
    states: {
      left: { initial: 'one', states: { one: { on: { GO: 'two' } }, two: {} } },
      right: { invoke: { id: 'grandchild', src: grandchild } },
    },
    on: { GO: { actions: sendTo('grandchild', { type: 'GO' }) } },
  });
  const root = createMachine({
    id: 'root',
    invoke: { id: 'child', src: child },
    on: { GO: { actions: sendTo('child', { type: 'GO' }) } },
  });

  it('is told of with parents first, and children before their parents are done with the event', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(root, { id: 'root', inspect: feed.inspect }).start();
    expect(heard.story.filter((line) => line.startsWith('register'))).toEqual([
      'register root {}',
      'register child in root {"left":"one","right":{}}',
      'register grandchild in child a',
    ]);
    heard.forget();
    actor.send({ type: 'GO' });
    expect(heard.of('service.event').length).toBe(2);
    expect(heard.of('service.state').map((state) => stateOf(state).value)).toEqual([
      { left: 'two', right: {} },
      {},
    ]);
  });

  it('is told to be stopped, children first, when the root is', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(root, { id: 'root', inspect: feed.inspect }).start();
    actor.stop();
    const stops = heard.story.filter((line) => line.startsWith('stop'));
    expect(stops).toEqual(['stop grandchild', 'stop child', 'stop root']);
    expect(heard.statesOf('grandchild').at(-1)?.wirechart.status).toBe('stopped');
  });
});
