/**
 * S5: what is kept of a peer is bounded in bytes, and not only in its number: unread events, texts in errors
 * and records, the failures that a session and a supervisor remember.
 */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  lines,
  LimitError,
  type Outage,
  RefusedError,
  supervise,
  WirechartError,
} from '../../src/index.ts';
import { EventQueue } from '../../src/qmp/events/event-queue.ts';
import { ExecuteError, GreetingError, QmpClient, type QmpEvent } from '../../src/qmp/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { eventOf, ManualMonitor, session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const MIB = 1024 * 1024;
/** Several of them are as large as a message may be. */
const HUGE = 'x'.repeat(4 * MIB);

/** How many characters an error holds, in all its texts and those of its causes. */
function charactersIn(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > 20) return 0;
  return Reflect.ownKeys(value).reduce(
    (sum, name) => sum + charactersIn(Reflect.get(value, name), depth + 1),
    0,
  );
}

const eventOfSize = (characters: number): QmpEvent => ({
  event: 'LARGE',
  data: { text: 'x'.repeat(characters) },
  timestamp: { seconds: 1, microseconds: 2 },
});

describe('300 events of 2 MB that are not read', () => {
  const events = Array.from({ length: 300 }, () => eventOfSize(2 * MIB));

  it('hold at most the 64 MiB of maxBytes', () => {
    const queue = new EventQueue({ limit: 10_000, maxBytes: 64 * MIB });
    const refused = events.map((event) => queue.push(event)).filter((error) => error !== undefined);
    expect(queue.bytes).toBeLessThanOrEqual(64 * MIB);
    expect(queue.bytes).toBeGreaterThan(56 * MIB);
    expect(queue.size).toBe(15);
    expect(refused).toHaveLength(285);
  });

  it('end the iteration with a LimitError behind those that it holds', async () => {
    const { client, monitor } = await session();
    await using listener = client.events();
    const stop = client.waitFor('STOP');
    for (const event of events.slice(0, 20)) monitor.send(event);
    monitor.send(eventOf('STOP'));
    await stop;
    let read = 0;
    const error = await rejection(
      (async () => {
        const named: AsyncIterable<{ readonly event: string }> = listener;
        for await (const { event } of named) read += event === 'LARGE' ? 1 : 0;
      })(),
    );
    expect(read).toBe(15);
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 64 * MIB });
    expect(String(error)).toMatch(/more than 67108864 bytes.*raise maxBytes/);
    await client.disconnect();
  });

  it('drop the oldest with drop-oldest', async () => {
    const { client, monitor } = await session();
    await using listener = client.events('LARGE', { overflow: 'drop-oldest' });
    const stop = client.waitFor('STOP');
    for (const event of events.slice(0, 20)) monitor.send(event);
    monitor.send(eventOf('STOP'));
    await stop;
    expect(listener.dropped).toBe(5);
    await client.disconnect();
  });
});

describe('the option maxBytes', () => {
  const small = eventOfSize(100);

  it.each([0, -1, NaN])('must be a number above 0, not %s', (maxBytes) => {
    expect(() => track(new QmpClient()).events(undefined, { maxBytes })).toThrow(
      /^maxBytes must be a number above 0/,
    );
  });

  it('counts many small events, too', () => {
    const queue = new EventQueue({ limit: Infinity, maxBytes: 10_000 });
    let count = 0;
    while (queue.push(small) === undefined) count += 1;
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(30);
  });

  it('counts an event that was delivered no more', async () => {
    const queue = new EventQueue({ limit: Infinity, maxBytes: 10_000 });
    for (let round = 0; round < 1_000; round += 1) {
      expect(queue.push(small)).toBeUndefined();
      await queue.next();
    }
    expect(queue.bytes).toBe(0);
  });

  it('does not count an event that a consumer waits for', async () => {
    const queue = new EventQueue({ limit: 1, maxBytes: 1 });
    const waiting = queue.next();
    expect(queue.push(small)).toBeUndefined();
    expect(await waiting).toEqual({ done: false, value: small });
    expect(queue.bytes).toBe(0);
  });

  it('counts values, and not only characters: empty objects take memory', () => {
    const queue = new EventQueue({ limit: Infinity, maxBytes: 10_000 });
    const data = { list: Array.from({ length: 1_000 }, () => ({})) };
    expect(queue.push({ ...small, data })).toBeInstanceOf(LimitError);
  });

  it('drops an event that is larger than the queue, and those before it', async () => {
    const { client, monitor } = await session();
    const options = { maxBytes: 10_000, overflow: 'drop-oldest' } as const;
    await using listener = client.events('LARGE', options);
    const stop = client.waitFor('STOP');
    monitor.send(small, eventOfSize(10_000), small, eventOf('STOP'));
    await stop;
    expect(listener.dropped).toBe(2);
    expect(await listener.next()).toMatchObject({ value: { event: 'LARGE' } });
    await client.disconnect();
  });
});

describe('a text of 4 MB', () => {
  it('is cut in the error of a command, which says how much is missing', async () => {
    const { client, monitor } = await session();
    const failed = rejection(client.execute('fail'));
    const { id } = await monitor.take();
    monitor.send({ error: { class: HUGE, desc: HUGE }, id });
    const error = await failed;
    expect(error).toBeInstanceOf(ExecuteError);
    expect(String(error)).toMatch(/x… \(4190208 characters more\)$/);
    expect(charactersIn(error)).toBeLessThan(64 * 1024);
    await client.disconnect();
  });

  it('is kept exactly if it is not huge, and cut in the message only', async () => {
    const { client, monitor } = await session();
    const failed = rejection(client.execute('fail'));
    const { id } = await monitor.take();
    const desc = 'y'.repeat(10_000);
    monitor.send({ error: { class: 'GenericError', desc }, id });
    expect(await failed).toMatchObject({ description: desc });
    expect(String(await failed)).toHaveLength('ExecuteError: fail: '.length + 4096 + 24);
    await client.disconnect();
  });

  it('is cut in what a wrong greeting leaves', async () => {
    const monitor = new ManualMonitor();
    const client = track(new QmpClient());
    const connected = rejection(client.connect({ stream: monitor.stream }));
    monitor.send({ [HUGE]: [{ HUGE }], text: HUGE, list: Array(100_000).fill(0) });
    const { cause } = Object(await connected) as { cause?: unknown };
    expect(cause).toBeInstanceOf(GreetingError);
    expect(charactersIn(cause)).toBeLessThan(64 * 1024);
  });

  it('is cut in a greeting', async () => {
    const monitor = new ManualMonitor();
    const client = track(new QmpClient());
    const connected = client.connect({ stream: monitor.stream });
    const qemu = { major: 9, minor: 0, micro: 0 };
    const capabilities = ['oob', HUGE, ...Array.from({ length: 100_000 }, String)];
    monitor.send({ QMP: { version: { qemu, package: HUGE }, capabilities } });
    monitor.reply(await monitor.take());
    await connected;
    expect(charactersIn(client.greeting)).toBeLessThan(64 * 1024);
    expect(client.greeting?.QMP.capabilities).toContain('oob');
    await client.disconnect();
  });

  it('is cut in the reason of a shutdown', async () => {
    const { client, monitor } = await session();
    monitor.send(eventOf('SHUTDOWN', { guest: true, reason: HUGE }));
    monitor.peer.end();
    const { shutdown } = await client.closed;
    expect(shutdown?.reason.length).toBeLessThan(300);
  });

  it('is cut in a record, whichever level it has', async () => {
    const { logger, records } = recordingLogger();
    const protocol = createProtocol({ codec: lines() }, { logger });
    const { port } = await silentServer();
    await protocol.connect({ port });
    protocol.fail(new Error(HUGE));
    await protocol.closed;
    expect(records.some((record) => record.includes('xxx'))).toBe(true);
    for (const record of records) expect(record.length).toBeLessThan(5_000);
  });
});

/** A server that says nothing, and keeps all connections. */
async function silentServer(): Promise<{ readonly port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  cleanUp(() => server.close());
  await once(server, 'listening');
  return { port: Reflect.get(Object(server.address()), 'port') as number };
}

class AuthorsError extends WirechartError {
  readonly code = 'ERR_AUTHORS';
  readonly received = { list: [HUGE] };
}

describe('what is remembered of failures', () => {
  it.each([
    ['texts', () => HUGE],
    ['errors of the program', () => new Error(HUGE)],
    ['errors of the library', () => new RefusedError(HUGE, { cause: new Error(HUGE) })],
    ['errors of an author', () => new AuthorsError('wrong')],
  ])('are at most 20 reasons of bounded size: %s', async (_, reason) => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(await silentServer());
    for (let count = 0; count < 100; count += 1) protocol.fail(reason());
    const { suppressed } = await protocol.closed;
    expect(suppressed).toHaveLength(20);
    for (const each of suppressed) {
      expect(each).toBeInstanceOf(WirechartError);
      expect(charactersIn(each)).toBeLessThan(64 * 1024);
    }
  });

  it('keeps a later failure of usual size as it is', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(await silentServer());
    const [first, second] = [new RefusedError('first'), new RefusedError('second')];
    protocol.fail(first);
    protocol.fail(second);
    const { cause, suppressed } = await protocol.closed;
    expect(cause).toBe(first);
    expect(suppressed[0]).toBe(second);
  });

  it('are outages of bounded size, with errors of the same class and code', async () => {
    let attempts = 0;
    const until = 5;
    await using supervisor = supervise({ codec: lines() }, await silentServer(), {
      backoff: { initial: 1, max: 1 },
      onUp: () => {
        attempts += 1;
        if (attempts % 2 === 1 && attempts < 2 * until) throw new AuthorsError(HUGE);
      },
    });
    for (let outage = 0; outage < until; outage += 1) {
      await supervisor.up();
      supervisor.client.fail(new RefusedError('again'));
      for await (const state of supervisor.states()) if (state === 'WAITING') break;
    }
    await supervisor.up();
    const { failures } = supervisor;
    expect(failures.length).toBeGreaterThan(3);
    const errors = failures.flatMap(({ first, cause }: Outage) => [first, cause]);
    const large = errors.filter(({ code }) => code === 'ERR_AUTHORS');
    expect(large.length).toBeGreaterThan(3);
    for (const error of large) {
      expect(error).toBeInstanceOf(AuthorsError);
      expect(error).toMatchObject({ received: '[too large]' });
      expect(charactersIn(error)).toBeLessThan(64 * 1024);
    }
  });
});
