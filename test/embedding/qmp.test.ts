/** A client of a QMP machine in somebody's chart, whenever it is attached. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromPromise, setup, waitFor } from 'xstate';
import { ArgumentError, createProtocolMachine, jsonStream, lines } from '../../src/index.ts';
import { createQmpMachine, QmpClient, type QmpActorRef } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer, eventOf, greetingOf, ManualMonitor, namesOf } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { running, startHost } from './qmp-support.ts';

expectIdleAfterEach();

describe('a client that is attached', () => {
  it('before anything connects it itself', async () => {
    const server = createServer();
    const { ref } = startHost();
    const client = QmpClient.attach(ref);
    await client.connect(await server.listen());
    expect(ref.getSnapshot().hasTag('up')).toBe(true);
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    await client.disconnect();
    expect(ref.getSnapshot().value).toBe('IDLE');
  });

  it('before the parent connects is there when it has', async () => {
    const monitor = new ManualMonitor();
    const { ref, until } = startHost();
    const client = QmpClient.attach(ref);
    const early = client.waitFor('STOP');
    ref.send({ type: 'CONNECT', address: { stream: monitor.stream } });
    await monitor.establish();
    monitor.send(eventOf('STOP'));
    await until('RUNNING');
    expect(await early).toMatchObject({ event: 'STOP' });
    expect(client.greeting?.QMP.version.qemu.micro).toBe(22);
    await client.disconnect();
  });

  it.each(['CONNECTING.establishing', 'CONNECTING.dialing'])('in %s hears all', async (state) => {
    const monitor = new ManualMonitor();
    const { ref, until } = startHost({ address: { stream: monitor.stream } });
    await until(state);
    const client = QmpClient.attach(ref);
    expect(client.runstate).toBe('CONNECTING');
    const events = client.events();
    expect(await rejection(client.execute('stop'))).toMatchObject({ code: 'ERR_STATE' });
    monitor.send(eventOf('RESUME'), greetingOf(), eventOf('STOP'));
    monitor.reply(await monitor.take());
    await until('RUNNING');
    monitor.send(eventOf('SHUTDOWN'));
    expect(await namesOf(events, 3)).toEqual(['RESUME', 'STOP', 'SHUTDOWN']);
    await client.disconnect();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it('while it runs knows the greeting, and executes', async () => {
    const { ref, monitor } = await running();
    const client = QmpClient.attach(ref);
    expect(client.runstate).toBe('RUNNING');
    expect(client.greeting?.QMP.capabilities).toEqual(['oob']);
    const done = client.execute('query-name');
    const command = await monitor.take();
    const events = client.events();
    monitor.send(eventOf('STOP'), { return: { name: 'vm1' }, id: command.id });
    expect(await done).toEqual({ name: 'vm1' });
    expect(await namesOf(events, 1)).toEqual(['STOP']);
    await client.disconnect();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it('while it disconnects is the client of the next session', async () => {
    const { ref, monitor, until } = await running();
    monitor.peer.removeAllListeners('end');
    ref.send({ type: 'DISCONNECT' });
    await until('DISCONNECTING');
    const client = QmpClient.attach(ref);
    const { closed } = client;
    expect(client.runstate).toBe('DISCONNECTING');
    monitor.peer.end();
    expect(await closed).toMatchObject({ suppressed: [] });
    const next = new ManualMonitor();
    const established = next.establish();
    await client.connect({ stream: next.stream });
    await established;
    const done = client.execute('stop');
    next.reply(await next.take());
    expect(await done).toEqual({});
    await client.disconnect();
  });

  it('listens from IDLE on, through attempts that fail, until a session has ended', async () => {
    const { ref, until } = startHost();
    const client = QmpClient.attach(ref);
    const events = client.events('STOP');
    const first = events.next();
    ref.send({ type: 'CONNECT', address: '/nonexistent/socket' });
    await until('IDLE');
    const rude = new ManualMonitor();
    ref.send({ type: 'CONNECT', address: { stream: rude.stream } });
    rude.send({ hello: 'I am no monitor' });
    await until('IDLE');
    expect(await hasSettled(first)).toBe(false);

    const monitor = new ManualMonitor();
    ref.send({ type: 'CONNECT', address: { stream: monitor.stream } });
    await monitor.establish();
    monitor.send(eventOf('STOP'));
    expect(await first).toMatchObject({ value: { event: 'STOP' } });
    ref.send({ type: 'DISCONNECT' });
    await until('IDLE');
    expect(await events.next()).toMatchObject({ done: true });
  });
});

describe('QmpClient.attach()', () => {
  it('gives one client for each actor, whoever asks', async () => {
    const { host, ref, refNow, monitor } = await running();
    const client = QmpClient.attach(ref);
    const stopped: unknown[] = [];
    client.on('STOP', (event) => stopped.push(event));
    expect(QmpClient.attach(ref)).toBe(client);
    // Commands of both are one client's: no reply is lost between them.
    const all = Promise.all([client.execute('a'), QmpClient.attach(ref).execute('b')]);
    const [a, b] = [await monitor.take(), await monitor.take()];
    expect(a.id).not.toBe(b.id);
    monitor.send({ return: 'b', id: b.id }, eventOf('STOP'), { return: 'a', id: a.id });
    expect(await all).toEqual(['a', 'b']);
    expect(stopped).toHaveLength(1);

    host.send({ type: 'LEAVE' });
    host.send({ type: 'RETURN' });
    expect(QmpClient.attach(ref)).toBe(client);
    expect(QmpClient.attach(refNow())).not.toBe(client);
  });

  it('refuses what is no actor of createQmpMachine()', () => {
    const codec = jsonStream<never, never>();
    const machines = [
      createProtocolMachine({ codec }),
      createMachine({ context: { link: { definition: {} } } }),
      createMachine({}),
    ];
    const refs = [
      ...machines.map((machine) => createActor(machine)),
      createActor(fromPromise(() => Promise.resolve())),
      createActor(
        createProtocolMachine((): never => {
          throw new Error('never made');
        }),
      ),
    ];
    for (const ref of refs) {
      // As one that a system's get() has found has no type.
      const attach = () => QmpClient.attach(ref as unknown as QmpActorRef);
      expect(attach).toThrow(ArgumentError);
      expect(attach).toThrow('needs an actor of createQmpMachine()');
    }
    const line = createActor(createProtocolMachine({ codec: lines() }));
    // @ts-expect-error -- its messages are not those of QMP
    expect(() => QmpClient.attach(line)).toThrow(ArgumentError);
  });
});

describe('two monitors in one parent', () => {
  it('do not mix', async () => {
    const monitors = { left: new ManualMonitor(), right: new ManualMonitor() };
    const qmp = createQmpMachine();
    const machine = setup({
      types: { children: {} as { left: 'qmp'; right: 'qmp' } },
      actors: { qmp },
    }).createMachine({
      invoke: [
        { id: 'left', src: 'qmp', input: { address: { stream: monitors.left.stream } } },
        { id: 'right', src: 'qmp', input: { address: { stream: monitors.right.stream } } },
      ],
    });
    const host = createActor(machine).start();
    const { left, right } = host.getSnapshot().children;
    if (!left || !right) throw new Error('A child was not invoked');
    const [one, other] = [QmpClient.attach(left), QmpClient.attach(right)];
    expect(one).not.toBe(other);
    await Promise.all([monitors.left.establish(), monitors.right.establish(['none'])]);
    await Promise.all([left, right].map((ref) => waitFor(ref, (now) => now.hasTag('up'))));
    expect(one.greeting).not.toEqual(other.greeting);

    const [stopped, events] = [one.waitFor('STOP'), other.events()];
    const both = [one.execute('a'), other.execute('a')];
    const [toOne, toOther] = [await monitors.left.take(), await monitors.right.take()];
    expect(toOne.id).not.toBe(toOther.id);
    // A reply that was meant for the other is nobody's.
    monitors.left.reply(toOther, 'wrong');
    monitors.left.reply(toOne, 'left');
    monitors.right.reply(toOther, 'right');
    expect(await Promise.all(both)).toEqual(['left', 'right']);
    monitors.left.send(eventOf('STOP'));
    await stopped;
    monitors.right.send(eventOf('RESUME'));
    expect(await namesOf(events, 1)).toEqual(['RESUME']);

    await one.disconnect();
    expect(one.runstate).toBe('IDLE');
    expect(other.runstate).toBe('RUNNING');
    host.stop();
  });
});
