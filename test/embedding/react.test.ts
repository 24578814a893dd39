/** What a component of React has of its connection: what it shows, its addresses, timers and promises. */

import { useMachine } from '@xstate/react';
import { createElement, useState } from 'react';
import { describe, expect, it } from 'vitest';
import type { AnyActorRef } from 'xstate';
import {
  AsyncProtocol,
  type MachineOptions,
  type ProtocolInput,
  streamPair,
} from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { rejection, turn } from '../support/signal.ts';
import { closing } from '../support/sockets.ts';
import { Stage } from './held-states.ts';
import { CHILD, ROOT } from './placed.ts';
import { createMachine, isUp, openPage, showMachine, startPeer } from './react-support.ts';

expectIdleAfterEach();

describe.each(['useMachine', 'useActorRef'] as const)('%s()', (hook) => {
  it.each([false, true])('shows each state of its machine, in StrictMode: %s', async (isStrict) => {
    const { path } = await startPeer();
    const view = { place: ROOT, address: path, isStrict, hook };
    const page = await showMachine(createMachine(), view);
    expect(page.text()).toBe('CONNECTING.dialing');
    await isUp(page.ref());
    await turn();
    expect(page.text()).toBe('RUNNING.open');
    page.hide();
    page.show();
    expect(page.text()).toBe('CONNECTING.dialing');
    await isUp(page.ref());
    await turn();
    expect(page.text()).toBe('RUNNING.open');
  });

  it('closes the socket when the component is removed', async () => {
    const peer = await startPeer();
    const page = await showMachine(createMachine(), { place: ROOT, address: peer.path, hook });
    await isUp(page.ref());
    page.remove();
    await Promise.all(peer.sockets.map(closing));
    expect(peer.sockets).toHaveLength(1);
  });

  it('opens and closes a socket with each change, and leaves none', async () => {
    const peer = await startPeer();
    const page = await showMachine(createMachine(), { place: CHILD, address: peer.path, hook });
    for (let round = 0; round < 20; round += 1) {
      await isUp(page.ref());
      page.hide();
      page.show();
    }
    page.remove();
    await Promise.all(peer.sockets.map(closing));
    expect(peer.sockets.length).toBeGreaterThanOrEqual(20);
  });
});

describe('the address of the input, when the component is shown again,', () => {
  const show = async (address: ProtocolInput['address'], options: MachineOptions = {}) =>
    showMachine(createMachine({}, options), { place: CHILD, address });

  it('is dialled with its TLS options', async () => {
    // It never answers the TLS of its clients.
    const peer = await rawPeer();
    if ('path' in peer.address) throw new Error('The peer has no port');
    const page = await show({ ...peer.address, tls: { servername: 'localhost' } });
    page.hide();
    page.show();
    expect(pathOf(page.ref().getSnapshot().value)).toBe('CONNECTING.dialing');
    await peer.connected;
    page.hide();
  });

  it('is asked for again if it is a function', async () => {
    const peer = await startPeer();
    const calls: string[] = [];
    const page = await show(() => {
      calls.push(peer.path);
      return peer.path;
    });
    await isUp(page.ref());
    page.hide();
    page.show();
    await isUp(page.ref());
    expect(calls).toHaveLength(2);
  });

  it('is gone if it was a stream, and the actor says so', async () => {
    const [stream, far] = streamPair();
    far.resume();
    const page = await show({ stream });
    await isUp(page.ref());
    page.hide();
    expect(stream.destroyed).toBe(true);
    page.show();
    const { value, tags, context } = page.ref().getSnapshot();
    expect([value, ...[...tags].sort()]).toEqual(['IDLE', 'failed', 'idle']);
    expect(context.outcome?.cause).toMatchObject({ cause: { name: 'ArgumentError' } });
  });

  it('of a machine for one session is its end if it was a stream, and the parent hears of it', async () => {
    const [stream, far] = streamPair();
    far.resume();
    const page = await show({ stream }, { once: true });
    await isUp(page.ref());
    page.hide();
    page.show();
    const outcome = { cause: { cause: { name: 'ArgumentError' } } };
    expect(page.root().getSnapshot()).toMatchObject({ value: 'done', context: { outcome } });
  });
});

describe('a facade', () => {
  it('settles all its promises when the component is hidden', async () => {
    const { path } = await startPeer((socket) => socket.pause());
    const page = await showMachine(createMachine(), { place: CHILD, address: path });
    const protocol = AsyncProtocol.attach<string, string>(page.ref());
    await isUp(page.ref());
    const pending = {
      send: rejection(protocol.send('x'.repeat(4_000_000))),
      flush: rejection(protocol.flush()),
      next: protocol.messages().next(),
      runstateChanged: protocol.runstateChanged(),
    };
    page.hide();
    const lost = { name: 'ClosedError', code: 'ERR_CLOSED' };
    expect(await pending.send).toMatchObject(lost);
    expect(await pending.flush).toMatchObject(lost);
    expect(await pending.next).toMatchObject({ done: true });
    expect(await pending.runstateChanged).toBe('IDLE');
    await expect(protocol.runstateChanged()).rejects.toMatchObject(lost);
  });

  it.each([
    ['connect()', 'CONNECTING.dialing'],
    ['listen()', 'CONNECTING.listening.binding'],
    ['accept()', 'CONNECTING.accepting'],
  ] as const)('rejects a pending %s when the component is hidden', async (name, state) => {
    const path = `${await tempDir()}/socket`;
    const page = await showMachine(createMachine(), { place: CHILD });
    const protocol = AsyncProtocol.attach<string, string>(page.ref());
    if (name === 'accept()') await protocol.listen(path);
    const calls = {
      'connect()': () => protocol.connect(path),
      'listen()': () => protocol.listen(path),
      'accept()': () => protocol.accept(),
    };
    const rejected = rejection(calls[name]());
    expect(pathOf(page.ref().getSnapshot().value)).toBe(state);
    page.hide();
    expect(await rejected).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_CLOSED' } });
  });

  it('rejects a pending disconnect() when the component is hidden', async () => {
    const stage = await Stage.of('DISCONNECTING.draining.farewell');
    const page = await showMachine(stage.createMachine(), { place: CHILD, address: stage.path });
    const protocol = AsyncProtocol.attach(page.ref());
    await isUp(page.ref());
    const rejected = rejection(protocol.disconnect());
    page.hide();
    expect(await rejected).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('that is attached while the component is hidden is of the life that is over', async () => {
    const { path } = await startPeer();
    const page = await showMachine(createMachine(), { place: CHILD, address: path });
    await isUp(page.ref());
    page.hide();
    const protocol = AsyncProtocol.attach<string, string>(page.ref());
    expect(protocol.runstate).toBe('IDLE');
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await expect(protocol.send('hello')).rejects.toMatchObject({ code: 'ERR_STATE' });
    await expect(protocol.connect(path)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(protocol.runstateChanged()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    page.show();
    await isUp(page.ref());
    expect(protocol.runstate).toBe('IDLE');
    expect(AsyncProtocol.attach(page.ref()).runstate).toBe('RUNNING');
  });

  it('is one for each life of an actor', async () => {
    const page = await showMachine(createMachine(), { place: CHILD });
    const first = AsyncProtocol.attach(page.ref());
    expect(AsyncProtocol.attach(page.ref())).toBe(first);
    page.hide();
    page.show();
    const second = AsyncProtocol.attach(page.ref());
    expect(second).not.toBe(first);
    expect(AsyncProtocol.attach(page.ref())).toBe(second);
  });
});

describe('a component', () => {
  /** A page whose component runs what `create()` returns, in each render. */
  const pageOf = async (create: () => ReturnType<typeof createMachine>, address: string) => {
    const seen: AnyActorRef[] = [];
    const control = { render: () => undefined as unknown };
    const Component = () => {
      const [count, setCount] = useState(0);
      control.render = () => {
        setCount(count + 1);
      };
      const [{ value }, , ref] = useMachine(create(), { input: { address } });
      seen.push(ref);
      return createElement('p', null, pathOf(value));
    };
    const page = await openPage(Component);
    const ref = () => seen.at(-1) ?? expect.unreachable();
    const render = async () => {
      control.render();
      await turn();
      await turn();
    };
    return { page, ref, render };
  };

  it('may provide implementations with each render', async () => {
    const peer = await startPeer();
    const machine = createMachine();
    const { page, ref, render } = await pageOf(() => machine.provide({}), peer.path);
    const first = ref();
    await isUp(first);
    await render();
    expect(ref()).toBe(first);
    expect(page.text()).toBe('RUNNING.open');
    page.hide();
    page.show();
    await isUp(ref());
    expect(peer.sockets).toHaveLength(2);
  });

  it('goes on with another machine as a restored actor does: after a change of the code', async () => {
    const peer = await startPeer();
    const machines = [createMachine(), createMachine()];
    const current = { machine: machines[0] ?? expect.unreachable() };
    const { ref, render } = await pageOf(() => current.machine, peer.path);
    const first = ref();
    await isUp(first);
    current.machine = machines[1] ?? expect.unreachable();
    await render();
    expect(ref()).not.toBe(first);
    await isUp(ref());
    expect(peer.sockets).toHaveLength(2);
    await closing(peer.sockets[0] ?? expect.unreachable());
  });
});
