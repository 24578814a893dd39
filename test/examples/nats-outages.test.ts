/** The example bridge between NATS and QMP monitors during outages: no message is lost silently. */

import { readFileSync } from 'node:fs';
import { AuthorizationError } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { BridgeOptions } from '../../examples/nats-bridge.ts';
import type { Script } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { describePeer } from '../support/real-peers.ts';
import { gate, rejection } from '../support/signal.ts';
import {
  type Json,
  Listener,
  NatsServer,
  Network,
  type Received,
  socketPath,
  startBridge,
  startMonitor,
  until,
} from './nats.ts';

expectIdleAfterEach();

const STREAM = {
  name: 'vms',
  subjects: ['vm.*.event.*', 'vm.*.state', 'vm.*.lost'],
  storage: 'memory',
};

describePeer('nats-server', (path) => {
  interface Setup extends Partial<BridgeOptions> {
    readonly commands?: Readonly<Record<string, Script>>;
    readonly config?: string;
    readonly args?: readonly string[];
  }

  /** Starts a bridge behind a network that can fail, and a subscriber with a direct connection. */
  async function setUp({ commands = {}, config = '', args = [], ...options }: Setup = {}) {
    const server = await NatsServer.start(path, config, args);
    const listener = await Listener.at(server.url);
    const socket = await socketPath();
    const monitor = await startMonitor(socket, { commands });
    const network = await Network.to(server);
    const { bridge, log } = await startBridge(network.url, { vm1: socket }, options);
    await listener.state('vm1', 'UP');
    await until(() => bridge.waiting === 0);
    return { server, listener, socket, monitor, network, bridge, log };
  }

  const untilDisconnected = (log: Received<string>) =>
    log.next((line) => line === 'NATS: disconnect');
  const untilReconnected = (log: Received<string>) =>
    log.next((line) => line === 'NATS: reconnect');

  it('sends queued messages when a killed server is back', async () => {
    const { server, listener, monitor, network, log } = await setUp();
    await server.kill();
    await network.cut();
    await untilDisconnected(log);
    for (const n of [1, 2, 3]) monitor.emit('TICK', { n });
    await server.start();
    await listener.reconnected();
    await network.join();
    for (const n of [1, 2, 3]) {
      expect(await listener.next('vm.vm1.event.TICK')).toMatchObject({ seq: 2 + n, data: { n } });
    }
    expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
  });

  it('reconnects to a server that is killed repeatedly', async () => {
    const server = await NatsServer.start(path);
    const listener = await Listener.at(server.url);
    const socket = await socketPath();
    const monitor = await startMonitor(socket);
    const { log } = await startBridge(server.url, { vm1: socket });
    await listener.state('vm1', 'UP');
    for (let n = 0; n < 3; n += 1) {
      await server.kill();
      await untilDisconnected(log);
      await server.start();
      await Promise.all([untilReconnected(log), listener.reconnected()]);
      monitor.emit('TICK', { n });
      expect(await listener.next('vm.vm1.event.TICK')).toMatchObject({ data: { n } });
      expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
    }
  });

  it('publishes in order that a machine went down and came back during an outage', async () => {
    const { listener, monitor, socket, network, bridge, log } = await setUp();
    await network.cut();
    await untilDisconnected(log);
    monitor.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
    await until(() => bridge.waiting === 1);
    await monitor.close();
    await startMonitor(socket);
    await until(() => bridge.waiting === 3);
    await network.join();
    await listener.next('vm.vm1.event.SHUTDOWN');
    expect(await listener.next('vm.vm1.state')).toMatchObject({ seq: 4, state: 'DOWN' });
    expect(await listener.next('vm.vm1.state')).toMatchObject({ seq: 5, state: 'UP' });
  });

  it('sends a reply after the outage in which it was due', async () => {
    const received = gate();
    const answer = gate();
    const commands = {
      'x-slow': async () => {
        received.open();
        await answer.opened;
        return 'at last';
      },
    };
    const { listener, network, log } = await setUp({ commands });
    const reply = listener.execute('vm1', 'x-slow');
    await received.opened;
    await network.cut();
    await untilDisconnected(log);
    answer.open();
    await network.join();
    expect(await reply).toEqual({ return: 'at last' });
  });

  it('counts messages that exceed the queue, and reports them where they are missing', async () => {
    const { listener, monitor, network, bridge, log } = await setUp({ room: 3000 });
    await network.cut();
    await untilDisconnected(log);
    for (let n = 1; n <= 100; n += 1) monitor.emit('TICK', { n });
    await until(() => bridge.waiting + bridge.lost === 100);
    const { lost } = bridge;
    expect(lost).toBeGreaterThan(80);
    await network.join();
    // The first message had left the queue when the connection broke.
    expect(await listener.next('vm.vm1.event.TICK')).toMatchObject({ seq: 3, data: { n: 1 } });
    expect(await listener.next('vm.vm1.lost')).toEqual({ count: lost, total: lost });
    for (let n = lost + 2; n <= 100; n += 1) {
      expect(await listener.next('vm.vm1.event.TICK')).toMatchObject({ seq: n + 2, data: { n } });
    }
    expect(listener.messages.all).toHaveLength(2 + 1 + 1 + 99 - lost);
  });

  it('drops and counts a message that is too large for the server, and sends the next', async () => {
    const config = 'max_payload: 4096';
    const { listener, monitor, network, bridge, log } = await setUp({ config });
    network.hold();
    network.drop();
    await untilDisconnected(log);
    await network.dialled.next(() => true); // The client does not know max_payload yet.
    monitor.emit('LARGE', { large: 'x'.repeat(5000) });
    monitor.emit('SMALL');
    await until(() => bridge.waiting + bridge.lost === 2);
    network.release();
    expect(await listener.next('vm.vm1.lost')).toEqual({ count: 1, total: 1 });
    await listener.next('vm.vm1.event.SMALL');
    await until(() => bridge.waiting === 0);
  });

  it('sends a message in doubt twice, with the same seq, and a stream stores it once', async () => {
    const directory = await socketPath();
    const args = ['-js', '-sd', directory];
    const { listener, monitor, network, log } = await setUp({ args });
    await jetStream(listener, 'CREATE', STREAM);
    network.hold();
    monitor.emit('TICK');
    const first = await listener.next('vm.vm1.event.TICK');
    await network.cut();
    await untilDisconnected(log);
    await network.join();
    expect(await listener.next('vm.vm1.event.TICK')).toEqual(first);
    monitor.emit('TOCK');
    await listener.next('vm.vm1.event.TOCK');
    expect(await jetStream(listener, 'INFO', {})).toMatchObject({ state: { messages: 2 } });
  });

  it('logs how many messages are lost when the bridge is closed during an outage', async () => {
    const { monitor, network, bridge, log } = await setUp();
    await network.cut();
    await untilDisconnected(log);
    monitor.emit('TICK');
    await until(() => bridge.waiting === 1);
    await bridge.close();
    // TICK, the last state, and that the bridge has stopped.
    expect(log.all.at(-1)).toBe('3 messages were lost: the NATS server was unreachable');
  });

  it('ends with an error when the server denies the subscription for commands', async () => {
    const config = configOf('subscribe: { deny: "vm.vm1.execute" }');
    const server = await NatsServer.start(path, config);
    const socket = await socketPath();
    const monitor = await startMonitor(socket);
    const { bridge } = await startBridge(server.url, { vm1: socket }, LOGIN);
    const error = await rejection(bridge.ended);
    expect(String(error)).toMatch(/subscription to "vm\.vm1\.execute"/i);
    expect(await rejection(bridge.close())).toBe(error);
    await monitor.close();
  });

  it('ends with an error when the server rejects its credentials', async () => {
    const server = await NatsServer.start(path);
    const listener = await Listener.at(server.url);
    const socket = await socketPath();
    await startMonitor(socket);
    const { bridge } = await startBridge(server.url, { vm1: socket });
    await listener.state('vm1', 'UP');
    await listener.nc.close();
    await server.kill();
    await server.start(configOf(''));
    expect(await rejection(bridge.ended)).toBeInstanceOf(AuthorizationError);
    await expect(startBridge(server.url, { vm2: socket })).rejects.toThrow(AuthorizationError);
  });

  it('logs a message that the server does not permit', async () => {
    const config = configOf('publish: { deny: "vm.*.event.SECRET" }');
    const server = await NatsServer.start(path, config);
    const socket = await socketPath();
    const monitor = await startMonitor(socket);
    const { log } = await startBridge(server.url, { vm1: socket }, LOGIN);
    const listener = await Listener.at(server.url, { user: LOGIN.user, pass: LOGIN.password });
    monitor.emit('SECRET');
    expect(await log.next((line) => line.includes('SECRET'))).toMatch(/^NATS: .*publish/i);
    monitor.emit('OPEN');
    await listener.next('vm.vm1.event.OPEN');
  });

  it('works with the permissions in docs/fleet.md, which allow a viewer only to subscribe', async () => {
    const docs = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
    const [config = ''] = /^authorization \{\n[^`]*/m.exec(docs) ?? [];
    const permissions = config.replace('$BRIDGE', LOGIN.password).replace('$VIEWER', 'viewing');
    const server = await NatsServer.start(path, permissions);
    const viewer = await Listener.at(server.url, { user: 'viewer', pass: 'viewing' });
    const socket = await socketPath();
    const monitor = await startMonitor(socket);
    const { log } = await startBridge(server.url, { vm1: socket }, LOGIN);
    await viewer.state('vm1', 'UP');
    monitor.emit('STOP');
    await viewer.next('vm.vm1.event.STOP');
    viewer.nc.publish('vm.vm1.execute', '{"command":"cont"}');
    await viewer.statuses.next((status) => status === 'error');
    expect(monitor.received).toHaveLength(1);
    expect(log.all).toEqual([]);
  });
});

const LOGIN = { user: 'bridge', password: 'secret' };
const configOf = (permissions: string) =>
  `authorization { users: [{ user: bridge, password: secret, permissions: { ${permissions} } }] }`;

async function jetStream(listener: Listener, verb: string, request: object): Promise<Json> {
  const subject = `$JS.API.STREAM.${verb}.${STREAM.name}`;
  const reply = await listener.nc.request(subject, JSON.stringify(request), { timeout: 10_000 });
  return reply.json<Json>();
}
