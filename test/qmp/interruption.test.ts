/** Commands in flight when their session ends. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ClosedError, CodecError, RefusedError } from '../../src/index.ts';
import { ExecInterruptedError, type QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { createClient, greetingOf, ManualMonitor, session } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

interface Ending {
  readonly what: string;
  /** The class of the session's cause; `undefined` for a requested end. */
  readonly cause: (new (...args: never) => Error) | undefined;
  readonly provoke: (monitor: ManualMonitor, client: QmpClient) => unknown;
}

const endings: readonly Ending[] = [
  { what: 'the end of the stream', cause: ClosedError, provoke: ({ peer }) => peer.end() },
  {
    what: 'the destruction of the stream',
    cause: ClosedError,
    provoke: ({ peer }) => peer.destroy(new Error('boom')),
  },
  {
    what: 'junk',
    cause: CodecError,
    provoke: (monitor) => {
      monitor.send('%$\r\n');
    },
  },
  { what: 'half a message', cause: CodecError, provoke: ({ peer }) => peer.end('{"retu') },
  { what: 'disconnect()', cause: undefined, provoke: (_, client) => client.disconnect() },
  {
    what: 'disconnect({ force: true })',
    cause: undefined,
    provoke: (_, client) => client.disconnect({ force: true }),
  },
  {
    what: 'fail()',
    cause: RefusedError,
    provoke: (_, client) => {
      client.protocol.fail(new Error('no'));
    },
  },
];

describe('X-22 commands in flight', () => {
  it.each(endings)('are each interrupted once, with the cause: $what', async (ending) => {
    const { client, monitor } = await session();
    const settlements: unknown[] = [];
    const done = ['a', 'b', 'c'].map((name) =>
      client.execute(name).catch((error: unknown) => settlements.push(error)),
    );
    await monitor.take();
    await ending.provoke(monitor, client);
    await Promise.all(done);
    const { cause } = await client.closed;
    if (ending.cause === undefined) expect(cause).toBeUndefined();
    else expect(cause).toBeInstanceOf(ending.cause);
    expect(settlements).toHaveLength(3);
    for (const error of settlements) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      if (cause !== undefined) expect(error).toHaveProperty('cause', cause);
      else expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED', expected: true } });
    }
    expect(client.runstate).toBe('IDLE');
  });

  it('are interrupted by a reply that is too large', async () => {
    const { client, monitor } = await session({ limits: { maxMessageBytes: 1000 } });
    const rejected = rejection(client.execute('x'));
    monitor.reply(await monitor.take(), 'x'.repeat(1000));
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_LIMIT', limit: 1000 });
    expect(await rejected).toBeInstanceOf(ExecInterruptedError);
    expect(await rejected).toHaveProperty('cause', cause);
  });

  it('are not affected by a command that exceeds the outgoing queue', async () => {
    const { client, monitor } = await session({ limits: { maxQueuedBytes: 1000 } });
    const error = await rejection(client.execute('x', { text: 'x'.repeat(1000) }));
    expect(error).toMatchObject({ code: 'ERR_LIMIT', limit: 1000 });
    const next = client.execute('x');
    monitor.reply(await monitor.take(), 1);
    expect(await next).toBe(1);
    await client.disconnect();
  });

  it('are interrupted by a reset, and the client returns to IDLE', async () => {
    const peer = await rawPeer((socket) => {
      socket.write(`${JSON.stringify(greetingOf())}\r\n`);
      socket.once('data', (chunk: Buffer) => {
        const { id } = JSON.parse(chunk.toString()) as { id: number };
        socket.write(`${JSON.stringify({ return: {}, id })}\r\n`);
        socket.once('data', () => socket.resetAndDestroy());
      });
    });
    const client = createClient();
    const recording = recordRunstates(client);
    await client.connect(peer.address);
    const error = await rejection(client.execute('stop'));
    expect(error).toBeInstanceOf(ExecInterruptedError);
    expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED', expected: false } });
    expect(error).toMatchObject({ cause: { cause: { code: 'ECONNRESET' } } });
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });

  it('resolve when the reply arrives in one chunk with the end of the stream', async () => {
    const { client, monitor } = await session();
    const done = client.execute('a');
    const command = await monitor.take();
    monitor.reply(command, 1);
    monitor.peer.end();
    expect(await done).toBe(1);
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });

  it('do not get replies that an earlier session has left, which come before that of the negotiation', async () => {
    const { client, monitor } = await session();
    const old = rejection(client.execute('a'));
    const stale = await monitor.take();
    await client.disconnect();
    const next = new ManualMonitor();
    const connected = client.connect({ stream: next.stream });
    next.send(greetingOf());
    const negotiation = await next.take();
    next.reply(stale, 'stale');
    next.reply(negotiation);
    await connected;
    const done = client.execute('b');
    next.reply(await next.take(), 'fresh');
    expect(await done).toBe('fresh');
    expect(await old).toBeInstanceOf(ExecInterruptedError);
    await client.disconnect();
  });

  it('can still resolve when the reply arrives during disconnect()', async () => {
    const { client, monitor } = await session();
    const done = client.execute('a');
    const command = await monitor.take();
    monitor.reply(command, 1);
    const left = client.disconnect();
    const [outcome] = await Promise.allSettled([done]);
    await left;
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ExecInterruptedError);
    else expect(outcome.value).toBe(1);
  });
});

describe('unhandled rejections', () => {
  const unhandled: unknown[] = [];
  const record = (error: unknown) => unhandled.push(error);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', record);
  });
  afterEach(() => {
    process.off('unhandledRejection', record);
  });

  it.each(endings)('do not come from promises that are not awaited: $what', async (ending) => {
    const { client, monitor } = await session();
    client.on('RESUME', () => undefined);
    const listener = client.events('RESUME');
    void client.execute('a');
    void client.executeMessage({ execute: 'b' });
    void client.waitFor('RESUME');
    void listener.next();
    await monitor.take();
    await ending.provoke(monitor, client);
    await client.closed;
    void client.execute('c');
    void client.disconnect();
    await turn();
    await turn();
    expect(unhandled).toEqual([]);
  });

  it('do not come from a command that fails, nor from deadlines and signals', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const controller = new AbortController();
    const { signal } = controller;
    void client.execute('a');
    const { id } = await monitor.take();
    void client.execute('b', {}, { timeout: 5 });
    void client.execute('c', {}, { signal });
    void client.waitFor('STOP', { timeout: 5 });
    void client.waitFor('STOP', { signal });
    void client.events('STOP', { signal }).next();
    clock.increment(5);
    controller.abort(new Error('enough'));
    void client.execute('d', {}, { signal });
    void client.waitFor('STOP', { signal });
    void client.waitFor('STOP', { timeout: -1 });
    monitor.send({ error: { class: 'GenericError', desc: 'no' }, id });
    await turn();
    await turn();
    expect(unhandled).toEqual([]);
    await client.disconnect();
  });
});
