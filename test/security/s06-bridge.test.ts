/**
 * S6: on a bridge, one machine and its users cannot harm the other machines: no text of a peer hides
 * a state, no reply goes where its requester may not publish, no machine takes the room of another.
 */

import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { describe, expect, it } from 'vitest';
import { optionsOf } from '../../examples/nats-bridge.ts';
import { ArgumentError, type JsonValue } from '../../src/index.ts';
import { CommandFailure, type Script } from '../../src/testing/index.ts';
import {
  Listener,
  NatsServer,
  Network,
  socketPath,
  startBridge,
  startMonitor,
  until,
} from '../examples/nats.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { describePeer } from '../support/real-peers.ts';

expectIdleAfterEach();

const MEGABYTE = 1_000_000;
const VMS = ['vm1', 'vm2'] as const;

describePeer('nats-server', (path) => {
  interface Setup {
    readonly commands?: Readonly<Record<string, Script>>;
    readonly config?: string;
    readonly allow?: readonly string[];
    readonly room?: number;
  }

  /** Starts a server, and a bridge with two monitors, behind a network that can fail. */
  async function setUp({ commands = {}, config, ...options }: Setup = {}) {
    const server = await NatsServer.start(path, config);
    const listener = await Listener.at(server.url);
    const [one, two] = [await socketPath(), await socketPath()];
    const monitors = {
      vm1: await startMonitor(one, { commands }),
      vm2: await startMonitor(two),
    };
    const network = await Network.to(server);
    const started = await startBridge(network.url, { vm1: one, vm2: two }, options);
    for (const name of VMS) await until(() => isUp(listener, name));
    await until(() => started.bridge.waiting === 0);
    return { server, listener, monitors, network, socket: one, ...started };
  }

  const isUp = ({ messages }: Listener, name: string): boolean =>
    messages.all.some(
      ({ subject, data }) => subject === `vm.${name}.state` && data['state'] === 'UP',
    );

  describe('the state DOWN', () => {
    it.each([
      ['of the default size', ''],
      ['of few bytes', 'max_payload: 1024'],
    ])(
      'gets through a server with payloads %s, whatever the monitor has said',
      async (_, config) => {
        const server = await NatsServer.start(path, config);
        const listener = await Listener.at(server.url);
        const socket = await socketPath();
        const reason = new CommandFailure('ä'.repeat(2 * MEGABYTE), 'x'.repeat(2 * MEGABYTE));
        const monitor = await startMonitor(socket, { commands: { qmp_capabilities: reason } });
        await startBridge(server.url, { vm1: socket });
        expect(await listener.state('vm1', 'DOWN')).toMatchObject({ seq: 1 });
        const reply = async () => JSON.stringify(await listener.execute('vm1', 'stop'));
        while (!/x{9}|ERR_LIMIT/.test(await reply()));
        await monitor.close();
        const successor = await startMonitor(socket);
        await listener.state('vm1', 'UP');
        await successor.close();
        expect(await listener.state('vm1', 'DOWN')).toMatchObject({
          reason: 'The peer ended the stream',
        });
      },
    );

    it.each([
      ['with the beginning of its reason', '', /x{99}/],
      ['without its reason', 'max_payload: 300', /^The NATS server does not allow the length/],
    ])('is sent %s, if that is too long', async (_, config, expected) => {
      const { listener, monitors } = await setUp({ config });
      listener.messages.skipAll();
      monitors.vm1.emit('SHUTDOWN', { guest: false, reason: 'x'.repeat(2 * MEGABYTE) });
      await listener.next('vm.vm1.lost'); // The event itself is too large.
      await monitors.vm1.close();
      const { reason } = await listener.state('vm1', 'DOWN');
      expect(String(reason)).toMatch(expected);
      expect(String(reason).length).toBeLessThan(5_000);
    });
  });

  describe('a reply', () => {
    /** Sends a request as any client can, without the checks of a library. */
    async function request(url: string, reply: string, command: string): Promise<void> {
      const { hostname, port } = new URL(url);
      const socket = dial({ host: hostname, port: Number(port) }).setEncoding('utf8');
      cleanUp(() => socket.destroy());
      let text = '';
      socket.on('data', (chunk: string) => (text += chunk));
      const body = JSON.stringify({ command });
      const size = String(Buffer.byteLength(body));
      socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
      socket.write(`PUB vm.vm1.execute ${reply} ${size}\r\n${body}\r\nPING\r\n`);
      while (!text.includes('PONG')) await once(socket, 'data');
      socket.destroy();
    }

    it.each([
      'vm.vm2.state',
      'vm.vm2.event.SHUTDOWN',
      'vm.vm1.execute',
      'vm.vm2.execute',
      '_INBOX',
      '_INBOX.',
      '_INBOX..x',
      '_INBOX.>',
      '_INBOX.*',
      '_INBOX.x.>',
      '_INBOX.x.',
      '_INBOXES.x',
      '_inbox.x',
      'x._INBOX.x',
      '$SYS.REQ.SERVER.PING',
      '$JS.API.STREAM.DELETE.vms',
      '_INBOX.\u001b[31m',
      '_INBOX.\u202e',
      `_INBOX.${'x'.repeat(300)}`,
    ])('does not go to %j, and the command is not executed', async (reply) => {
      const { server, listener, monitors, log } = await setUp();
      const seen: string[] = [];
      listener.nc.subscribe('>', { callback: (_, { subject }) => void seen.push(subject) });
      await listener.nc.flush();
      await request(server.url, reply, 'stop');
      const line = await log.next((text) => text.includes('refused'));
      expect(line).toMatch(/^vm1: refused a command, as its reply is not to _INBOX\.: [!-~ …]+$/);
      expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
      const sent = seen.filter((subject) => !subject.startsWith('_INBOX.'));
      expect(sent).toEqual(['vm.vm1.execute', 'vm.vm1.execute']);
      expect(JSON.stringify(monitors.vm1.received)).not.toContain('"stop"');
      expect(monitors.vm2.received).toHaveLength(1);
    });

    it('goes to an inbox with a prefix of its own below _INBOX.', async () => {
      const { server, monitors } = await setUp();
      const client = await Listener.at(server.url, { inboxPrefix: '_INBOX.alice' });
      expect(await client.execute('vm1', 'query-name')).toHaveProperty('return');
      expect(monitors.vm1.received).toHaveLength(2);
    });

    it('is an error when it is too large, or nested too deeply', async () => {
      const deep = JSON.parse('['.repeat(900) + ']'.repeat(900)) as JsonValue;
      const { listener } = await setUp({
        config: 'max_payload: 4096',
        commands: {
          'x-large': 'ä'.repeat(3000),
          'x-failing': new CommandFailure('x'.repeat(MEGABYTE)),
          'x-deep': () => deep,
        },
      });
      const limit = { error: { class: 'ERR_LIMIT' } };
      expect(await listener.execute('vm1', 'x-large')).toMatchObject(limit);
      expect(await listener.execute('vm1', 'x-failing')).toMatchObject(limit);
      expect(JSON.stringify(await listener.execute('vm1', 'x-deep'))).toMatch(/\[\[\[|error/);
      expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
    });

    it('to no request is logged on one line, cut, and without secrets', async () => {
      const { listener, log } = await setUp({
        commands: {
          'x-say': {
            password: 'PLANTED',
            'buf-b64': 'PLANTED',
            text: '\u001b]52;c;x\u0007\u202e\u009b',
          },
          'x-flood': 'x'.repeat(MEGABYTE),
        },
      });
      for (const command of ['x-say', 'x-flood']) {
        listener.nc.publish('vm.vm1.execute', JSON.stringify({ command }));
        const line = await log.next((text) => text.includes('no reply was requested'));
        expect(line).not.toContain('PLANTED');
        expect(line).not.toMatch(/\p{Cc}|\p{Cf}/u);
        expect(line.length).toBeLessThan(5_000);
      }
    });
  });

  describe('an event', () => {
    it('with a name longer than a line of the protocol does not end the connection', async () => {
      const { listener, monitors, log } = await setUp();
      const name = `A${'.'.repeat(5_000)}`;
      monitors.vm1.emit(name);
      const token = `A${'_'.repeat(63)}`;
      expect(await listener.next(`vm.vm1.event.${token}`)).toMatchObject({ event: name });
      monitors.vm2.emit('STOP');
      await listener.next('vm.vm2.event.STOP');
      expect(log.all).toEqual([]);
    });
  });

  describe('a flood of one machine', () => {
    it('does not take the room of another, whose last words are sent after the outage', async () => {
      const { listener, monitors, network, bridge, log } = await setUp({ room: 20_000 });
      await network.cut();
      await log.next((line) => line === 'NATS: disconnect');
      monitors.vm1.emit('SHUTDOWN', { guest: true });
      for (let n = 0; n < 3_000; n += 1) monitors.vm2.emit('FLOOD', { n });
      await until(() => bridge.waiting + bridge.lost === 3_001);
      await network.join();
      const { total } = await listener.next('vm.vm2.lost');
      expect(total).toBe(bridge.lost);
      expect(bridge.lost).toBeGreaterThan(2_800);
      await until(() => bridge.waiting === 0);
      await listener.nc.flush();
      const subjects = listener.messages.all.map(({ subject }) => subject);
      expect(subjects).toContain('vm.vm1.event.SHUTDOWN');
      expect(subjects).not.toContain('vm.vm1.lost');
    });
  });

  describe('allow', () => {
    it('lets only the commands through that it names', async () => {
      const { listener, monitors } = await setUp({
        allow: ['query-*', 'cont'],
        commands: { 'query-x': 'seen' },
      });
      expect(await listener.execute('vm1', 'query-x')).toEqual({ return: 'seen' });
      expect(await listener.execute('vm1', 'cont')).toEqual({ return: {} });
      for (const command of [
        'stop',
        'quit',
        'query',
        'Query-x',
        'x-query-x',
        'contx',
        '*',
        '__proto__',
      ]) {
        expect(await listener.execute('vm1', command)).toEqual({
          error: { class: 'ERR_NOT_ALLOWED', desc: `The bridge does not allow '${command}'` },
        });
      }
      expect(monitors.vm1.received).toHaveLength(3);
    });

    it('is every command by default', async () => {
      const { listener } = await setUp();
      expect(await listener.execute('vm1', 'stop')).toEqual({ return: {} });
    });
  });
});

describe('the option --allow', () => {
  const parsed = (...args: string[]) => optionsOf([...args, 'vm1=/run/x'], {}).allow;

  it('takes names and beginnings of names, separated by commas, and may be repeated', () => {
    expect(parsed()).toBeUndefined();
    expect(parsed('--allow', 'query-*,cont', '--allow', '__com.redhat_x')).toEqual([
      'query-*',
      'cont',
      '__com.redhat_x',
    ]);
    expect(parsed('--allow', '*')).toEqual(['*']);
  });

  it.each(['', 'a,,b', 'a b', 'a,', '**', '*a', 'a*b', 'a;b'])('refuses %j', (text) => {
    expect(() => parsed('--allow', text)).toThrow(ArgumentError);
  });
});
