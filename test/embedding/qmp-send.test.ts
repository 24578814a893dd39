/** The event SEND of a connection of QMP: a command whose reply no code waits for. */

import { describe, expect, it } from 'vitest';
import { sendTo, setup, waitFor } from 'xstate';
import type { ProtocolEmitted } from '../../src/index.ts';
import { createQmpMachine, QmpClient, type QmpCommand } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { ManualMonitor } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

type Failed = Extract<ProtocolEmitted, { type: 'sendFailed' }>;

/** A parent that passes commands on to its connection, which is RUNNING. */
async function startParent() {
  const monitor = new ManualMonitor();
  const parent = start(
    setup({
      types: {
        events: {} as { readonly type: 'COMMAND'; readonly message: QmpCommand },
        children: {} as { qmp: 'qmp' },
      },
      actors: { qmp: createQmpMachine() },
    }).createMachine({
      invoke: { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
      on: {
        COMMAND: {
          actions: sendTo('qmp', ({ event: { message } }) => ({ type: 'SEND', message })),
        },
      },
    }),
  );
  const { qmp } = parent.getSnapshot().children;
  if (qmp === undefined) throw new Error('The parent has no connection');
  const failed: Failed[] = [];
  qmp.on('sendFailed', (event) => failed.push(event));
  await monitor.establish();
  await waitFor(qmp, (snapshot) => snapshot.hasTag('up'));
  const send = (message: QmpCommand) => {
    parent.send({ type: 'COMMAND', message });
  };
  return { qmp, monitor, failed, send };
}

describe('SEND of a command', () => {
  it('executes it with an id of its own, and ignores the reply', async () => {
    const { qmp, monitor, failed, send } = await startParent();
    send({ execute: 'device_del', arguments: { id: 'd0' }, id: 'mine' });
    const command = await monitor.take();
    expect(command).toMatchObject({ execute: 'device_del', arguments: { id: 'd0' } });
    expect(command.id).not.toBe('mine');
    monitor.reply(command);
    await until(() => QmpClient.attach(qmp).stats.commandsInFlight === 0);
    expect(failed).toEqual([]);
  });

  it('executes it out of band, if it is said so', async () => {
    const { monitor, send } = await startParent();
    send({ 'exec-oob': 'migrate-pause' });
    expect(await monitor.take()).toMatchObject({ 'exec-oob': 'migrate-pause' });
  });

  it('reports an error reply as sendFailed', async () => {
    const { monitor, failed, send } = await startParent();
    const message = { execute: 'eject', arguments: { id: 'cd0' } };
    send(message);
    const { id } = await monitor.take();
    monitor.send({ error: { class: 'DeviceNotFound', desc: 'no cd0' }, id });
    await until(() => failed.length > 0);
    expect(failed).toMatchObject([
      { message, error: { code: 'ERR_QMP_EXECUTE', errorClass: 'DeviceNotFound' } },
    ]);
  });

  it.each([{ execute: 1 }, { arguments: {} }, 'stop', undefined])(
    'reports %j as sendFailed, because it names no command',
    async (message) => {
      const { failed, send } = await startParent();
      send(message as unknown as QmpCommand);
      await until(() => failed.length > 0);
      expect(failed).toMatchObject([{ error: { code: 'ERR_ARGUMENT' } }]);
      expect(failed[0]?.error.message).toContain('SEND needs a command with its name');
    },
  );

  it.each(['a text', () => undefined])('reports arguments that are no object', async (args) => {
    const { failed, send } = await startParent();
    send({ execute: 'stop', arguments: args as unknown as object });
    await until(() => failed.length > 0);
    expect(failed).toMatchObject([{ error: { code: 'ERR_CODEC' } }]);
  });

  it('announces the end of the session with `quit`, whose reply may be missing', async () => {
    const { qmp, monitor, failed, send } = await startParent();
    send({ execute: 'quit' });
    await monitor.take();
    monitor.peer.end();
    await waitFor(qmp, ({ value }) => value === 'IDLE');
    expect(qmp.getSnapshot().context.outcome?.cause).toBeUndefined();
    expect(failed).toEqual([]);
  });

  it('reports that the session has ended before the reply', async () => {
    const { qmp, monitor, failed, send } = await startParent();
    send({ execute: 'stop' });
    await monitor.take();
    qmp.send({ type: 'DISCONNECT', force: true });
    await until(() => failed.length > 0);
    expect(failed).toMatchObject([{ error: { code: 'ERR_QMP_INTERRUPTED' } }]);
  });

  it('reports that there is no session', async () => {
    const { qmp, failed, send } = await startParent();
    qmp.send({ type: 'DISCONNECT', force: true });
    await waitFor(qmp, ({ value }) => value === 'IDLE');
    send({ execute: 'stop' });
    await until(() => failed.length > 0);
    expect(failed).toMatchObject([{ error: { code: 'ERR_STATE', state: 'IDLE' } }]);
  });

  it('of a stopped parent leaves no rejection', async () => {
    const { monitor, send } = await startParent();
    send({ execute: 'stop' });
    await monitor.take();
    monitor.peer.destroy();
    await turn();
  });
});
