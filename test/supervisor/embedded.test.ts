/** The supervisor's machine as a part of a larger chart, over real sockets. */

import { once } from 'node:events';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { type ActorRefFrom, assign, createActor, sendTo, setup, waitFor } from 'xstate';
import {
  type AddressSource,
  AsyncProtocol,
  createSupervisorMachine,
  lines,
  type ProtocolDefinition,
  type SuperviseOptions,
  type SupervisorEmitted,
  type SupervisorInput,
  type SupervisorMachine,
  type WirechartError,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { expectNoHandles } from '../support/handles.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { createServer } from '../support/qmp.ts';
import { closing } from '../support/sockets.ts';
import { withoutJitter } from './support.ts';

expectIdleAfterEach();

/**
 * A chart that invokes the machine while it is `inside`, and keeps the states and tags that it
 * shows.
 */
function parentOf<In, Out>(supervisor: SupervisorMachine<In, Out>) {
  return setup({
    types: {
      context: {} as { readonly seen: readonly string[]; readonly address: AddressSource },
      input: {} as SupervisorInput,
      events: {} as { type: 'LEAVE' } | { type: 'RETURN' } | { type: 'HALT' } | { type: 'RESUME' },
      children: {} as { supervisor: 'supervisor' },
    },
    actors: { supervisor },
  }).createMachine({
    context: ({ input: { address } }) => ({ seen: [], address }),
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'supervisor',
          src: 'supervisor',
          input: ({ context: { address } }) => ({ address }),
          onSnapshot: {
            actions: assign({
              seen: ({ context, event: { snapshot } }) => {
                const now = [pathOf(snapshot.value), ...snapshot.tags].join(' ');
                return context.seen.at(-1) === now ? context.seen : [...context.seen, now];
              },
            }),
          },
        },
        on: {
          LEAVE: 'outside',
          HALT: { actions: sendTo('supervisor', { type: 'STOP' }) },
          RESUME: { actions: sendTo('supervisor', { type: 'START' }) },
        },
      },
      outside: { on: { RETURN: 'inside' } },
    },
  });
}

function startParent<In, Out>(
  machine: SupervisorMachine<In, Out>,
  address: AddressSource,
  clock?: CountingClock,
) {
  const parent = createActor(parentOf(machine), {
    input: { address },
    ...(clock && { clock }),
  }).start();
  onTestFinished(() => {
    parent.stop();
  });
  const currentChild = () => {
    const ref = parent.getSnapshot().children.supervisor;
    if (ref === undefined) throw new Error('The parent has no child now');
    return ref;
  };
  return { parent, currentChild };
}

/** A peer at a UNIX socket, which ends its side when the client does. */
const startPeer = async () =>
  rawPeer((socket) => socket.resume().on('end', () => socket.end()), {
    path: `${await tempDir()}/peer.sock`,
  });

describe('createSupervisorMachine()', () => {
  it('stops and starts by events of its parent, and shows its states and tags', async () => {
    const { address } = await startPeer();
    const { parent, currentChild } = startParent(
      createSupervisorMachine({ codec: lines() }),
      address,
    );
    await waitFor(currentChild(), (snapshot) => snapshot.hasTag('up'));
    parent.send({ type: 'HALT' });
    await waitFor(currentChild(), (snapshot) => snapshot.matches('STOPPED'));
    parent.send({ type: 'RESUME' });
    await waitFor(currentChild(), (snapshot) => snapshot.matches('UP'));
    expect(parent.getSnapshot().context.seen).toEqual([
      'CONNECTING.locating busy',
      'CONNECTING.connecting busy',
      'UP up',
      'STOPPING busy',
      'STOPPED idle',
      'CONNECTING.locating busy',
      'CONNECTING.connecting busy',
      'UP up',
    ]);
  });

  it('frees its socket and its timers when the parent stops it, in UP and in WAITING', async () => {
    const peer = await startPeer();
    const clock = new CountingClock();
    const machine = createSupervisorMachine(
      { codec: lines() },
      {
        backoff: withoutJitter,
      },
    );
    const { parent, currentChild } = startParent(machine, peer.address, clock);
    await waitFor(currentChild(), (snapshot) => snapshot.matches('UP'));
    const [socket] = peer.sockets;
    parent.send({ type: 'LEAVE' });
    if (socket !== undefined) await closing(socket);
    expect(clock.timers).toBe(0);
    parent.send({ type: 'RETURN' });
    await waitFor(currentChild(), (snapshot) => snapshot.matches('UP'));
    peer.server.close();
    for (const each of peer.sockets) each.destroy();
    await waitFor(currentChild(), (snapshot) => snapshot.matches('WAITING'));
    expect(clock.timers).toBe(1);
    parent.send({ type: 'LEAVE' });
    expect(clock.timers).toBe(0);
    await expectNoHandles();
  });

  it('measures its waits by the clock of its parent', async () => {
    const path = `${await tempDir()}/later.sock`;
    const clock = new CountingClock();
    const machine = createSupervisorMachine({ codec: lines() }, { backoff: withoutJitter });
    const { currentChild } = startParent(machine, path, clock);
    await waitFor(currentChild(), (snapshot) => snapshot.matches('WAITING'));
    const peer = await rawPeer(undefined, { path });
    clock.increment(99);
    expect(currentChild().getSnapshot().matches('WAITING')).toBe(true);
    clock.increment(1);
    await waitFor(currentChild(), (snapshot) => snapshot.matches('UP'));
    expect(peer.sockets).toHaveLength(1);
  });

  it('emits an event for each of its states', async () => {
    const { address } = await startPeer();
    const { parent, currentChild } = startParent(
      createSupervisorMachine({ codec: lines() }),
      address,
    );
    const child = currentChild();
    const emitted: unknown[] = [];
    child.on('up', ({ ups, session }) => emitted.push(['up', ups, session]));
    child.on('stopping', ({ type }) => emitted.push(type));
    child.on('stopped', ({ type }) => emitted.push(type));
    await waitFor(child, (snapshot) => snapshot.matches('UP'));
    parent.send({ type: 'HALT' });
    await waitFor(child, (snapshot) => snapshot.matches('STOPPED'));
    expect(emitted).toEqual([['up', 1, 1], 'stopping', 'stopped']);
  });

  it('passes the client of its child to onUp, the same that QmpClient.attach() returns', async () => {
    const server = createServer();
    const clients: QmpClient[] = [];
    const options: SuperviseOptions<QmpClient> = {
      name: 'vm1',
      onUp: async (qmp) => {
        clients.push(qmp);
        await qmp.execute('cont');
      },
    };
    const address = await server.listen();
    const { currentChild } = startParent(createSupervisorMachine(QmpClient, options), address);
    await waitFor(currentChild(), (snapshot) => snapshot.matches('UP'));
    const { connection } = currentChild().getSnapshot().children;
    if (connection === undefined) throw new Error('The supervisor has no connection');
    const qmp = QmpClient.attach(connection);
    expect(clients).toEqual([qmp]);
    expect(String(qmp)).toBe("<QmpClient name='vm1' runstate=RUNNING>");
    expect(await qmp.execute('query-status')).toMatchObject({ running: true });
    await qmp.disconnect();
    await waitFor(currentChild(), (snapshot) => snapshot.matches('STOPPED'));
  });

  it('serves any number of actors, each with its own client', async () => {
    const { address } = await startPeer();
    const clients: AsyncProtocol<string>[] = [];
    let definitions = 0;
    const define = (): ProtocolDefinition<string> => {
      definitions += 1;
      return { codec: lines() };
    };
    const machine = createSupervisorMachine(define, {
      onUp: (client) => clients.push(client),
    });
    const input = { address };
    const actors = [createActor(machine, { input }), createActor(machine, { input })];
    for (const actor of actors) actor.start();
    await Promise.all(actors.map((actor) => waitFor(actor, (snapshot) => snapshot.matches('UP'))));
    expect([definitions, new Set(clients).size]).toEqual([2, 2]);
    for (const actor of actors) actor.stop();
    expect(clients.map(({ runstate }) => runstate)).toEqual(['IDLE', 'IDLE']);
  });

  it('creates no new client for the next session', async () => {
    const peer = await startPeer();
    const clients: AsyncProtocol<string>[] = [];
    const machine = createSupervisorMachine<string>(
      { codec: lines() },
      {
        backoff: { initial: 1 },
        onUp: (client) => clients.push(client),
      },
    );
    const actor = createActor(machine, { input: { address: peer.address } }).start();
    await waitFor(actor, (snapshot) => snapshot.matches('UP'));
    const next = once(peer.server, 'connection');
    for (const socket of peer.sockets) socket.destroy();
    await next;
    await waitFor(actor, (snapshot) => snapshot.context.ups === 2);
    expect(clients).toHaveLength(2);
    expect(clients[0]).toBe(clients[1]);
    actor.stop();
  });
});

describe('the types', () => {
  it('of an actor cover its events and its child', () => {
    const machine = createSupervisorMachine({ codec: lines() });
    expectTypeOf(machine).toEqualTypeOf<SupervisorMachine<string>>();
    const use = (actor: ActorRefFrom<typeof machine>) => {
      actor.send({ type: 'STOP', force: true });
      // @ts-expect-error -- there is no such event
      actor.send({ type: 'STAND' });
      actor.on('waiting', (emitted) => {
        expectTypeOf(emitted.ms).toEqualTypeOf<number>();
        expectTypeOf(emitted.cause).toEqualTypeOf<WirechartError | undefined>();
      });
      actor.on('*', (emitted) => {
        expectTypeOf(emitted).toEqualTypeOf<SupervisorEmitted>();
      });
      const { connection } = actor.getSnapshot().children;
      return connection && AsyncProtocol.attach(connection);
    };
    expectTypeOf(use).returns.toEqualTypeOf<AsyncProtocol<string> | undefined>();
  });
});
