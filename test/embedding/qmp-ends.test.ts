/** How the sessions of a QMP machine in a parent chart end, with and without a client. */

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
import { startParent, startRunning } from './qmp-support.ts';

expectIdleAfterEach();

/** Starts two commands, a waitFor(), and an iterator of events; all are pending. */
async function startCalls(client: QmpClient, monitor: ManualMonitor) {
  const executed = [rejection(client.execute('stop')), rejection(client.execute('cont'))];
  await monitor.take();
  await monitor.take();
  return {
    executed,
    waited: rejection(client.waitFor('STOP')),
    next: client.events().next(),
  };
}

describe('a pending call', () => {
  it.each(['leaves', 'is stopped'])('rejects when the parent %s', async (how) => {
    const { parent, ref, monitor } = await startRunning();
    const client = QmpClient.attach(ref);
    const { executed, waited, next } = await startCalls(client, monitor);
    if (how === 'leaves') parent.send({ type: 'LEAVE' });
    else parent.stop();
    expect(monitor.stream.destroyed).toBe(true);
    for (const error of await Promise.all(executed)) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
    }
    expect(await waited).toBeInstanceOf(ClosedError);
    expect(await rejection(next)).toBeInstanceOf(ClosedError);
    expect(client.runstate).toBe('IDLE');
    // Later calls reject at once, with the same errors as those of a client without a parent.
    expect(await rejection(client.execute('stop'))).toMatchObject({ code: 'ERR_STATE' });
    expect(await rejection(client.connect('/run/none'))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('rejects when the parent leaves before there is a session', async () => {
    const { parent, ref } = startParent();
    const client = QmpClient.attach(ref);
    const [waited, next] = [rejection(client.waitFor('STOP')), client.events().next()];
    parent.send({ type: 'LEAVE' });
    expect(await waited).toBeInstanceOf(ClosedError);
    expect(await next).toMatchObject({ done: true });
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });

  it('rejects when it is a connect() and the parent leaves', async () => {
    const { parent, ref, until } = startParent();
    const client = QmpClient.attach(ref);
    const connected = rejection(client.connect({ stream: new ManualMonitor().stream }));
    await until('CONNECTING.establishing');
    parent.send({ type: 'LEAVE' });
    expect(await connected).toBeInstanceOf(ConnectError);
  });
});

describe('a pending call at the end of the session', () => {
  it('rejects with the same cause as the parent gets when the peer ends it', async () => {
    const { ref, monitor, outcome } = await startRunning({ once: true });
    const { executed, waited, next } = await startCalls(QmpClient.attach(ref), monitor);
    monitor.peer.end();
    const errors = await Promise.all(executed);
    const ended = await outcome();
    expect(ended?.cause).toBeInstanceOf(ClosedError);
    for (const error of errors) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toHaveProperty('cause', ended?.cause);
    }
    expect(await waited).toBeInstanceOf(ClosedError);
    expect(await rejection(next)).toBe(ended?.cause);
  });

  it('rejects with an expected end when the parent ends it', async () => {
    const { ref, monitor, until } = await startRunning();
    const { executed } = await startCalls(QmpClient.attach(ref), monitor);
    ref.send({ type: 'DISCONNECT' });
    for (const error of await Promise.all(executed)) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED', expected: true } });
    }
    await until('IDLE');
  });

  it('rejects although the next session has begun', async () => {
    const { ref, monitor, until } = await startRunning();
    const client = QmpClient.attach(ref);
    const first = rejection(client.execute('stop'));
    monitor.peer.end();
    await until('IDLE');
    const next = new ManualMonitor();
    ref.send({ type: 'CONNECT', address: { stream: next.stream } });
    await next.establish();
    await until('RUNNING');
    const second = client.execute('cont');
    expect(await first).toBeInstanceOf(ExecInterruptedError);
    next.reply(await next.take(), 'ok');
    expect(await second).toBe('ok');
    await client.disconnect();
  });

  it('resolves when it is `quit`, and the end is clean for the parent too', async () => {
    const server = createServer();
    const { ref, until, outcome } = startParent({ once: true, address: await server.listen() });
    await until('RUNNING');
    expect(await QmpClient.attach(ref).execute('quit')).toEqual({});
    expect(await outcome()).toMatchObject({ undelivered: 0 });
    expect((await outcome())?.cause).toBeUndefined();
  });
});

describe('a command that takes too long', () => {
  it('is aborted by the clock that was passed to attach()', async () => {
    const clock = new SimulatedClock();
    const { ref, monitor } = await startRunning({ clock });
    const client = QmpClient.attach(ref, { clock });
    const executed = rejection(client.execute('migrate', {}, { timeout: 60_000 }));
    const waited = rejection(client.waitFor('STOP', undefined, { timeout: 60_000 }));
    const command = await monitor.take();
    clock.increment(59_999);
    await turn();
    expect(client.runstate).toBe('RUNNING');
    clock.increment(1);
    const timeout = { code: 'ERR_TIMEOUT', ms: 60_000 };
    expect(await executed).toMatchObject({ ...timeout, phase: 'execute' });
    expect(await waited).toMatchObject({ ...timeout, phase: 'wait' });
    // The late reply is ignored.
    monitor.reply(command);
    const next = client.execute('cont');
    monitor.reply(await monitor.take(), 'ok');
    expect(await next).toBe('ok');
    await client.disconnect();
  });
});

describe('without a client', () => {
  it('an error without an id ends the session, and the parent gets the cause', async () => {
    const { monitor, outcome } = await startRunning({ once: true });
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    expect((await outcome())?.cause).toBeInstanceOf(ServerParseError);
  });

  it('the same happens with a client, unless it has a command in flight, which rejects', async () => {
    const { ref, monitor, outcome } = await startRunning({ once: true });
    const executed = rejection(QmpClient.attach(ref).execute('stop'));
    await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    expect(await executed).toBeInstanceOf(ServerParseError);
    expect(await executed).toMatchObject({ command: 'stop' });
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    expect((await outcome())?.cause).toBeInstanceOf(ServerParseError);
  });

  it('events and stale replies are ignored, the latter with a warning', async () => {
    const { records, logger } = recordingLogger();
    const { ref, monitor } = await startRunning({ logger });
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
    const { outcome } = startParent({ once: true, address: { stream: monitor.stream } });
    monitor.send(greeting);
    if (error === NegotiationError) monitor.send({ ...refusal, id: (await monitor.take()).id });
    const ended = await outcome();
    expect(ended?.cause).toBeInstanceOf(ConnectError);
    expect(ended?.cause).toMatchObject({ phase: 'session', retryable: false });
    expect(ended?.cause?.cause).toBeInstanceOf(error);
  });

  it('the handshake deadline is measured by the clock of the parent', async () => {
    const clock = new SimulatedClock();
    const address = { stream: new ManualMonitor().stream };
    const { until, outcome } = startParent({ once: true, clock, address });
    await until('CONNECTING.establishing');
    clock.increment(10_000);
    const cause = (await outcome())?.cause;
    expect(cause).toMatchObject({ code: 'ERR_CONNECT', phase: 'session', retryable: true });
    expect(cause?.cause).toBeInstanceOf(TimeoutError);
  });

  it('messages are forwarded to the parent, and a client receives them too', async () => {
    const { ref, monitor } = await startRunning({ forward: true });
    const forwarded: unknown[] = [];
    ref.on('message', ({ messages }) => forwarded.push(...messages));
    const client = QmpClient.attach(ref);
    const events = client.events();
    const executed = client.execute('stop');
    const command = await monitor.take();
    monitor.send(eventOf('STOP'));
    monitor.reply(command, 'ok');
    expect(await namesOf(events, 1)).toEqual(['STOP']);
    expect(await executed).toBe('ok');
    await client.disconnect();
    expect(forwarded).toEqual([eventOf('STOP'), { return: 'ok', id: command.id }]);
  });
});

it('a chart executes a command in a promise actor, and gets the end of the session as onDone', async () => {
  const server = createServer();
  const machine = setup({
    types: { context: {} as { isUp: boolean; status: string } },
    actors: {
      qmp: createQmpMachine({ once: true }),
      query: fromPromise(async ({ input }: { input: QmpActorRef | undefined }) => {
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
      onDone: '.ended',
    },
    initial: 'connecting',
    states: {
      connecting: { always: { guard: ({ context }) => context.isUp, target: 'querying' } },
      querying: {
        invoke: {
          src: 'query',
          input: ({ self }) => self.getSnapshot().children['qmp'],
          onDone: { actions: assign({ status: ({ event }) => event.output }) },
        },
      },
      ended: { type: 'final' },
    },
  });
  const parent = createActor(machine).start();
  const { context } = await waitFor(parent, ({ status }) => status === 'done');
  expect(context.status).toBe('prelaunch');
});
