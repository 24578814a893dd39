/** `qmpCommand`: one command of a parent chart. */

import { describe, expect, it } from 'vitest';
import { assign, sendTo, setup, waitFor } from 'xstate';
import { ArgumentError } from '../../src/index.ts';
import {
  createQmpMachine,
  ExecInterruptedError,
  ExecuteError,
  QmpClient,
  qmpCommand,
  qmpCommandFor,
  type QmpCommandInput,
  qmpEvents,
  type QmpEventMessage,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, ManualMonitor } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

/** A parent that executes the command of its input when it gets GO. */
function startParent(input: QmpCommandInput, { isUp = true } = {}) {
  const monitor = new ManualMonitor();
  const chart = setup({
    types: {
      context: {} as { readonly output: unknown; readonly error: unknown },
      events: {} as { readonly type: 'GO' | 'BACK' | 'END' } | QmpEventMessage,
      children: {} as { qmp: 'qmp'; command: 'command' },
    },
    actors: { qmp: createQmpMachine(), command: qmpCommand, events: qmpEvents },
  }).createMachine({
    context: { output: undefined, error: undefined },
    invoke: [
      {
        id: 'qmp',
        src: 'qmp',
        input: isUp ? { address: { stream: monitor.stream } } : {},
      },
      { src: 'events' },
    ],
    on: { END: { actions: sendTo('qmp', { type: 'DISCONNECT', force: true }) } },
    initial: 'idle',
    states: {
      idle: { on: { GO: 'busy' } },
      busy: {
        invoke: {
          id: 'command',
          src: 'command',
          input,
          onDone: { target: 'done', actions: assign({ output: ({ event }) => event.output }) },
          onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
        },
        on: { BACK: 'idle', 'QMP.STOP': 'stopped' },
      },
      done: {},
      failed: {},
      stopped: {},
    },
  });
  const parent = start(chart);
  const { qmp } = parent.getSnapshot().children;
  if (qmp === undefined) throw new Error('The parent has no connection');
  const up = async () => {
    await monitor.establish();
    await waitFor(qmp, (snapshot) => snapshot.hasTag('up'));
  };
  return { parent, qmp, monitor, up };
}

describe('qmpCommand', () => {
  it('executes its command, and its output is the return value', async () => {
    const { parent, monitor, up } = startParent({ execute: 'query-name', arguments: {} });
    await up();
    parent.send({ type: 'GO' });
    const command = await monitor.take();
    expect(command).toMatchObject({ execute: 'query-name', arguments: {} });
    monitor.reply(command, { name: 'vm1' });
    const { context } = await waitFor(parent, (snapshot) => snapshot.matches('done'));
    expect(context.output).toEqual({ name: 'vm1' });
  });

  it('executes its command out of band, if it is asked to', async () => {
    const { parent, monitor, up } = startParent({ execute: 'migrate-pause', oob: true });
    await up();
    parent.send({ type: 'GO' });
    expect(await monitor.take()).toMatchObject({ 'exec-oob': 'migrate-pause' });
  });

  it('fails with the error reply', async () => {
    const { parent, monitor, up } = startParent({ execute: 'eject', arguments: { id: 'cd0' } });
    await up();
    parent.send({ type: 'GO' });
    const { id } = await monitor.take();
    monitor.send({ error: { class: 'DeviceNotFound', desc: 'no cd0' }, id });
    const { context } = await waitFor(parent, (snapshot) => snapshot.matches('failed'));
    expect(context.error).toBeInstanceOf(ExecuteError);
    expect(context.error).toMatchObject({ command: 'eject', errorClass: 'DeviceNotFound' });
  });

  it('fails at its deadline', async () => {
    const { parent, up } = startParent({ execute: 'stop', timeout: 1 });
    await up();
    parent.send({ type: 'GO' });
    const { context } = await waitFor(parent, (snapshot) => snapshot.matches('failed'));
    expect(context.error).toMatchObject({ code: 'ERR_TIMEOUT', ms: 1 });
  });

  it('fails when the session ends before the reply', async () => {
    const { parent, monitor, up } = startParent({ execute: 'stop' });
    await up();
    parent.send({ type: 'GO' });
    await monitor.take();
    parent.send({ type: 'END' });
    const { context } = await waitFor(parent, (snapshot) => snapshot.matches('failed'));
    expect(context.error).toBeInstanceOf(ExecInterruptedError);
  });

  it.each(['IDLE', 'CONNECTING'])('fails at once in %s, and sends nothing', async (state) => {
    const { parent, monitor } = startParent({ execute: 'stop' }, { isUp: state !== 'IDLE' });
    parent.send({ type: 'GO' });
    expect(parent.getSnapshot().value).toBe('busy');
    const { context } = await waitFor(parent, (snapshot) => snapshot.matches('failed'));
    expect(context.error).toMatchObject({ code: 'ERR_STATE', state });
    expect(monitor.text).toBe('');
  });

  it('fails for a command without a name, or with a misspelt member', async () => {
    for (const input of [{ execute: 1 }, { execute: 'stop', argument: {} }]) {
      const { parent, up } = startParent(input as unknown as QmpCommandInput);
      await up();
      parent.send({ type: 'GO' });
      const { context } = await waitFor(parent, (snapshot) => snapshot.matches('failed'));
      expect(context.error).toBeInstanceOf(ArgumentError);
    }
  });

  it('gives the command up when its parent leaves the state, and ignores the reply', async () => {
    const { parent, qmp, monitor, up } = startParent({ execute: 'stop' });
    await up();
    parent.send({ type: 'GO' });
    const command = await monitor.take();
    const { commands } = { commands: () => QmpClient.attach(qmp).stats.commandsInFlight };
    expect(commands()).toBe(1);
    parent.send({ type: 'BACK' });
    expect(commands()).toBe(0);
    monitor.reply(command);
    await turn();
    expect(parent.getSnapshot()).toMatchObject({ value: 'idle', context: { output: undefined } });
  });

  it.each(['reply', 'error'])(
    'is stopped by an event that comes with the %s, which has no effect then',
    async (kind) => {
      const { parent, monitor, up } = startParent({ execute: 'stop' });
      await up();
      parent.send({ type: 'GO' });
      const { id } = await monitor.take();
      const reply =
        kind === 'reply' ? { return: {}, id } : { error: { class: 'X', desc: 'x' }, id };
      // The reply settles the command before the event arrives, but is reported after it.
      monitor.send(reply, eventOf('STOP'));
      await waitFor(parent, (snapshot) => snapshot.matches('stopped'));
      await turn();
      expect(parent.getSnapshot().context).toEqual({ output: undefined, error: undefined });
    },
  );

  it('does not fail its parent when it was stopped in the step in which it was started', async () => {
    const { parent, monitor, up } = startParent({ execute: 'stop' });
    parent.send({ type: 'GO' });
    parent.send({ type: 'BACK' });
    await up();
    expect(parent.getSnapshot().value).toBe('idle');
    expect(monitor.text).not.toContain('"stop"');
  });
});

describe('qmpCommandFor()', () => {
  it('executes a command without an input, and types its output', async () => {
    const monitor = new ManualMonitor();
    const chart = setup({
      types: {
        context: {} as { readonly running: boolean | undefined },
        events: {} as { type: 'GO' },
      },
      actors: {
        qmp: createQmpMachine(),
        status: qmpCommandFor('query-status'),
        device: qmpCommandFor('device_add'),
      },
    }).createMachine({
      context: { running: undefined },
      invoke: { src: 'qmp', input: { address: { stream: monitor.stream } } },
      on: { GO: '.asking' },
      initial: 'idle',
      states: {
        idle: {},
        asking: {
          invoke: {
            src: 'status',
            onDone: {
              target: 'adding',
              actions: assign({ running: ({ event }) => event.output.running }),
            },
          },
        },
        adding: {
          invoke: {
            src: 'device',
            input: { arguments: { driver: 'virtio-rng' } },
            onDone: 'added',
          },
        },
        added: {},
      },
    });
    const parent = start(chart);
    await monitor.establish();
    await turn();
    parent.send({ type: 'GO' });
    monitor.reply(await monitor.take(), { running: true, status: 'running' });
    const added = await monitor.take();
    expect(added).toMatchObject({ execute: 'device_add', arguments: { driver: 'virtio-rng' } });
    monitor.reply(added);
    const { context } = await waitFor(parent, (snapshot) => snapshot.matches('added'));
    expect(context.running).toBe(true);
  });

  it('gives its logic types that refuse what the command does not take', () => {
    type Input = Parameters<
      ReturnType<typeof qmpCommandFor<'device_add'>>['getInitialSnapshot']
    >[1];
    const input: Input = { arguments: { driver: 'x' }, timeout: 1 };
    // @ts-expect-error -- the logic has its command
    const other: Input = { execute: 'stop' };
    expect([input, other]).toHaveLength(2);
  });
});

it('logic of commands leaves no rejection unhandled when its actor is stopped at any time', async () => {
  for (const stopAt of [0, 1, 2, 3]) {
    const { parent, monitor, up } = startParent({ execute: 'stop' });
    if (stopAt > 0) await up();
    parent.send({ type: 'GO' });
    if (stopAt > 1)
      monitor.send({ error: { class: 'X', desc: 'x' }, id: (await monitor.take()).id });
    if (stopAt > 2) monitor.peer.destroy();
    parent.stop();
    await until(() => parent.getSnapshot().status === 'stopped');
  }
  // `expectIdleAfterEach()` counts the unhandled rejections.
  await turn();
});
