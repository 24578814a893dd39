/** How the sessions of a QMP machine in somebody's chart end, with and without a client. */

import { describe, expect, it } from 'vitest';
import { assign, createActor, fromPromise, setup, SimulatedClock, waitFor } from 'xstate';
import { ClosedError, ConnectError, TimeoutError } from '../../src/index.ts';
import {
  createQmpMachine,
  ExecInterruptedError,
  GreetingError,
  NegotiationError,
  type QmpActorRef,
  QmpClient,
  ServerParseError,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { createServer, eventOf, greetingOf, ManualMonitor, namesOf } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';
import { running, startHost } from './qmp-support.ts';

expectIdleAfterEach();

/** Commands that wait for replies, an event that is waited for, and a listener. */
async function busy(client: QmpClient, monitor: ManualMonitor) {
  const executed = [rejection(client.execute('a')), rejection(client.execute('b'))];
  await monitor.take();
  await monitor.take();
  return { executed, waited: rejection(client.waitFor('STOP')), next: client.events().next() };
}

describe('what waits when the parent', () => {
  it.each(['leaves', 'is stopped'])('%s is interrupted', async (how) => {
    const { host, ref, monitor } = await running();
    const client = QmpClient.attach(ref);
    const { executed, waited, next } = await busy(client, monitor);
    if (how === 'leaves') host.send({ type: 'LEAVE' });
    else host.stop();
    expect(monitor.stream.destroyed).toBe(true);
    for (const error of await Promise.all(executed)) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
    }
    expect(await waited).toBeInstanceOf(ClosedError);
    expect(await next).toMatchObject({ done: true });
    expect(client.runstate).toBe('IDLE');
    // Who comes later is told at once, and in the same way that a plain client tells it.
    expect(await rejection(client.execute('a'))).toMatchObject({ code: 'ERR_STATE' });
    expect(await rejection(client.connect('/run/none'))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('leaves before there is a session has none to wait for', async () => {
    const { host, ref } = startHost();
    const client = QmpClient.attach(ref);
    const [waited, next] = [rejection(client.waitFor('STOP')), client.events().next()];
    host.send({ type: 'LEAVE' });
    expect(await waited).toBeInstanceOf(ClosedError);
    expect(await next).toMatchObject({ done: true });
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });

  it('leaves while the client connects is told by connect()', async () => {
    const { host, ref, until } = startHost();
    const client = QmpClient.attach(ref);
    const connected = rejection(client.connect({ stream: new ManualMonitor().stream }));
    await until('CONNECTING.establishing');
    host.send({ type: 'LEAVE' });
    expect(await connected).toBeInstanceOf(ConnectError);
  });
});

describe('what waits when the session ends', () => {
  it('by the peer is interrupted, and the parent has the same cause', async () => {
    const { ref, monitor, outcome } = await running({ once: true });
    const { executed, waited, next } = await busy(QmpClient.attach(ref), monitor);
    monitor.peer.end();
    const errors = await Promise.all(executed);
    const ended = await outcome();
    expect(ended?.cause).toBeInstanceOf(ClosedError);
    for (const error of errors) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toHaveProperty('cause', ended?.cause);
    }
    expect(await waited).toBeInstanceOf(ClosedError);
    expect(await next).toMatchObject({ done: true });
  });

  it('by the parent is interrupted, by an end that was expected', async () => {
    const { ref, monitor, until } = await running();
    const { executed } = await busy(QmpClient.attach(ref), monitor);
    ref.send({ type: 'DISCONNECT' });
    for (const error of await Promise.all(executed)) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED', expected: true } });
    }
    await until('IDLE');
  });

  it('and the next begins is of the first only', async () => {
    const { ref, monitor, until } = await running();
    const client = QmpClient.attach(ref);
    const first = rejection(client.execute('a'));
    monitor.peer.end();
    await until('IDLE');
    const next = new ManualMonitor();
    ref.send({ type: 'CONNECT', address: { stream: next.stream } });
    await next.establish();
    await until('RUNNING');
    const second = client.execute('b');
    expect(await first).toBeInstanceOf(ExecInterruptedError);
    next.reply(await next.take(), 'well');
    expect(await second).toBe('well');
    await client.disconnect();
  });

  it('after quit is answered by that end, which is clean for the parent too', async () => {
    const server = createServer();
    const { ref, until, outcome } = startHost({ once: true, address: await server.listen() });
    await until('RUNNING');
    expect(await QmpClient.attach(ref).execute('quit')).toEqual({});
    expect(await outcome()).toMatchObject({ undelivered: 0 });
    expect((await outcome())?.cause).toBeUndefined();
  });
});

describe('a command that takes too long', () => {
  it('is given up by the clock that attach() was given', async () => {
    const clock = new SimulatedClock();
    const { ref, monitor } = await running({ clock });
    const client = QmpClient.attach(ref, { clock });
    const executed = rejection(client.execute('migrate', {}, { timeout: 60_000 }));
    const waited = rejection(client.waitFor('STOP', undefined, { timeout: 60_000 }));
    const command = await monitor.take();
    clock.increment(59_999);
    await turn();
    expect(client.runstate).toBe('RUNNING');
    clock.increment(1);
    const late = { code: 'ERR_TIMEOUT', ms: 60_000 };
    expect(await executed).toMatchObject({ ...late, phase: 'execute' });
    expect(await waited).toMatchObject({ ...late, phase: 'wait' });
    // The late reply is nobody's, and no failure.
    monitor.reply(command);
    const next = client.execute('b');
    monitor.reply(await monitor.take(), 'well');
    expect(await next).toBe('well');
    await client.disconnect();
  });
});

describe('without a client', () => {
  it('an error that answers nothing ends the session, and the parent is told', async () => {
    const { monitor, outcome } = await running({ once: true });
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    expect((await outcome())?.cause).toBeInstanceOf(ServerParseError);
  });

  it('it does so with one as well', async () => {
    const { ref, monitor, outcome } = await running({ once: true });
    const executed = rejection(QmpClient.attach(ref).execute('a'));
    await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    const ended = await outcome();
    expect(ended?.cause).toBeInstanceOf(ServerParseError);
    expect(await executed).toMatchObject({ name: 'ExecInterruptedError', cause: ended?.cause });
  });

  it('events and stale replies are nobody’s, the latter with a warning', async () => {
    const { records, logger } = recordingLogger();
    const { ref, monitor } = await running({ logger });
    monitor.send(eventOf('STOP'), { return: {}, id: 'stale' });
    const client = QmpClient.attach(ref);
    const events = client.events();
    monitor.send(eventOf('RESUME'));
    const [first] = await namesOf(events, 1);
    expect(['STOP', 'RESUME']).toContain(first);
    const warnings = records.filter((record) => record.startsWith('warn'));
    expect(warnings).toEqual(['warn A reply that belongs to no command was dropped']);
    await client.disconnect();
  });

  const refusal = { error: { class: 'GenericError', desc: 'No' } };
  const failures = [
    ['greets wrongly', GreetingError, { hello: 'there' }],
    ['refuses the capabilities', NegotiationError, greetingOf()],
  ] as const;
  it.each(failures)('a server that %s is the cause', async (_, error, greeting) => {
    const monitor = new ManualMonitor();
    const { outcome } = startHost({ once: true, address: { stream: monitor.stream } });
    monitor.send(greeting);
    if (error === NegotiationError) monitor.send({ ...refusal, id: (await monitor.take()).id });
    const ended = await outcome();
    expect(ended?.cause).toBeInstanceOf(ConnectError);
    expect(ended?.cause).toMatchObject({ phase: 'session', retryable: false });
    expect(ended?.cause?.cause).toBeInstanceOf(error);
  });

  it('a monitor that never greets is given up by the clock of the parent', async () => {
    const clock = new SimulatedClock();
    const address = { stream: new ManualMonitor().stream };
    const { until, outcome } = startHost({ once: true, clock, address });
    await until('CONNECTING.establishing');
    clock.increment(10_000);
    const cause = (await outcome())?.cause;
    expect(cause).toMatchObject({ code: 'ERR_CONNECT', phase: 'session', retryable: true });
    expect(cause?.cause).toBeInstanceOf(TimeoutError);
  });

  it('what is received is forwarded, and a client hears it besides', async () => {
    const { ref, monitor } = await running({ forward: true });
    const forwarded: unknown[] = [];
    ref.on('message', ({ messages }) => forwarded.push(...messages));
    const client = QmpClient.attach(ref);
    const events = client.events();
    const executed = client.execute('a');
    const command = await monitor.take();
    monitor.send(eventOf('STOP'));
    monitor.reply(command, 'well');
    expect(await namesOf(events, 1)).toEqual(['STOP']);
    expect(await executed).toBe('well');
    await client.disconnect();
    expect(forwarded).toEqual([eventOf('STOP'), { return: 'well', id: command.id }]);
  });
});

it('a chart executes a command in a promise actor, and is told of its end by the machine', async () => {
  const server = createServer();
  const machine = setup({
    types: { context: {} as { isUp: boolean; status: string } },
    actors: {
      qmp: createQmpMachine({ once: true }),
      look: fromPromise(async ({ input }: { input: QmpActorRef | undefined }) => {
        if (input === undefined) throw new Error('There is no monitor');
        const client = QmpClient.attach(input);
        const { status } = await client.execute('query-status');
        await client.execute('quit');
        return status;
      }),
    },
  }).createMachine({
    context: { isUp: false, status: '' },
    invoke: {
      id: 'qmp',
      src: 'qmp',
      input: { address: await server.listen() },
      onSnapshot: { actions: assign({ isUp: ({ event }) => event.snapshot.hasTag('up') }) },
      onDone: '.over',
    },
    initial: 'connecting',
    states: {
      connecting: { always: { guard: ({ context }) => context.isUp, target: 'looking' } },
      looking: {
        invoke: {
          src: 'look',
          input: ({ self }) => self.getSnapshot().children['qmp'],
          onDone: { actions: assign({ status: ({ event }) => event.output }) },
        },
      },
      over: { type: 'final' },
    },
  });
  const host = createActor(machine).start();
  const { context } = await waitFor(host, ({ status }) => status === 'done');
  expect(context.status).toBe('prelaunch');
});
