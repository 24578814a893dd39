/** How actors of all kinds, and their children, are registered and how they end. */

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
import { watch, nodeOf, stateOf } from './support.ts';

const idle = fromCallback(() => undefined);

/** An observable controlled by the test. */
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

/** A machine that runs an actor while it is `on` and handles its result. */
function host(logic: AnyActorLogic) {
  const feed = new Feed();
  const log = watch(feed);
  const machine = createMachine({
    id: 'host',
    initial: 'on',
    states: { on: { invoke: { id: 'child', src: logic, onError: {} } }, off: {} },
    on: { LEAVE: '.off', FORWARD: { actions: sendTo('child', { type: 'FORWARDED' }) } },
  });
  const actor = createActor(machine, { id: 'host', inspect: feed.inspect });
  actor.subscribe({ error: () => undefined });
  actor.start();
  return { log, actor };
}

describe('an actor that is not a machine', () => {
  it('is a chart of four statuses below its parent', () => {
    const { log, actor } = host(idle);
    const child = log.registered('child');
    expect(child.parent).toBe(actor.sessionId);
    expect(child.wirechart).toMatchObject({ kind: 'actor', status: 'active' });
    expect(Object.keys(nodeOf(child.machine).states)).toContain(stateOf(child).value);
    expect(stateOf(child).context).toEqual({});
  });

  it('is active, then done with an output, when its promise resolves', async () => {
    const opened = gate();
    const { log } = host(fromPromise(() => opened.opened.then(() => ({ n: 1n }))));
    opened.open();
    await log.until(({ summary }) => summary.includes('stop child'));
    expect(log.statesOf('child').map((state) => stateOf(state).value)).toEqual(['active', 'done']);
    expect(log.statesOf('child').at(-1)?.wirechart).toMatchObject({
      status: 'done',
      output: { n: '1n' },
    });
  });

  it('is in error, with the error, when its promise rejects', async () => {
    const { log } = host(fromPromise(() => Promise.reject(new TypeError('broken'))));
    await log.until(({ summary }) => summary.includes('stop child'));
    expect(log.statesOf('child').at(-1)?.wirechart).toMatchObject({
      status: 'error',
      error: { name: 'TypeError', message: 'broken' },
    });
    expect(log.summary).toContain('event host error.platform.child from child');
  });

  it('is stopped when its parent leaves the state, when it is a callback', () => {
    const { log, actor } = host(idle);
    actor.send({ type: 'FORWARD' });
    expect(log.summary.slice(-4)).toEqual([
      'event host FORWARD',
      'event child FORWARDED from host',
      'state child active',
      'state host on',
    ]);
    actor.send({ type: 'LEAVE' });
    expect(log.summary.slice(-4)).toEqual([
      'event host LEAVE',
      'state child stopped',
      'stop child',
      'state host off',
    ]);
  });

  it('is done when its observable completes, and in error when it fails', () => {
    const [one, other] = [subject(), subject()];
    const { log } = host(fromObservable(() => one.observable));
    one.observers[0]?.next?.(5);
    one.observers[0]?.complete?.();
    expect(log.statesOf('child').map((state) => stateOf(state).value)).toEqual([
      'active',
      'active',
      'done',
    ]);
    const failing = host(fromObservable(() => other.observable)).log;
    other.observers[0]?.error?.('broken');
    expect(failing.statesOf('child').at(-1)?.wirechart).toMatchObject({ error: 'broken' });
    expect(failing.summary).toContain('stop child');
  });

  it('shows no context when it is a reducer', () => {
    const { log, actor } = host(fromTransition((count: number) => count + 1, 0));
    actor.send({ type: 'FORWARD' });
    expect(log.statesOf('child')).toHaveLength(2);
    expect(stateOf(log.last('service.state'))).toMatchObject({ value: 'on' });
  });
});

describe('an actor whose failure XState does not announce', () => {
  const thrower = () => {
    throw new Error('broken');
  };
  const error = { name: 'Error', message: 'broken' };

  it.each<[string, AnyActorLogic, string]>([
    ['a callback that throws', fromCallback(thrower), 'error'],
    ['an observable that cannot be created', fromObservable(thrower), 'error'],
    ['a machine without a context', createMachine({ context: thrower, id: 'm' }), '{}'],
    ['a machine that throws as it starts', createMachine({ entry: thrower }), '{}'],
    [
      'a reducer without an initial state',
      fromTransition((state: number) => state, thrower),
      'error',
    ],
  ])('is reported to be in error when it fails at its start: %s', async (_, logic, value) => {
    const { log } = host(logic);
    await turn();
    const last = log.statesOf('child').at(-1);
    expect(last?.wirechart).toMatchObject({ status: 'error', error });
    expect(log.summary).toContain('stop child');
    expect(last && stateOf(last).value).toEqual(value === '{}' ? {} : value);
    expect(Object.keys(nodeOf(log.registered('child').machine).states)).toEqual(
      value === '{}' ? [] : ['active', 'done', 'error', 'stopped'],
    );
  });

  it.each<[string, AnyActorLogic]>([
    ['a machine', createMachine({ on: { FORWARDED: { actions: thrower } } })],
    ['a reducer', fromTransition(thrower, 0)],
    [
      'a callback',
      fromCallback(({ receive }) => {
        receive(thrower);
      }),
    ],
  ])('is reported to be in error when it fails at an event: %s', async (_, logic) => {
    const { log, actor } = host(logic);
    actor.send({ type: 'FORWARD' });
    await turn();
    const last = log.statesOf('child').at(-1);
    expect(last?.wirechart).toMatchObject({ status: 'error', error });
    expect(last && stateOf(last).event).toEqual({ type: 'FORWARDED' });
    expect(log.summary.filter((line) => line === 'stop child')).toHaveLength(1);
  });

  it('is reported to be in error when its cleanup throws', async () => {
    const { log, actor } = host(fromCallback(() => thrower));
    actor.send({ type: 'LEAVE' });
    await turn();
    expect(log.statesOf('child').at(-1)?.wirechart).toMatchObject({ status: 'error', error });
    expect(log.summary).toContain('stop child');
  });

  it('can be the root', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(createMachine({ on: { GO: { actions: thrower } } }), {
      id: 'root',
      inspect: feed.inspect,
    });
    actor.subscribe({ error: () => undefined });
    actor.start();
    actor.send({ type: 'GO' });
    await turn();
    expect(log.summary.slice(-3)).toEqual(['event root GO', 'state root {} (error)', 'stop root']);
    expect(log.last('service.state').wirechart).toMatchObject({ error });
  });

  it('can be a parent that fails because it does not handle the error of its child', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const machine = createMachine({
      invoke: { id: 'child', src: fromPromise(() => Promise.reject(new Error('broken'))) },
    });
    const actor = createActor(machine, { id: 'root', inspect: feed.inspect });
    actor.subscribe({ error: () => undefined });
    actor.start();
    await log.until(
      ({ summary }) => summary.includes('stop root') && summary.includes('stop child'),
    );
    expect(log.statesOf('root').at(-1)?.wirechart).toMatchObject({ status: 'error', error });
  });
});

describe('a tree of machines', () => {
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

  it('is registered parents first, and children change before their parent has handled the event', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(root, { id: 'root', inspect: feed.inspect }).start();
    expect(log.summary.filter((line) => line.startsWith('register'))).toEqual([
      'register root {}',
      'register child in root {"left":"one","right":{}}',
      'register grandchild in child a',
    ]);
    log.clear();
    actor.send({ type: 'GO' });
    expect(log.of('service.event').length).toBe(2);
    expect(log.of('service.state').map((state) => stateOf(state).value)).toEqual([
      { left: 'two', right: {} },
      {},
    ]);
  });

  it('is reported to be stopped, children first, when the root stops', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(root, { id: 'root', inspect: feed.inspect }).start();
    actor.stop();
    const stops = log.summary.filter((line) => line.startsWith('stop'));
    expect(stops).toEqual(['stop grandchild', 'stop child', 'stop root']);
    expect(log.statesOf('grandchild').at(-1)?.wirechart.status).toBe('stopped');
  });
});
