/** Commands that wait in the client, because `limits.maxInFlight` are in flight. */

import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import { ArgumentError, LimitError, TimeoutError } from '../../src/index.ts';
import {
  createQmpMachine,
  ExecInterruptedError,
  type OpenQapi,
  QmpClient,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach, track } from '../support/cleanup.ts';
import { createClient, ManualMonitor, session, type WireCommand } from '../support/qmp.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

/** Executes commands named 0, 1, 2, …; each resolves with its name. */
const executeMany = (client: QmpClient<OpenQapi>, count: number): Promise<unknown>[] =>
  Array.from({ length: count }, (_, number) => client.execute(String(number)));

/** The next commands. */
async function takeMany(monitor: ManualMonitor, count: number): Promise<WireCommand[]> {
  const commands: WireCommand[] = [];
  while (commands.length < count) commands.push(await monitor.take());
  return commands;
}

/** A session in which one command is in flight, and no other may be. */
async function full(options: ConstructorParameters<typeof QmpClient>[0] = {}) {
  const limits = { ...options.limits, maxInFlight: 1 };
  const { client, monitor } = await session({ ...options, limits });
  const first = client.execute('first');
  return { client, monitor, first, command: await monitor.take() };
}

describe('the window', () => {
  it('is 7 in-band commands where out-of-band execution was negotiated; the others follow in order', async () => {
    const { client, monitor } = await session();
    const done = executeMany(client, 20);
    const commands = await takeMany(monitor, 7);
    await turn();
    expect(client.stats).toMatchObject({ commandsInFlight: 7, commandsWaiting: 13 });
    for (const command of commands) {
      monitor.reply(command, command.execute);
      if (commands.length < 20) commands.push(await monitor.take());
    }
    expect(await Promise.all(done)).toEqual(Array.from({ length: 20 }, (_, at) => String(at)));
    expect(client.stats).toMatchObject({ commandsInFlight: 0, commandsWaiting: 0 });
    await client.disconnect();
  });

  it('lets out-of-band commands pass, which take up no place', async () => {
    const { client, monitor, first, command } = await full();
    const waiting = client.execute('second');
    const done = client.execute('query-yank', undefined, { oob: true });
    const oob = await monitor.take();
    expect(oob['exec-oob']).toBe('query-yank');
    monitor.reply(oob, []);
    expect(await done).toEqual([]);
    monitor.reply(command);
    await first;
    monitor.reply(await monitor.take(), 2);
    expect(await waiting).toBe(2);
    await client.disconnect();
  });

  it.each([[[]], [['color']]])(
    'is unlimited when the server offers %j; an out-of-band command is then refused at once',
    async (capabilities) => {
      const monitor = new ManualMonitor();
      const client = createClient();
      const connected = client.connect({ stream: monitor.stream });
      await monitor.establish(capabilities);
      await connected;
      const done = executeMany(client, 100);
      const refused = await rejection(client.execute('query-yank', undefined, { oob: true }));
      expect(refused).toBeInstanceOf(ArgumentError);
      expect(refused).toHaveProperty(
        'message',
        'query-yank was not sent: the server does not offer out-of-band execution; execute it without oob',
      );
      for (const command of await takeMany(monitor, 100)) monitor.reply(command);
      await Promise.all(done);
      await client.disconnect();
    },
  );

  it('is unlimited, and nothing is enabled, with the option oob: false', async () => {
    const { client, monitor, negotiation } = await session({ oob: false });
    expect(negotiation).toEqual({ execute: 'qmp_capabilities', id: negotiation.id });
    const message = { 'exec-oob': 'query-yank' };
    for (const refused of [
      await rejection(client.execute('query-yank', undefined, { oob: true })),
      await rejection(client.executeMessage(message)),
    ]) {
      expect(refused).toBeInstanceOf(ArgumentError);
      expect(refused).toHaveProperty('message', expect.stringContaining('the option oob'));
    }
    const done = executeMany(client, 100);
    for (const command of await takeMany(monitor, 100)) monitor.reply(command);
    await Promise.all(done);
    await client.disconnect();
  });

  it.each([3, 12])('is what the option says: %i', async (maxInFlight) => {
    const { client, monitor } = await session({ limits: { maxInFlight } });
    const done = executeMany(client, 20);
    expect(client.stats).toMatchObject({ commandsInFlight: maxInFlight });
    for (let count = 0; count < 20; count += 1) monitor.reply(await monitor.take());
    await Promise.all(done);
    await client.disconnect();
  });

  it('counts a command that was given up until its reply comes', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock, limits: { maxInFlight: 1 } });
    const late = rejection(client.execute('first', {}, { timeout: 5 }));
    const command = await monitor.take();
    clock.increment(5);
    await late;
    const done = client.execute('second');
    await turn();
    expect(client.stats).toMatchObject({ commandsInFlight: 0, commandsWaiting: 1 });
    monitor.reply(command, 'late');
    monitor.reply(await monitor.take(), 'own');
    expect(await done).toBe('own');
    await client.disconnect();
  });
});

describe('a command that waits', () => {
  it('is sent with the arguments that it was given, also if they are changed', async () => {
    const { client, monitor, first, command } = await full();
    const args = { list: [1], big: 2n ** 64n - 1n };
    const done = [
      client.execute('a', args),
      client.executeMessage({ execute: 'b', arguments: args }),
    ];
    args.list.push(2);
    monitor.text = '';
    monitor.reply(command);
    await first;
    monitor.reply(await monitor.take());
    monitor.reply(await monitor.take());
    await Promise.all(done);
    expect(monitor.text).toBe(
      '{"execute":"a","arguments":{"list":[1],"big":18446744073709551615}}\n' +
        '{"execute":"b","arguments":{"list":[1],"big":18446744073709551615},"id":1}\n',
    );
    await client.disconnect();
  });

  it('is not sent when its signal is aborted, and leaves its place at once', async () => {
    const { client, monitor, first, command } = await full();
    const controller = new AbortController();
    const { signal } = controller;
    const rejected = rejection(client.execute('second', {}, { signal }));
    const third = client.execute('third');
    const reason = new Error('enough');
    expect(client.stats.commandsWaiting).toBe(2);
    controller.abort(reason);
    expect(client.stats.commandsWaiting).toBe(1);
    expect(await rejected).toBe(reason);
    monitor.reply(command);
    await first;
    const next = await monitor.take();
    expect(next.execute).toBe('third');
    monitor.reply(next);
    await third;
    expect(monitor.text).not.toContain('second');
    await client.disconnect();
  });

  it('is not sent after its deadline, and its error says so', async () => {
    const clock = new SimulatedClock();
    const { client, monitor, first, command } = await full({ clock });
    const rejected = rejection(client.execute('second', {}, { timeout: 100 }));
    clock.increment(100);
    expect(await rejected).toBeInstanceOf(TimeoutError);
    expect(await rejected).toMatchObject({
      phase: 'execute',
      ms: 100,
      message: expect.stringContaining('second was not sent within 100 ms') as string,
    });
    monitor.reply(command);
    await first;
    await client.disconnect();
    expect(monitor.text).not.toContain('second');
  });

  it.each(['disconnect()', 'its disposal'])('is sent by %s, before our side ends', async (how) => {
    const { client, monitor, first } = await full();
    const rejected = [first, client.execute('second'), client.execute('quit')].map(rejection);
    if (how === 'disconnect()') await client.disconnect();
    else await client[Symbol.asyncDispose]();
    expect((await takeMany(monitor, 2)).map(({ execute }) => execute)).toEqual(['second', 'quit']);
    expect(monitor.text.endsWith('"quit","id":2}')).toBe(true);
    for (const error of await Promise.all(rejected)) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toMatchObject({ sent: true });
    }
  });

  it.each([
    [
      'disconnect({ force: true })',
      (client: QmpClient<OpenQapi>) => client.disconnect({ force: true }),
    ],
    ['the end of the stream', (_: unknown, { peer }: ManualMonitor) => Promise.resolve(peer.end())],
    [
      'fail()',
      (client: QmpClient<OpenQapi>) => {
        client.protocol.fail(new Error('no'));
        return Promise.resolve();
      },
    ],
  ])('is rejected as not sent by %s', async (_, end) => {
    const { client, monitor, first } = await full();
    const [interrupted, waiting] = [first, client.execute('second')].map(rejection);
    await end(client, monitor);
    expect(await interrupted).toMatchObject({ name: 'ExecInterruptedError', sent: true });
    expect(await waiting).toBeInstanceOf(ExecInterruptedError);
    expect(await waiting).toMatchObject({
      command: 'second',
      sent: false,
      message: expect.stringContaining('second was not sent') as string,
    });
    await client.closed;
    expect(monitor.text).not.toContain('second');
    expect(client.stats).toMatchObject({ commandsFailed: 2, commandsWaiting: 0 });
  });

  it.each(['DISCONNECT', 'the stop of the actor'])('in a statechart is sent by %s', async (how) => {
    const actor = createActor(createQmpMachine({ limits: { maxInFlight: 1 } })).start();
    const client = track(QmpClient.attach(actor) as QmpClient<OpenQapi>);
    const monitor = new ManualMonitor();
    const connected = client.connect({ stream: monitor.stream });
    await monitor.establish();
    await connected;
    const rejected = ['first', 'second'].map((name) => rejection(client.execute(name)));
    await monitor.take();
    if (how === 'DISCONNECT') actor.send({ type: 'DISCONNECT' });
    else actor.stop();
    expect((await monitor.take()).execute).toBe('second');
    for (const error of await Promise.all(rejected)) expect(error).toMatchObject({ sent: true });
    await client.closed;
    actor.stop();
  });

  it('is sent before the farewell of a class that extends the client', async () => {
    class Polite extends QmpClient<OpenQapi> {
      protected override farewell(): Promise<void> {
        return this.protocol.send({ execute: 'bye' });
      }
    }
    const client = new Polite({ limits: { maxInFlight: 1 } });
    const { monitor } = await session(undefined, track(client));
    const rejected = ['first', 'second'].map((name) => rejection(client.execute(name)));
    await client.disconnect();
    await Promise.all(rejected);
    const names = (await takeMany(monitor, 3)).map(({ execute }) => execute);
    expect(names).toEqual(['first', 'second', 'bye']);
  });

  it('rejects at once when its arguments cannot be encoded', async () => {
    const { client, monitor, first, command } = await full();
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    const rejected = rejection(client.execute('second', cycle));
    await turn();
    expect(await hasSettled(rejected)).toBe(true);
    expect(await rejected).toMatchObject({ code: 'ERR_CODEC' });
    monitor.reply(command);
    await first;
    await client.disconnect();
  });

  it('rejects with a LimitError when all that wait take more than maxQueuedBytes', async () => {
    const { client, monitor, first, command } = await full({ limits: { maxQueuedBytes: 200 } });
    const waiting = client.execute('a', { text: 'x'.repeat(120) });
    const error = await rejection(client.execute('b', { text: 'x'.repeat(120) }));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 200 });
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/b was not sent: 1 commands wait/),
    );
    monitor.reply(command);
    await first;
    monitor.reply(await monitor.take());
    await waiting;
    expect(client.stats).toMatchObject({ commands: 3, commandsFailed: 1, commandsWaiting: 0 });
    await client.disconnect();
  });

  it('does not keep the client from being used after the session', async () => {
    const { client, first } = await full();
    const rejected = [first, client.execute('second')].map(rejection);
    await client.disconnect({ force: true });
    await Promise.all(rejected);
    const { monitor } = await session(undefined, client);
    const done = client.execute('third');
    const command = await monitor.take();
    expect(command).toEqual({ execute: 'third' });
    monitor.reply(command, 3);
    expect(await done).toBe(3);
    await client.disconnect();
  });
});
