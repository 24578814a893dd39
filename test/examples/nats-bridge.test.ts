/** The example bridge between NATS and QMP monitors: commands, events, invalid requests. */

import { NoRespondersError } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { CommandFailure, faults, type Script } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { describePeer, type RealPeer, startQemu } from '../support/real-peers.ts';
import { gate, rejection } from '../support/signal.ts';
import { Listener, NatsServer, socketPath, startBridge, startMonitor, until } from './nats.ts';

expectIdleAfterEach();

const NUMBER: unknown = expect.any(Number);
const TEXT: unknown = expect.any(String);
const NOT_UP: unknown = expect.stringContaining('vm1 is not up: ');
const TOO_LARGE: unknown = expect.stringContaining('4096 bytes');

describePeer('nats-server', (path) => {
  /** Starts a server, a monitor, a bridge between them, and a subscriber. */
  async function setUp(commands: Readonly<Record<string, Script>> = {}, config?: string) {
    const server = await NatsServer.start(path, config);
    const listener = await Listener.at(server.url);
    const socket = await socketPath();
    const monitor = await startMonitor(socket, { commands });
    const { bridge, log } = await startBridge(server.url, { vm1: socket });
    await listener.state('vm1', 'UP');
    return { server, listener, socket, monitor, bridge, log };
  }

  /** The same with a command that is never answered. `received` resolves when the command arrives. */
  async function setUpSilent() {
    const { opened, open } = gate();
    const silent = () => {
      open();
      return faults.silence();
    };
    return { ...(await setUp({ 'x-wait': silent })), received: opened };
  }

  it('executes commands, and replies with their return values', async () => {
    const { listener, monitor } = await setUp({
      'x-echo': ({ arguments: args }) => args,
    });
    expect(await listener.execute('vm1', 'query-status')).toMatchObject({
      return: { running: false },
    });
    const args = { deep: [{ er: null }], text: 'ä' };
    expect(await listener.execute('vm1', 'x-echo', args)).toEqual({ return: args });
    expect(monitor.received.at(-1)).toMatchObject({ execute: 'x-echo', arguments: args });
  });

  it('keeps 64-bit integers exact, in both directions', async () => {
    const { listener } = await setUp({ 'x-echo': ({ arguments: args }) => args });
    const text = '{"return":{"n":9223372036854775807}}';
    const request = '{"command":"x-echo","arguments":{"n":9223372036854775807}}';
    const reply = await listener.nc.request('vm.vm1.execute', request, { timeout: 10_000 });
    expect(reply.string()).toBe(text);
  });

  it('answers many concurrent commands, each with its own reply', async () => {
    const { listener } = await setUp({ 'x-echo': ({ arguments: args }) => args });
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    for (let round = 0; round < 4; round += 1) {
      const replies = numbers.map((n) => listener.execute('vm1', 'x-echo', { n, round }));
      expect(await Promise.all(replies)).toEqual(numbers.map((n) => ({ return: { n, round } })));
    }
  });

  it('replies with the errors of the monitor unchanged', async () => {
    const { listener } = await setUp({ eject: new CommandFailure('locked', 'DeviceLocked') });
    expect(await listener.execute('vm1', 'eject')).toEqual({
      error: { class: 'DeviceLocked', desc: 'locked' },
    });
    expect(await listener.execute('vm1', 'no-such-command')).toMatchObject({
      error: { class: 'CommandNotFound' },
    });
  });

  it('publishes events, numbered together with the states', async () => {
    const { listener, monitor } = await setUp();
    monitor.emit('RESET', { guest: true });
    monitor.emit('STOP');
    expect(await listener.next('vm.vm1.event.RESET')).toEqual({
      seq: 3,
      event: 'RESET',
      data: { guest: true },
      timestamp: { seconds: NUMBER, microseconds: NUMBER },
    });
    expect(await listener.next('vm.vm1.event.STOP')).toMatchObject({ seq: 4, event: 'STOP' });
    expect(listener.messages.all.slice(0, 2).map(({ data }) => data)).toEqual([
      { seq: 1, state: 'DOWN', reason: 'The bridge has started' },
      { seq: 2, state: 'UP' },
    ]);
  });

  it('replaces characters of an event name that have a meaning in a subject', async () => {
    const { listener, monitor } = await setUp();
    monitor.emit('A.B *>\r\nPUB x 0');
    const { event } = await listener.next('vm.vm1.event.A_B_____PUB_x_0');
    expect(event).toBe('A.B *>\r\nPUB x 0');
    monitor.emit('');
    expect(await listener.next('vm.vm1.event._')).toMatchObject({ event: '' });
  });

  it.each([
    ['no data', '', 'ERR_ARGUMENT'],
    ['text that is not JSON', 'stop', 'ERR_CODEC'],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]), 'ERR_CODEC'],
    ['half an object', '{"command":"stop"', 'ERR_CODEC'],
    ['an array', '["stop"]', 'ERR_CODEC'],
    ['two objects', '{"command":"stop"} {"command":"stop"}', 'ERR_ARGUMENT'],
    ['an object and more', '{"command":"stop"} x', 'ERR_CODEC'],
    ['no command', '{}', 'ERR_ARGUMENT'],
    ['an empty command', '{"command":""}', 'ERR_ARGUMENT'],
    ['a command that is not a string', '{"command":7}', 'ERR_ARGUMENT'],
    ['arguments that are not an object', '{"command":"stop","arguments":[1]}', 'ERR_ARGUMENT'],
    ['arguments that are null', '{"command":"stop","arguments":null}', 'ERR_ARGUMENT'],
    ['an unknown member', '{"command":"stop","argument":{}}', 'ERR_ARGUMENT'],
    ['a prototype', '{"__proto__":{"command":"stop"}}', 'ERR_ARGUMENT'],
    ['a prototype and a command', '{"command":"stop","__proto__":{}}', 'ERR_ARGUMENT'],
  ])('rejects a request with %s at once, and executes nothing', async (_, text, code) => {
    const { listener, monitor } = await setUp();
    expect(await listener.ask('vm1', text)).toEqual({
      error: { class: code, desc: TEXT },
    });
    expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
    expect(monitor.received.map((command) => 'execute' in command && command.execute)).toEqual([
      'qmp_capabilities',
      'query-name',
    ]);
  });

  it('executes a command without a reply subject, and logs the reply', async () => {
    const { listener, monitor, log } = await setUp();
    listener.nc.publish('vm.vm1.execute', '{"command":"cont"}');
    await listener.next('vm.vm1.event.RESUME');
    expect(monitor.received.at(-1)).toMatchObject({ execute: 'cont' });
    listener.nc.publish('vm.vm1.execute', '{}');
    expect(await log.next((line) => line.includes('error'))).toMatch(
      /^vm1: no reply was requested: {"error":{"class":"ERR_ARGUMENT"/,
    );
  });

  it('does not subscribe for other machines: NATS answers "no responders" at once', async () => {
    const { listener } = await setUp();
    const error = await rejection(listener.execute('vm2', 'stop'));
    expect(error).toHaveProperty('cause', expect.any(NoRespondersError));
  });

  it('rejects commands at once while the machine is down, and resumes when it is back', async () => {
    const { listener, monitor, socket, received } = await setUpSilent();
    const interrupted = listener.execute('vm1', 'x-wait');
    await received;
    await monitor.close();
    expect(await listener.state('vm1', 'DOWN')).toMatchObject({
      reason: 'The peer ended the stream',
    });
    expect(await interrupted).toMatchObject({ error: { class: 'ERR_QMP_INTERRUPTED' } });
    expect(await listener.execute('vm1', 'stop')).toEqual({
      error: { class: 'ERR_STATE', desc: NOT_UP },
    });
    const successor = await startMonitor(socket);
    await listener.state('vm1', 'UP');
    expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
    successor.emit('WAKEUP');
    await listener.next('vm.vm1.event.WAKEUP');
  });

  it('waits for a machine that has not started yet', async () => {
    const server = await NatsServer.start(path);
    const listener = await Listener.at(server.url);
    const socket = await socketPath();
    await startBridge(server.url, { vm1: socket });
    await listener.state('vm1', 'DOWN');
    expect(await listener.execute('vm1', 'stop')).toMatchObject({ error: { class: 'ERR_STATE' } });
    await startMonitor(socket);
    await listener.state('vm1', 'UP');
  });

  it('keeps retrying when the peer is not a QMP monitor', async () => {
    const server = await NatsServer.start(path);
    const listener = await Listener.at(server.url);
    const socket = await socketPath();
    const otherServer = await startMonitor(socket, { greeting: { hello: 'world' } });
    await startBridge(server.url, { vm1: socket });
    await listener.state('vm1', 'DOWN');
    const reply = async () => JSON.stringify(await listener.execute('vm1', 'stop'));
    while (!(await reply()).includes('not a QMP greeting'));
    await otherServer.close();
    await startMonitor(socket);
    await listener.state('vm1', 'UP');
  });

  it('reconnects to a machine that is restarted after quit', async () => {
    const { listener, monitor, socket } = await setUp();
    expect(await listener.execute('vm1', 'quit')).toEqual({ return: {} });
    await listener.next('vm.vm1.event.SHUTDOWN');
    expect(await listener.state('vm1', 'DOWN')).toMatchObject({
      reason: 'The session has ended because the peer has shut down (host-qmp-quit)',
    });
    await monitor.close();
    await startMonitor(socket);
    await listener.state('vm1', 'UP');
  });

  it('rejects commands beyond 1000 pending ones', async () => {
    const { listener } = await setUp({ 'x-wait': faults.silence() });
    for (let n = 0; n < 1000; n += 1) {
      listener.nc.publish('vm.vm1.execute', '{"command":"x-wait"}');
    }
    expect(await listener.execute('vm1', 'query-name')).toEqual({
      error: { class: 'ERR_LIMIT', desc: 'vm1 has 1000 pending commands' },
    });
  });

  it('reports a reply or an event that is larger than the server allows', async () => {
    const large = 'x'.repeat(5000);
    const { listener, monitor } = await setUp({ 'x-large': large }, 'max_payload: 4096');
    expect(await listener.execute('vm1', 'x-large')).toEqual({
      error: { class: 'ERR_LIMIT', desc: TOO_LARGE },
    });
    monitor.emit('LARGE', { large });
    monitor.emit('SMALL');
    expect(await listener.next('vm.vm1.lost')).toEqual({ count: 1, total: 1 });
    monitor.emit('LARGE', { large });
    expect(await listener.next('vm.vm1.lost')).toEqual({ count: 1, total: 2 });
    const numbers = listener.messages.all.map(({ data }) => data['seq']);
    expect(numbers.filter((seq) => seq !== undefined)).toEqual([1, 2, 4]);
  });

  it('can share a server with another bridge', async () => {
    const { server, listener } = await setUp();
    const socket = await socketPath();
    const other = await startMonitor(socket, { commands: { 'x-who': 'the other' } });
    const { bridge } = await startBridge(server.url, { vm2: socket });
    await listener.state('vm2', 'UP');
    expect(await listener.execute('vm2', 'x-who')).toEqual({ return: 'the other' });
    expect(await listener.execute('vm1', 'x-who')).toMatchObject({
      error: { class: 'CommandNotFound' },
    });
    other.emit('STOP');
    await listener.next('vm.vm2.event.STOP');
    await bridge.close();
    expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
    await rejection(listener.execute('vm2', 'query-name'));
  });

  it('can share a machine with another bridge: no command is executed twice', async () => {
    const { server, listener, monitor } = await setUp();
    const socket = await socketPath();
    const other = await startMonitor(socket);
    const { bridge } = await startBridge(server.url, { vm1: socket });
    await listener.state('vm1', 'UP');
    await until(() => bridge.waiting === 0);
    const before = monitor.received.length + other.received.length;
    await Promise.all(Array.from({ length: 40 }, () => listener.execute('vm1', 'query-name')));
    expect(monitor.received.length + other.received.length).toBe(before + 40);
    expect(other.received.length).toBeGreaterThan(1);
  });

  it('answers pending commands when it is closed, publishes that, and accepts no more', async () => {
    const { listener, bridge, received } = await setUpSilent();
    const interrupted = listener.execute('vm1', 'x-wait');
    await received;
    await Promise.all([bridge.close(), bridge.close()]);
    expect(await interrupted).toMatchObject({ error: { class: 'ERR_QMP_INTERRUPTED' } });
    expect(await listener.next('vm.vm1.state')).toMatchObject({ state: 'DOWN' });
    const { reason } = await listener.next('vm.vm1.state');
    expect(reason).toBe('The bridge has stopped');
    const error = await rejection(listener.execute('vm1', 'stop'));
    expect(error).toHaveProperty('cause', expect.any(NoRespondersError));
    await bridge.ended;
  });

  describePeer('qemu-system-x86_64', (qemu) => {
    const start = (socket: string): RealPeer =>
      startQemu(qemu, '-qmp', `unix:${socket},server=on,wait=off`);

    it('is served again after a crash and a restart', async () => {
      const server = await NatsServer.start(path);
      const listener = await Listener.at(server.url);
      const socket = await socketPath();
      const { child } = start(socket);
      await startBridge(server.url, { vm1: socket });
      await listener.state('vm1', 'UP');
      expect(await listener.execute('vm1', 'cont')).toEqual({ return: {} });
      expect(await listener.next('vm.vm1.event.RESUME')).toMatchObject({ event: 'RESUME' });
      expect(await listener.execute('vm1', 'no-such-command')).toMatchObject({
        error: { class: 'CommandNotFound' },
      });
      child.kill('SIGKILL');
      await listener.state('vm1', 'DOWN');
      expect(await listener.execute('vm1', 'stop')).toMatchObject({
        error: { class: 'ERR_STATE' },
      });
      start(socket);
      await listener.state('vm1', 'UP');
      expect(await listener.execute('vm1', 'quit')).toEqual({ return: {} });
      expect(await listener.next('vm.vm1.event.SHUTDOWN')).toMatchObject({
        data: { reason: 'host-qmp-quit' },
      });
    });
  });
});
