/** A client that is attached to a QMP machine in a parent chart, in any state. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromPromise, setup, waitFor } from 'xstate';
import { ArgumentError, createProtocolMachine, jsonStream, lines } from '../../src/index.ts';
import { createQmpMachine, QmpClient, type QmpActorRef } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer, eventOf, greetingOf, ManualMonitor, namesOf } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { startParent, startRunning } from './qmp-support.ts';

expectIdleAfterEach();

describe('a client that is attached', () => {
  it('in IDLE can connect', async () => {
    const server = createServer();
    const { ref } = startParent();
    const client = QmpClient.attach(ref);
    await client.connect(await server.listen());
    expect(ref.getSnapshot().hasTag('up')).toBe(true);
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    await client.disconnect();
    expect(ref.getSnapshot().value).toBe('IDLE');
  });

  it('in IDLE is connected when the parent connects', async () => {
    const monitor = new ManualMonitor();
    const { ref, until } = startParent();
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

  it.each(['CONNECTING.establishing', 'CONNECTING.dialing'])(
    'in %s receives every event',
    async (state) => {
      const monitor = new ManualMonitor();
      const { ref, until } = startParent({ address: { stream: monitor.stream } });
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
    },
  );

  it('in RUNNING has the greeting, and can execute commands', async () => {
    const { ref, monitor } = await startRunning();
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

  it('in DISCONNECTING works in the next session', async () => {
    const { ref, monitor, until } = await startRunning();
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

  it('in IDLE receives events after failed attempts, until a session has ended', async () => {
    const { ref, until } = startParent();
    const client = QmpClient.attach(ref);
    const events = client.events('STOP');
    const first = events.next();
    ref.send({ type: 'CONNECT', address: '/nonexistent/socket' });
    await until('IDLE');
    const wrongServer = new ManualMonitor();
    ref.send({ type: 'CONNECT', address: { stream: wrongServer.stream } });
    wrongServer.send({ hello: 'not a monitor' });
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
  it('returns the same client for the same actor', async () => {
    const { parent, ref, currentRef, monitor } = await startRunning();
    const client = QmpClient.attach(ref);
    const stopped: unknown[] = [];
    client.on('STOP', (event) => stopped.push(event));
    expect(QmpClient.attach(ref)).toBe(client);
    // Both commands belong to one client, so no reply is lost.
    const all = Promise.all([client.execute('stop'), QmpClient.attach(ref).execute('cont')]);
    const [a, b] = [await monitor.take(), await monitor.take()];
    expect(a.id).not.toBe(b.id);
    monitor.send({ return: 'b', id: b.id }, eventOf('STOP'), { return: 'a', id: a.id });
    expect<unknown>(await all).toEqual(['a', 'b']);
    expect(stopped).toHaveLength(1);

    parent.send({ type: 'LEAVE' });
    parent.send({ type: 'RETURN' });
    expect(QmpClient.attach(ref)).toBe(client);
    expect(QmpClient.attach(currentRef())).not.toBe(client);
  });

  it('throws for any other actor than one of createQmpMachine()', () => {
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
          throw new Error('never called');
        }),
      ),
    ];
    for (const ref of refs) {
      // An actor from a system's get() has no type either.
      const attach = () => QmpClient.attach(ref as unknown as QmpActorRef);
      expect(attach).toThrow(ArgumentError);
      expect(attach).toThrow('needs an actor of createQmpMachine()');
    }
    const other = createActor(createProtocolMachine({ codec: lines() }));
    // @ts-expect-error -- its messages are not those of QMP
    expect(() => QmpClient.attach(other)).toThrow(ArgumentError);
  });
});

describe('two monitors in one parent', () => {
  it('are independent', async () => {
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
    const parent = createActor(machine).start();
    const { left, right } = parent.getSnapshot().children;
    if (!left || !right) throw new Error('A child was not invoked');
    const [leftClient, rightClient] = [QmpClient.attach(left), QmpClient.attach(right)];
    expect(leftClient).not.toBe(rightClient);
    await Promise.all([monitors.left.establish(), monitors.right.establish(['none'])]);
    await Promise.all(
      [left, right].map((ref) => waitFor(ref, (snapshot) => snapshot.hasTag('up'))),
    );
    expect(leftClient.greeting).not.toEqual(rightClient.greeting);

    const [stopped, events] = [leftClient.waitFor('STOP'), rightClient.events()];
    const both = [leftClient.execute('stop'), rightClient.execute('stop')];
    const [toLeft, toRight] = [await monitors.left.take(), await monitors.right.take()];
    monitors.left.reply(toLeft, 'left');
    monitors.right.reply(toRight, 'right');
    expect(await Promise.all(both)).toEqual(['left', 'right']);
    monitors.left.send(eventOf('STOP'));
    await stopped;
    monitors.right.send(eventOf('RESUME'));
    expect(await namesOf(events, 1)).toEqual(['RESUME']);

    await leftClient.disconnect();
    expect(leftClient.runstate).toBe('IDLE');
    expect(rightClient.runstate).toBe('RUNNING');
    parent.stop();
  });
});
