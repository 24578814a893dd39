/** QMP clients, supervisors and ready-made logic in components of React that are hidden and shown again. */

import { useActorRef } from '@xstate/react';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, type ActorRefFrom, setup, waitFor } from 'xstate';
import {
  type Address,
  type AsyncProtocol,
  createProtocolMachine,
  createSupervisorMachine,
  lines,
  protocolMessages,
  type SuperviseOptions,
} from '../../src/index.ts';
import {
  createQmpMachine,
  type QmpActorRef,
  QmpClient,
  qmpCommand,
  qmpEvents,
  type QmpEventMessage,
} from '../../src/qmp/index.ts';
import { faults } from '../../src/testing/index.ts';
import { pathOf } from '../machines/support.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { rawPeer } from '../support/peers.ts';
import { createServer } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';
import { closing } from '../support/sockets.ts';
import { openPage } from './react-support.ts';

expectIdleAfterEach();

/** Opens a page whose component runs a machine; returns its actor, too. */
async function pageWith<M extends AnyStateMachine>(machine: M, isStrict: boolean, input?: object) {
  const refs: ActorRefFrom<AnyStateMachine>[] = [];
  const Component = () => {
    refs.push(useActorRef<AnyStateMachine>(machine, { input }));
    return createElement('p', null, 'connected');
  };
  const page = await openPage(Component, isStrict);
  // The component runs the machine that was given.
  const root = (refs.at(-1) ?? expect.unreachable()) as unknown as ActorRefFrom<M>;
  return { page, root };
}

const MODES = [
  ['plainly', false],
  ['in StrictMode', true],
] as const;

describe.each(MODES)('QMP, %s,', (_, isStrict) => {
  const machine = createQmpMachine();
  const isUp = (ref: QmpActorRef) => waitFor(ref, (snapshot) => snapshot.hasTag('up'));

  it('has a new client in each life, which executes commands', async () => {
    const server = createServer({ commands: { 'query-block': faults.silence() } });
    const address = await server.listen();
    const { page, root } = await pageWith(machine, isStrict, { address });
    await isUp(root);
    const first = QmpClient.attach(root);
    const pending = rejection(first.execute('query-block'));
    const events = first.events()[Symbol.asyncIterator]();
    const next = rejection(events.next());
    page.hide();
    expect(await pending).toMatchObject({ name: 'ExecInterruptedError' });
    expect(await next).toMatchObject({ code: 'ERR_CLOSED' });
    expect(first.runstate).toBe('IDLE');
    page.show();
    await isUp(root);
    const second = QmpClient.attach(root);
    expect(second).not.toBe(first);
    expect((await second.execute('query-status')).status).toBeDefined();
    expect(await rejection(first.execute('query-status'))).toMatchObject({ code: 'ERR_STATE' });
    expect(second.runstate).toBe('RUNNING');
  });

  it('is closed when it is hidden before the greeting, and greeted in the next life', async () => {
    const path = `${await tempDir()}/qmp.sock`;
    const silent = await rawPeer((socket) => socket.resume(), { path });
    const { page, root } = await pageWith(machine, isStrict, { address: path });
    await waitFor(root, ({ value }) => pathOf(value) === 'CONNECTING.establishing');
    page.hide();
    for (const socket of silent.sockets) {
      socket.end();
      await closing(socket);
    }
    silent.server.close();
    await createServer({ address: path }).listen();
    page.show();
    await isUp(root);
  });
});

describe.each(MODES)('a chart with ready-made logic, %s,', (_, isStrict) => {
  const heard: string[] = [];
  const parts = setup({
    types: { events: {} as QmpEventMessage | { readonly type: 'ASK' | 'BACK' } },
    actors: { qmp: createQmpMachine(), events: qmpEvents, command: qmpCommand },
    actions: { note: ({ event }) => heard.push(event.type) },
  });
  const qmp = { id: 'qmp', src: 'qmp' } as const;
  const events = { id: 'events', src: 'events' } as const;
  const chartOf = (address: Address, isLast: boolean) =>
    parts.createMachine({
      invoke: isLast
        ? [events, { ...qmp, input: { address } }]
        : [{ ...qmp, input: { address } }, events],
      on: { 'QMP.*': { actions: 'note' } },
      initial: 'resting',
      states: {
        resting: { on: { ASK: 'asking' } },
        asking: {
          invoke: {
            src: 'command',
            input: { execute: 'query-block' },
            onDone: 'resting',
            onError: 'resting',
          },
        },
      },
    });

  it.each([
    ['before', false],
    ['after', true],
  ])('gets each event once in each life, the connection being %s the logic', async (__, isLast) => {
    heard.length = 0;
    const server = createServer();
    const { page, root } = await pageWith(chartOf(await server.listen(), isLast), isStrict);
    const stopAndHear = async () => {
      const { qmp: ref } = root.getSnapshot().children as { qmp?: QmpActorRef };
      if (ref === undefined) throw new Error('It has no child');
      await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
      await QmpClient.attach(ref).execute('cont');
      await QmpClient.attach(ref).execute('stop');
      await until(() => heard.at(-1) === 'QMP.STOP');
    };
    await stopAndHear();
    page.hide();
    page.show();
    await stopAndHear();
    expect(heard).toEqual(['QMP.RESUME', 'QMP.STOP', 'QMP.RESUME', 'QMP.STOP']);
  });

  it('does not execute the command of its state a second time, and gets an error', async () => {
    const server = createServer({ commands: { 'query-block': faults.silence() } });
    const { page, root } = await pageWith(chartOf(await server.listen(), false), isStrict);
    const asked = () =>
      server.received.filter((command) => 'execute' in command && command.execute === 'query-block')
        .length;
    const { qmp: ref } = root.getSnapshot().children as { qmp?: QmpActorRef };
    if (ref === undefined) throw new Error('It has no child');
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    root.send({ type: 'ASK' });
    await until(() => asked() === 1);
    page.hide();
    page.show();
    await waitFor(root, ({ value }) => value === 'resting');
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    expect(asked()).toBe(1);
  });

  it('gets messages in each life', async () => {
    const texts: unknown[] = [];
    const path = `${await tempDir()}/socket`;
    await rawPeer((socket) => socket.resume().write('hello\n'), { path });
    const chart = setup({
      types: { events: {} as { readonly type: 'MESSAGE'; readonly message: unknown } },
      actors: { connection: createProtocolMachine({ codec: lines() }), messages: protocolMessages },
    }).createMachine({
      invoke: [{ src: 'connection', input: { address: path } }, { src: 'messages' }],
      on: { MESSAGE: { actions: ({ event }) => texts.push(event.message) } },
    });
    const { page } = await pageWith(chart, isStrict);
    await until(() => texts.length === 1);
    page.hide();
    page.show();
    await until(() => texts.length === 2);
    expect(texts).toEqual(['hello', 'hello']);
  });
});

describe.each(MODES)('a supervisor, %s,', (_, isStrict) => {
  const startPeer = async (path: string) =>
    rawPeer((socket) => socket.resume().on('end', () => socket.end()), { path });
  const createSupervisor = (options: SuperviseOptions<AsyncProtocol<string>> = {}) =>
    createSupervisorMachine<string>({ codec: lines() }, options);

  /** Opens a page with a supervisor that is a child. */
  async function supervised(address: string, options?: SuperviseOptions<AsyncProtocol<string>>) {
    const chart = setup({
      types: { children: {} as { supervisor: 'supervisor' } },
      actors: { supervisor: createSupervisor(options) },
    }).createMachine({ invoke: { id: 'supervisor', src: 'supervisor', input: { address } } });
    const { page, root } = await pageWith(chart, isStrict);
    const { supervisor } = root.getSnapshot().children;
    if (supervisor === undefined) throw new Error('It has no child');
    const reach = (state: string) =>
      waitFor(supervisor, ({ value }) => pathOf(value) === state, { timeout: 5_000 });
    return { page, supervisor, reach };
  }

  it('that is UP closes its socket when it is hidden, and connects again when it is shown', async () => {
    const path = `${await tempDir()}/socket`;
    const peer = await startPeer(path);
    const { page, reach } = await supervised(path);
    await reach('UP');
    page.hide();
    await Promise.all(peer.sockets.map(closing));
    page.show();
    await reach('UP');
    page.hide();
    await Promise.all(peer.sockets.map(closing));
  });

  it('that is WAITING makes the next attempt when it is shown', async () => {
    const path = `${await tempDir()}/socket`;
    const { page, reach } = await supervised(path, {
      backoff: { initial: 3_600_000, max: 3_600_000 },
    });
    await reach('WAITING');
    page.hide();
    await startPeer(path);
    page.show();
    await reach('UP');
  });

  it.each(['STOPPED', 'GIVEN_UP'])('that is %s stays so, and can be started', async (state) => {
    const path = `${await tempDir()}/socket`;
    const { page, supervisor, reach } = await supervised(path, { attempts: 1 });
    if (state === 'STOPPED') supervisor.send({ type: 'STOP' });
    await reach(state);
    page.hide();
    await startPeer(path);
    page.show();
    expect(supervisor.getSnapshot().value).toBe(state);
    supervisor.send({ type: 'START' });
    await reach('UP');
  });
});
