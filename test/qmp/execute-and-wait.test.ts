/** executeAndWait(): one command, and the event that it causes. */

import { describe, expect, it } from 'vitest';
import { ArgumentError, ClosedError, HandlerError, StateError } from '../../src/index.ts';
import { ExecInterruptedError, ExecuteError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf, session } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { CountedClock, settle } from './operation-support.ts';

expectIdleAfterEach();

const deleted = (device: string) =>
  eventOf('DEVICE_DELETED', { device, path: `/machine/${device}` });
const removal = { id: 'nic1' };

describe('executeAndWait()', () => {
  it('resolves with an event that arrives before the reply, and with what the command returned', async () => {
    const { client, monitor } = await session();
    const waited = client.executeAndWait('stop', {}, 'STOP');
    const command = await monitor.take();
    expect(command).toMatchObject({ execute: 'stop', arguments: {} });
    monitor.send(eventOf('STOP'));
    expect(await hasSettled(waited)).toBe(false);
    monitor.reply(command, { some: 'value' });
    expect(await waited).toEqual({
      ...eventOf('STOP'),
      data: undefined,
      returned: { some: 'value' },
    });
    await client.disconnect();
  });

  it('resolves with an event that arrives after the reply, which its filter accepts', async () => {
    const { client, monitor } = await session();
    const seen: unknown[] = [];
    const waited = client.executeAndWait('device_del', removal, 'DEVICE_DELETED', {
      filter: ({ data }) => {
        seen.push(data.device);
        return data.device === 'nic1';
      },
    });
    monitor.send(eventOf('STOP'), deleted('nic0'));
    monitor.reply(await monitor.take());
    await settle();
    expect(await hasSettled(waited)).toBe(false);
    monitor.send(deleted('nic1'), deleted('nic2'));
    expect((await waited).data.path).toBe('/machine/nic1');
    expect(seen).toEqual(['nic0', 'nic1']);
    await client.disconnect();
  });

  it('resolves with the first of several events, which its name tells apart', async () => {
    const { client, monitor } = await session();
    const names = ['DEVICE_DELETED', 'DEVICE_UNPLUG_GUEST_ERROR'] as const;
    const waited = client.executeAndWait('device_del', removal, names);
    monitor.reply(await monitor.take());
    monitor.send(eventOf('DEVICE_UNPLUG_GUEST_ERROR', { device: 'nic1', path: '/x' }));
    const event = await waited;
    expect(event.event).toBe('DEVICE_UNPLUG_GUEST_ERROR');
    await client.disconnect();
  });

  it('rejects at once when the command fails, whether the event has arrived or not', async () => {
    const clock = new CountedClock();
    const { client, monitor } = await session({ clock });
    const pending = clock.pending;
    for (const events of [[], [deleted('nic1')]]) {
      const options = { timeout: 50 };
      const waited = client.executeAndWait('device_del', removal, 'DEVICE_DELETED', options);
      const { id } = await monitor.take();
      const error = { class: 'DeviceNotFound', desc: "Device 'nic1' not found" };
      monitor.send(...events, { error, id });
      const failure = await rejection(waited);
      expect(failure).toBeInstanceOf(ExecuteError);
      expect(failure).toMatchObject({ command: 'device_del', errorClass: 'DeviceNotFound' });
      expect(clock.pending).toBe(pending);
    }
    await client.disconnect();
  });

  it('rejects at its deadline: for the event, or for the reply', async () => {
    const clock = new CountedClock();
    const { client, monitor } = await session({ clock });
    const wait = () =>
      rejection(
        client.executeAndWait('device_del', removal, 'DEVICE_DELETED', {
          timeout: 50,
          filter: () => false,
        }),
      );
    const answered = wait();
    monitor.reply(await monitor.take());
    monitor.send(deleted('nic0'));
    await settle();
    await clock.pass(50);
    expect(await answered).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'wait',
      message:
        'device_del: No event DEVICE_DELETED that the filter accepts (it refused 1) within 50 ms',
      request: { execute: 'device_del', arguments: removal },
    });
    const unanswered = wait();
    await monitor.take();
    await clock.pass(50);
    expect(await unanswered).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'execute',
      message: 'No reply to device_del within 50 ms; if it was sent, it may still be executed',
      request: { execute: 'device_del', arguments: removal },
    });
    await client.disconnect();
  });

  it('rejects with the reason of its signal, aborted before or during the wait', async () => {
    const { client, monitor } = await session();
    const controller = new AbortController();
    const { signal } = controller;
    const wait = () => rejection(client.executeAndWait('stop', {}, 'STOP', { signal }));
    const waiting = wait();
    monitor.reply(await monitor.take());
    await settle();
    controller.abort('enough');
    expect(await waiting).toBe('enough');
    expect(await wait()).toBe('enough');
    await client.disconnect();
    expect(monitor.text.match(/"stop"/g)).toHaveLength(1);
  });

  it('does not send a command that still waits to be sent when it is given up', async () => {
    const { client, monitor } = await session({ limits: { maxInFlight: 1 } });
    const first = client.execute('query-name');
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = rejection(client.executeAndWait('stop', {}, 'STOP', { signal }));
    await settle();
    controller.abort('enough');
    expect(await waiting).toBe('enough');
    monitor.reply(await monitor.take());
    await first;
    await client.disconnect();
    expect(monitor.text).not.toContain('stop');
  });

  it('rejects with a HandlerError when its filter throws', async () => {
    const { client, monitor } = await session();
    const filter = () => {
      throw new Error('boom');
    };
    const waiting = rejection(client.executeAndWait('stop', {}, 'STOP', { filter }));
    monitor.send(eventOf('STOP'));
    const error = await waiting;
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toHaveProperty('message', 'The callback executeAndWait() filter threw: boom');
    await client.disconnect();
  });

  it('rejects when the session ends: before the reply, or between the reply and the event', async () => {
    for (const isAnswered of [false, true]) {
      const { client, monitor } = await session();
      const waiting = rejection(client.executeAndWait('stop', {}, 'STOP'));
      const command = await monitor.take();
      if (isAnswered) monitor.reply(command);
      await settle();
      await client.disconnect();
      expect(await waiting).toBeInstanceOf(isAnswered ? ClosedError : ExecInterruptedError);
    }
  });

  it('waits for SHUTDOWN after quit, whose reply may be lost', async () => {
    const { client, monitor } = await session();
    const waiting = client.executeAndWait('quit', {}, 'SHUTDOWN');
    await monitor.take();
    monitor.send(eventOf('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' }));
    monitor.peer.end();
    expect(await waiting).toMatchObject({ data: { reason: 'host-qmp-quit' }, returned: {} });
    await client.closed;
  });

  it('executes out of band, and without arguments', async () => {
    const { client, monitor } = await session();
    const waiting = client.executeAndWait('migrate-pause', undefined, 'MIGRATION', { oob: true });
    const command = await monitor.take();
    expect(command).toEqual({ 'exec-oob': 'migrate-pause', id: expect.any(Number) as unknown });
    monitor.send(eventOf('MIGRATION', { status: 'postcopy-paused' }));
    monitor.reply(command);
    expect((await waiting).data.status).toBe('postcopy-paused');
    await client.disconnect();
  });

  it('rejects with a StateError in IDLE, and waits for nothing', async () => {
    const client = createClient();
    expect(await rejection(client.executeAndWait('stop', {}, 'STOP'))).toBeInstanceOf(StateError);
  });

  it.each<[unknown, object, RegExp]>([
    ['stop', {}, /^No QMP event is called 'stop'/],
    [[], {}, /^executeAndWait\(\) needs the name of an event$/],
    ['STOP', { filter: 'x' }, /^filter of executeAndWait\(\) must be a function, not "x"/],
    ['STOP', { timeout: 0 }, /^timeout must be a number of ms above 0, not 0$/],
    ['STOP', { every: 5 }, /^executeAndWait\(\) has no option 'every'/],
  ])('refuses the events %j with the options %j', async (events, options, message) => {
    const { client, monitor } = await session();
    const waiting = client.executeAndWait('stop', {}, events as 'STOP', options);
    const error = await rejection(waiting);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    await client.disconnect();
    expect(monitor.text).not.toContain('stop');
  });
});
