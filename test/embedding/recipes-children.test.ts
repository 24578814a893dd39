/** A parent with any number of supervised connections: spawned by an event, stopped by another. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { type ActorRefFrom, assign, createActor, setup, stopChild, waitFor } from 'xstate';
import { createSupervisorMachine, lines } from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { closing } from '../support/sockets.ts';

expectIdleAfterEach();

const supervisor = createSupervisorMachine({ codec: lines() }, { backoff: { initial: 1 } });
type Vm = ActorRefFrom<typeof supervisor>;

const fleet = setup({
  types: {
    context: {} as { vms: Readonly<Record<string, Vm>> },
    events: {} as { type: 'ADD'; name: string; address: string } | { type: 'REMOVE'; name: string },
  },
  actors: { supervisor },
}).createMachine({
  context: { vms: {} },
  on: {
    ADD: {
      guard: ({ context, event }) => !(event.name in context.vms),
      actions: assign({
        vms: ({ context, event, spawn }) => ({
          ...context.vms,
          [event.name]: spawn('supervisor', {
            id: event.name,
            input: { address: event.address },
          }),
        }),
      }),
    },
    REMOVE: {
      actions: [
        stopChild(({ event }) => event.name),
        assign({
          vms: ({ context, event }) =>
            Object.fromEntries(Object.entries(context.vms).filter(([name]) => name !== event.name)),
        }),
      ],
    },
  },
});

async function startPeer() {
  const path = `${await tempDir()}/peer.sock`;
  const peer = await rawPeer((socket) => socket.resume().on('end', () => socket.end()), { path });
  return { ...peer, address: path };
}

function startFleet() {
  const actor = createActor(fleet).start();
  onTestFinished(() => {
    actor.stop();
  });
  const vm = (name: string): Vm => {
    const found = actor.getSnapshot().context.vms[name];
    if (found === undefined) throw new Error(`There is no ${name}`);
    return found;
  };
  return { actor, vm };
}

const isUp = (vm: Vm) => waitFor(vm, (snapshot) => snapshot.hasTag('up'));

describe('a fleet in a statechart', () => {
  it('connects each to its own address, with one machine', async () => {
    const { actor, vm } = startFleet();
    const [first, second] = [await startPeer(), await startPeer()];
    actor.send({ type: 'ADD', name: 'vm1', address: first.address });
    actor.send({ type: 'ADD', name: 'vm2', address: second.address });
    await Promise.all([isUp(vm('vm1')), isUp(vm('vm2'))]);
    expect(first.sockets).toHaveLength(1);
    expect(second.sockets).toHaveLength(1);
  });

  it('connects one again that fails, and leaves the other alone', async () => {
    const { actor, vm } = startFleet();
    const [first, second] = [await startPeer(), await startPeer()];
    actor.send({ type: 'ADD', name: 'vm1', address: first.address });
    actor.send({ type: 'ADD', name: 'vm2', address: second.address });
    await Promise.all([isUp(vm('vm1')), isUp(vm('vm2'))]);
    const socket = await first.connected;
    socket.destroy();
    await waitFor(vm('vm1'), (snapshot) => !snapshot.hasTag('up'));
    await isUp(vm('vm1'));
    expect(first.sockets).toHaveLength(2);
    expect(second.sockets).toHaveLength(1);
    expect(vm('vm2').getSnapshot().context.ups).toBe(1);
  });

  it('frees the socket of one that it stops, and only that', async () => {
    const { actor, vm } = startFleet();
    const [first, second] = [await startPeer(), await startPeer()];
    actor.send({ type: 'ADD', name: 'vm1', address: first.address });
    actor.send({ type: 'ADD', name: 'vm2', address: second.address });
    const removed = vm('vm1');
    await Promise.all([isUp(removed), isUp(vm('vm2'))]);
    actor.send({ type: 'REMOVE', name: 'vm1' });
    await closing(await first.connected);
    expect(removed.getSnapshot().status).toBe('stopped');
    expect(Object.keys(actor.getSnapshot().children)).toEqual(['vm2']);
    expect(vm('vm2').getSnapshot().hasTag('up')).toBe(true);
    // The name is free again.
    actor.send({ type: 'ADD', name: 'vm1', address: first.address });
    await isUp(vm('vm1'));
    expect(first.sockets).toHaveLength(2);
  });

  it('frees all sockets when it is stopped', async () => {
    const { actor, vm } = startFleet();
    const peers = await Promise.all(['vm1', 'vm2', 'vm3'].map(startPeer));
    peers.forEach(({ address }, at) => {
      actor.send({ type: 'ADD', name: `vm${String(at)}`, address });
    });
    await Promise.all(peers.map((_, at) => isUp(vm(`vm${String(at)}`))));
    actor.stop();
    await Promise.all(peers.map(async ({ connected }) => closing(await connected)));
  });
});
