/** after `quit`, the end of the stream is not a failure. */

import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/index.ts';
import { ExecInterruptedError, ExecuteError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { createClient, greetingOf, session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const REFUSAL = { class: 'GenericError', desc: 'not now' };

/** Returns a client in RUNNING over TCP. `onQuit` is called with the first command after `qmp_capabilities`. */
async function connectOverTcp(onQuit: (socket: Socket, reply: string) => void) {
  const peer = await rawPeer((socket) => {
    socket.write(`${JSON.stringify(greetingOf())}\r\n`);
    const replyTo = (chunk: Buffer) => {
      const { id } = JSON.parse(chunk.toString()) as { id: number };
      return `${JSON.stringify({ return: {}, id })}\r\n`;
    };
    socket.once('data', (chunk: Buffer) => {
      socket.write(replyTo(chunk));
      socket.once('data', (quit: Buffer) => {
        onQuit(socket, replyTo(quit));
      });
    });
  });
  const client = createClient();
  await client.connect(peer.address);
  return client;
}

describe('X-21 quit', () => {
  it.each<[string, (socket: Socket, reply: string) => void]>([
    ['a reply and the end in one segment', (socket, reply) => socket.end(reply)],
    [
      'a reply and then a reset',
      (socket, reply) => socket.write(reply, () => socket.resetAndDestroy()),
    ],
    ['the end without a reply', (socket) => socket.end()],
    ['a reset without a reply', (socket) => socket.resetAndDestroy()],
  ])('resolves, and the session ends cleanly: %s', async (_, onQuit) => {
    const client = await connectOverTcp(onQuit);
    const recording = recordRunstates(client);
    expect(await client.execute('quit')).toEqual({});
    expect((await client.closed).cause).toBeUndefined();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    await client.disconnect();
  });

  it('interrupts the other commands in flight', async () => {
    const { client, monitor } = await session();
    const other = rejection(client.execute('a'));
    const quit = client.execute('quit');
    await monitor.take();
    await monitor.take();
    monitor.peer.end();
    expect(await quit).toEqual({});
    expect(await other).toBeInstanceOf(ExecInterruptedError);
    expect(await other).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
  });

  it('does not prevent events that arrive before its reply', async () => {
    const { client, monitor } = await session();
    const shutdown = client.waitFor('SHUTDOWN');
    const quit = client.execute('quit');
    const { id } = await monitor.take();
    const data = { guest: false, reason: 'host-qmp-quit' };
    monitor.send(
      { event: 'SHUTDOWN', data, timestamp: { seconds: 1, microseconds: 0 } },
      { return: {}, id },
    );
    monitor.peer.end();
    expect(await quit).toEqual({});
    expect((await shutdown).data.reason).toBe('host-qmp-quit');
    expect((await client.closed).cause).toBeUndefined();
  });

  it('answered by an error no longer makes the end of the stream clean', async () => {
    const { client, monitor } = await session();
    const rejected = rejection(client.execute('quit'));
    const { id } = await monitor.take();
    monitor.send({ error: REFUSAL, id });
    expect(await rejected).toBeInstanceOf(ExecuteError);
    monitor.peer.end();
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });

  it('answered by an error in one segment with the end does not make the end clean', async () => {
    const client = await connectOverTcp((socket, reply) => {
      const { id } = JSON.parse(reply) as { id: number };
      socket.end(`${JSON.stringify({ error: REFUSAL, id })}\r\n`);
    });
    expect(await rejection(client.execute('quit'))).toBeInstanceOf(ExecuteError);
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });

  it('answered by junk fails the session', async () => {
    const { client, monitor } = await session();
    const rejected = rejection(client.execute('quit'));
    await monitor.take();
    monitor.send('%$\r\n');
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_CODEC' });
    expect(await rejected).toBeInstanceOf(ExecInterruptedError);
    expect(await rejected).toHaveProperty('cause', cause);
  });

  it('also works with executeMessage()', async () => {
    const { client, monitor } = await session();
    const quit = client.executeMessage({ execute: 'quit', id: 5 });
    await monitor.take();
    monitor.peer.end();
    expect(await quit).toEqual({ return: {}, id: 5 });
    expect((await client.closed).cause).toBeUndefined();
  });

  it.each([
    ['disconnect()', {}],
    ['disconnect({ force: true })', { force: true }],
  ])('is interrupted by %s: it is unknown whether the server quits', async (_, options) => {
    const { client } = await session();
    const quit = Promise.allSettled([client.execute('quit')]);
    await client.disconnect(options);
    const [outcome] = await quit;
    expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(ExecInterruptedError);
  });

  it('does not affect the next session', async () => {
    const { client, monitor } = await session();
    const quit = client.execute('quit');
    monitor.reply(await monitor.take());
    monitor.peer.end();
    await quit;
    await client.closed;
    const next = await session(undefined, client);
    next.monitor.peer.end();
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });
});
