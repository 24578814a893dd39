/** Nothing of one life of a connection in a component of React reaches the next one. */

import { useActorRef, useMachine } from '@xstate/react';
import { createElement } from 'react';
import { expect, it } from 'vitest';
import { SimulatedClock, waitFor } from 'xstate';
import {
  createProtocolMachine,
  lines,
  type ProtocolActorRef,
  type ProtocolEmitted,
} from '../../src/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { Stage } from './held-states.ts';
import { ROOT } from './placed.ts';
import { createMachine, isUp, openPage, showMachine, startPeer } from './react-support.ts';

expectIdleAfterEach();

it('a listener of emitted events is attached in each life', async () => {
  const { path } = await startPeer();
  const page = await showMachine(createMachine(), { place: ROOT, address: path });
  const emitted: ProtocolEmitted<string>[] = [];
  page.hide();
  page.show();
  page.ref().on('*', (event) => emitted.push(event));
  await isUp(page.ref());
  page.ref().send({ type: 'DISCONNECT', force: true });
  await waitFor(page.ref(), (snapshot) => snapshot.matches('IDLE'));
  expect(emitted.map((event) => ('runstate' in event ? event.runstate : event.type))).toEqual([
    'RUNNING',
    'DISCONNECTING',
    'closed',
    'IDLE',
  ]);
});

it('the messages of a life do not arrive in the next one', async () => {
  const { path } = await startPeer((socket) => socket.resume().write('hello\n'));
  const control = { hide: () => undefined as unknown };
  const inbound = (message: string) => {
    control.hide();
    return message;
  };
  const machine = createMachine({ inbound }, { forward: true });
  const page = await showMachine(machine, { place: ROOT, address: path });
  const emitted: string[] = [];
  const hidden = new Promise((resolve) => {
    control.hide = () => {
      control.hide = () => undefined;
      page.hide();
      page.show();
      page.ref().on('message', ({ messages }) => emitted.push(...messages));
      page.ref().on('sendFailed', () => emitted.push('sendFailed'));
      resolve(undefined);
    };
  });
  await hidden;
  await isUp(page.ref());
  while (emitted.length === 0) await turn();
  await turn();
  expect(emitted).toEqual(['hello']);
});

it('a message that a life has not sent does not fail in the next one', async () => {
  const { path } = await startPeer((socket) => socket.pause());
  const page = await showMachine(createMachine(), { place: ROOT, address: path });
  await isUp(page.ref());
  page.ref().send({ type: 'SEND', message: 'x'.repeat(4_000_000) });
  page.hide();
  const failed: string[] = [];
  page.ref().on('sendFailed', ({ error }) => failed.push(error.message));
  await turn();
  page.show();
  await isUp(page.ref());
  await turn();
  expect(failed).toEqual([]);
  page.hide();
});

it('the deadlines of a life do not pass in the next one', async () => {
  const stage = await Stage.of('CONNECTING.establishing');
  const clock = new SimulatedClock();
  const machine = createProtocolMachine<string>(
    { codec: lines(), handshake: () => new Promise(() => undefined) },
    { timeouts: { handshake: 1_000 } },
  );
  const refs: ProtocolActorRef<string>[] = [];
  const Component = () => {
    const [{ value }, , ref] = useMachine(machine, { input: { address: stage.path }, clock });
    refs.push(ref);
    return createElement('p', null, pathOf(value));
  };
  const page = await openPage(Component);
  const ref = refs.at(-1) ?? expect.unreachable();
  const isHere = () => waitFor(ref, ({ value }) => pathOf(value) === stage.state);
  await isHere();
  clock.increment(900);
  page.hide();
  page.show();
  await isHere();
  clock.increment(900);
  expect(ref.getSnapshot()).toMatchObject({ value: { CONNECTING: 'establishing' } });
  clock.increment(100);
  const { context } = await waitFor(ref, (snapshot) => snapshot.hasTag('failed'));
  expect(context.outcome?.cause).toMatchObject({ cause: { code: 'ERR_TIMEOUT' } });
});

it('no timer of a life is left in the next one', async () => {
  const { path } = await startPeer();
  const clock = new CountingClock();
  const machine = createMachine({ handshake: () => new Promise(() => undefined) });
  const refs: ProtocolActorRef<string>[] = [];
  const page = await openPage(() => {
    refs.push(useActorRef(machine, { clock }));
    return null;
  });
  const ref = refs.at(-1) ?? expect.unreachable();
  ref.send({ type: 'CONNECT', address: path });
  await waitFor(ref, ({ value }) => pathOf(value) === 'CONNECTING.establishing');
  expect(clock.timers).toBe(1);
  page.hide();
  expect(clock.timers).toBe(0);
  page.show();
  expect(ref.getSnapshot().value).toBe('IDLE');
  expect(clock.timers).toBe(0);
});
