/** A connection that is kept, as a part of somebody's chart, over real sockets. */

import { once } from 'node:events';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { type ActorRefFrom, assign, createActor, sendTo, setup, waitFor } from 'xstate';
import {
  AsyncProtocol,
  createSupervisorMachine,
  lines,
  type ProtocolDefinition,
  type SuperviseOptions,
  type SupervisorEmitted,
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
import { steady } from './support.ts';

expectIdleAfterEach();

/** A chart that has a machine while it is `inside`, and keeps what it is told of it. */
function houseOf<In, Out>(vm: SupervisorMachine<In, Out>) {
  return setup({
    types: {
      context: {} as { readonly seen: readonly string[] },
      events: {} as { type: 'LEAVE' } | { type: 'RETURN' } | { type: 'REST' } | { type: 'WORK' },
      children: {} as { vm: 'vm' },
    },
    actors: { vm },
  }).createMachine({
    context: { seen: [] },
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'vm',
          src: 'vm',
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
          REST: { actions: sendTo('vm', { type: 'STOP' }) },
          WORK: { actions: sendTo('vm', { type: 'START' }) },
        },
      },
      outside: { on: { RETURN: 'inside' } },
    },
  });
}

function startHouse<In, Out>(vm: SupervisorMachine<In, Out>, clock?: CountingClock) {
  const house = createActor(houseOf(vm), clock && { clock }).start();
  onTestFinished(() => {
    house.stop();
  });
  const vmNow = () => {
    const ref = house.getSnapshot().children.vm;
    if (ref === undefined) throw new Error('The house has nobody now');
    return ref;
  };
  return { house, vmNow };
}

/** A peer at a UNIX socket, which hangs up when it is hung up on. */
const somebody = async () =>
  rawPeer((socket) => socket.resume().on('end', () => socket.end()), {
    path: `${await tempDir()}/somebody.sock`,
  });

describe('createSupervisorMachine()', () => {
  it('is connected as long as its parent wants, and shows its states and tags', async () => {
    const { address } = await somebody();
    const { house, vmNow } = startHouse(createSupervisorMachine({ codec: lines() }, address));
    await waitFor(vmNow(), (snapshot) => snapshot.hasTag('up'));
    house.send({ type: 'REST' });
    await waitFor(vmNow(), (snapshot) => snapshot.matches('STOPPED'));
    house.send({ type: 'WORK' });
    await waitFor(vmNow(), (snapshot) => snapshot.matches('UP'));
    expect(house.getSnapshot().context.seen).toEqual([
      'CONNECTING.locating busy',
      'CONNECTING.connecting busy',
      'UP up',
      'STOPPING busy',
      'STOPPED',
      'CONNECTING.locating busy',
      'CONNECTING.connecting busy',
      'UP up',
    ]);
  });

  it('frees its socket and its timers when the parent leaves, in UP and in WAITING', async () => {
    const peer = await somebody();
    const clock = new CountingClock();
    const machine = createSupervisorMachine({ codec: lines() }, peer.address, { backoff: steady });
    const { house, vmNow } = startHouse(machine, clock);
    await waitFor(vmNow(), (snapshot) => snapshot.matches('UP'));
    const [socket] = peer.sockets;
    house.send({ type: 'LEAVE' });
    if (socket !== undefined) await closing(socket);
    expect(clock.timers).toBe(0);
    house.send({ type: 'RETURN' });
    await waitFor(vmNow(), (snapshot) => snapshot.matches('UP'));
    peer.server.close();
    for (const one of peer.sockets) one.destroy();
    await waitFor(vmNow(), (snapshot) => snapshot.matches('WAITING'));
    expect(clock.timers).toBe(1);
    house.send({ type: 'LEAVE' });
    expect(clock.timers).toBe(0);
    await expectNoHandles();
  });

  it('waits by the clock of its parent', async () => {
    const path = `${await tempDir()}/later.sock`;
    const clock = new CountingClock();
    const machine = createSupervisorMachine({ codec: lines() }, path, { backoff: steady });
    const { vmNow } = startHouse(machine, clock);
    await waitFor(vmNow(), (snapshot) => snapshot.matches('WAITING'));
    const peer = await rawPeer(undefined, { path });
    clock.increment(99);
    expect(vmNow().getSnapshot().matches('WAITING')).toBe(true);
    clock.increment(1);
    await waitFor(vmNow(), (snapshot) => snapshot.matches('UP'));
    expect(peer.sockets).toHaveLength(1);
  });

  it('emits its states, by type', async () => {
    const { address } = await somebody();
    const { house, vmNow } = startHouse(createSupervisorMachine({ codec: lines() }, address));
    const vm = vmNow();
    const heard: unknown[] = [];
    vm.on('up', ({ ups, session }) => heard.push(['up', ups, session]));
    vm.on('stopping', ({ type }) => heard.push(type));
    vm.on('stopped', ({ type }) => heard.push(type));
    await waitFor(vm, (snapshot) => snapshot.matches('UP'));
    house.send({ type: 'REST' });
    await waitFor(vm, (snapshot) => snapshot.matches('STOPPED'));
    expect(heard).toEqual([['up', 1, 1], 'stopping', 'stopped']);
  });

  it('gives onUp the client of its child: for QMP the one that anybody gets', async () => {
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
    const { vmNow } = startHouse(createSupervisorMachine(QmpClient, address, options));
    await waitFor(vmNow(), (snapshot) => snapshot.matches('UP'));
    const { connection } = vmNow().getSnapshot().children;
    if (connection === undefined) throw new Error('The supervisor has no connection');
    const qmp = QmpClient.attach(connection);
    expect(clients).toEqual([qmp]);
    expect(String(qmp)).toBe("<QmpClient name='vm1' runstate=RUNNING>");
    expect(await qmp.execute('query-status')).toMatchObject({ running: true });
    await qmp.disconnect();
    await waitFor(vmNow(), (snapshot) => snapshot.matches('STOPPED'));
  });

  it('is one machine for any number of actors, each with a client of its own', async () => {
    const { address } = await somebody();
    const clients: AsyncProtocol<string>[] = [];
    let definitions = 0;
    const define = (): ProtocolDefinition<string> => {
      definitions += 1;
      return { codec: lines() };
    };
    const machine = createSupervisorMachine(define, address, {
      onUp: (client) => clients.push(client),
    });
    const actors = [createActor(machine), createActor(machine)];
    for (const actor of actors) actor.start();
    await Promise.all(actors.map((actor) => waitFor(actor, (one) => one.matches('UP'))));
    expect([definitions, new Set(clients).size]).toEqual([2, 2]);
    for (const actor of actors) actor.stop();
    expect(clients.map(({ runstate }) => runstate)).toEqual(['IDLE', 'IDLE']);
  });

  it('makes no new client for the next session', async () => {
    const peer = await somebody();
    const clients: AsyncProtocol<string>[] = [];
    const machine = createSupervisorMachine<string>({ codec: lines() }, peer.address, {
      backoff: { initial: 1 },
      onUp: (client) => clients.push(client),
    });
    const actor = createActor(machine).start();
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
  it('of an actor are those of its events, and of its child', () => {
    const machine = createSupervisorMachine({ codec: lines() }, '/run/x');
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
