/** Which snapshots of a supervisor its subscribers, its parent and inspectors get. */

import { describe, expect, it } from 'vitest';
import { createActor, setup, type StateValue, waitFor } from 'xstate';
import { ClosedError, createSupervisorMachine, type SuperviseOptions } from '../../src/index.ts';
import { CountingClock, FakeLink, type LinkMethod } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { type Client, clientClassOver, Machine, systemError, withoutJitter } from './support.ts';

/** What makes one snapshot of a supervisor differ from another. */
interface Seen {
  readonly value: StateValue;
  readonly context: object;
}

/** Whether two snapshots differ in their state, or in a member of their context. */
const differ = (one: Seen, other: Seen): boolean =>
  pathOf(one.value) !== pathOf(other.value) ||
  Object.entries(one.context).some(([name, value]) => Reflect.get(other.context, name) !== value);

/** A supervisor that a parent invokes, and what three kinds of observers see of it. */
function watched(options: SuperviseOptions<Client> = {}) {
  const link = new FakeLink();
  const clock = new CountingClock();
  const seen = { bySubscriber: [] as Seen[], byParent: [] as Seen[], byInspector: [] as string[] };
  const machine = createSupervisorMachine(
    clientClassOver(() => link),
    { backoff: withoutJitter, ...options },
  );
  const parent = createActor(
    setup({
      types: { children: {} as { supervisor: 'supervisor' } },
      actors: { supervisor: machine },
    }).createMachine({
      invoke: {
        id: 'supervisor',
        src: 'supervisor',
        input: { address: '/run/x' },
        onSnapshot: { actions: ({ event }) => seen.byParent.push(event.snapshot) },
      },
    }),
    {
      clock,
      inspect: ({ type, actorRef }) => {
        if (type !== '@xstate.snapshot' || actorRef !== actor) return;
        seen.byInspector.push(pathOf(actor.getSnapshot().value));
      },
    },
  );
  const actor = parent.getSnapshot().children.supervisor;
  if (actor === undefined) throw new Error('The parent has no child');
  actor.subscribe((snapshot) => seen.bySubscriber.push(snapshot));
  parent.start();
  cleanUp(() => {
    parent.stop();
  });
  let previous: Seen | undefined;
  return {
    link,
    actor,
    /** Settles the live calls of these methods, one after the other. */
    fulfil: async (...methods: readonly LinkMethod[]): Promise<void> => {
      for (const method of methods) {
        await turn();
        link.call(method).resolve();
        await turn();
      }
    },
    fail: async (method: LinkMethod): Promise<void> => {
      await turn();
      link.call(method).reject(systemError('ECONNREFUSED'));
      await turn();
    },
    advance: async (ms: number): Promise<void> => {
      clock.increment(ms);
      await turn();
    },
    /** The states in the snapshots since the last call: the same for all, and each one is new. */
    take: (): string[] => {
      const snapshots = seen.bySubscriber.splice(0);
      const states = snapshots.map(({ value }) => pathOf(value));
      expect(seen.byParent.splice(0).map(({ value }) => pathOf(value))).toEqual(states);
      expect(seen.byInspector.splice(0)).toEqual(states);
      for (const snapshot of snapshots) {
        if (previous !== undefined) expect(differ(snapshot, previous)).toBe(true);
        previous = snapshot;
      }
      return states;
    },
  };
}

const ON_THE_WAY = ['CONNECTING.locating', 'CONNECTING.connecting'];

describe('subscribers, a parent and inspectors of a supervisor get one snapshot for each state', () => {
  it('on the way to UP', async () => {
    const { fulfil, take } = watched();
    await fulfil('dial', 'establish');
    expect(take()).toEqual([...ON_THE_WAY, 'UP']);
  });

  it('on the way to UP with onUp', async () => {
    const { fulfil, take } = watched({ onUp: () => undefined });
    await fulfil('dial', 'establish');
    expect(take()).toEqual([...ON_THE_WAY, 'CONNECTING.synchronizing', 'UP']);
  });

  it('while attempts are refused, until it gives up', async () => {
    const { fail, fulfil, advance, take } = watched({ attempts: 2 });
    await fail('dial');
    await fulfil('destroy');
    expect(take()).toEqual([...ON_THE_WAY, 'WAITING']);
    await advance(100);
    await fail('dial');
    await fulfil('destroy');
    expect(take()).toEqual([...ON_THE_WAY, 'GIVEN_UP']);
  });

  it('when the session fails, and it connects again', async () => {
    const { fail, fulfil, advance, take } = watched();
    await fulfil('dial', 'establish');
    take();
    await fail('read');
    await fulfil('close');
    expect(take()).toEqual(['FAILING', 'WAITING']);
    await advance(100);
    await fulfil('dial', 'establish');
    expect(take()).toEqual([...ON_THE_WAY, 'UP']);
  });

  it('when FAIL ends the session', async () => {
    const { actor, fulfil, take } = watched();
    await fulfil('dial', 'establish');
    take();
    actor.send({ type: 'FAIL', error: new ClosedError('no answer') });
    await fulfil('close');
    expect(take()).toEqual(['FAILING', 'WAITING']);
  });

  it('when it stops in a session, in an attempt, and in a wait', async () => {
    const { actor, fail, fulfil, take } = watched();
    await fulfil('dial', 'establish');
    take();
    actor.send({ type: 'STOP' });
    await fulfil('flush', 'close');
    expect(take()).toEqual(['STOPPING', 'STOPPED']);
    actor.send({ type: 'START' });
    await turn();
    actor.send({ type: 'STOP' });
    await fulfil('destroy');
    expect(take()).toEqual([...ON_THE_WAY, 'STOPPING', 'STOPPED']);
    actor.send({ type: 'START' });
    await fail('dial');
    await fulfil('destroy');
    actor.send({ type: 'STOP' });
    expect(take()).toEqual([...ON_THE_WAY, 'WAITING', 'STOPPED']);
  });

  it('and another when the session has lasted, in which the attempts are forgotten', async () => {
    const { actor, fulfil, advance, take } = watched({ stable: 1_000 });
    await fulfil('dial', 'establish');
    take();
    expect(actor.getSnapshot().context.attempts).toBe(1);
    await advance(1_000);
    expect(take()).toEqual(['UP']);
    expect(actor.getSnapshot().context.attempts).toBe(0);
  });

  it('and others when a client uses the connection of one that is STOPPED', async () => {
    const { actor, fulfil, take } = watched();
    await fulfil('dial', 'establish');
    actor.send({ type: 'STOP' });
    await fulfil('flush', 'close');
    take();
    const { connection } = actor.getSnapshot().children;
    connection?.send({ type: 'CONNECT', address: '/run/x' });
    expect(take()).toEqual(['STOPPED']);
    expect(actor.getSnapshot().context).toMatchObject({ connection: 'busy', up: undefined });
    await fulfil('dial', 'establish');
    expect(take()).toEqual(['STOPPED']);
    expect(actor.getSnapshot().context).toMatchObject({ connection: 'busy', up: 2 });
    actor.send({ type: 'STOP' });
    await fulfil('flush', 'close');
    expect(take()).toEqual(['STOPPING', 'STOPPED']);
  });

  it('and none for a change of its connection that means nothing to it', async () => {
    const { actor, fulfil, take } = watched();
    await fulfil('dial', 'establish');
    take();
    const { connection } = actor.getSnapshot().children;
    connection?.send({ type: 'EXPECT_END' });
    connection?.send({ type: 'EXPECT_MORE' });
    expect(connection?.getSnapshot().matches({ RUNNING: 'open' })).toBe(true);
    expect(take()).toEqual([]);
  });
});

describe('the tags of a supervisor', () => {
  it('let a wait for `up` or `failed` end, whether it connects or gives up', async () => {
    const up = new Machine();
    const settled = (machine: Machine) =>
      waitFor(machine.actor, (snapshot) => snapshot.hasTag('up') || snapshot.hasTag('failed'));
    const connected = settled(up);
    await up.accept();
    expect([...(await connected).tags]).toEqual(['up']);
    const refused = new Machine({ attempts: 1 });
    const gaveUp = settled(refused);
    await refused.refuse();
    expect([...(await gaveUp).tags]).toEqual(['idle', 'failed']);
  });

  it('say in STOPPED that it is idle and has not failed', () => {
    const machine = new Machine();
    machine.actor.send({ type: 'STOP' });
    expect([...machine.actor.getSnapshot().tags]).toEqual(['idle']);
  });
});
