/** A listener for many peers: early and late connections, and TLS where Node reports less. */

import { getEventListeners } from 'node:events';
import { Server as TlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseListenAddress } from '../../src/io/listen-target.ts';
import { serve } from '../../src/io/serve.ts';
import { isSocket } from '../../src/io/socket.ts';
import type { PendingConnection, Listener } from '../../src/machines/server-port.ts';
import type { Address } from '../../src/core/types.ts';
import { until, useListeners } from '../support/listeners.ts';
import { rejection, turn } from '../support/signal.ts';
import { closing, useFixture } from '../support/sockets.ts';

const fixture = useFixture();
const sockets = useListeners(fixture);
const never = () => new AbortController().signal;

async function startListener(address: Address): Promise<Listener> {
  const listener = await serve(parseListenAddress(address), (error) => {
    throw error;
  });
  fixture.cleanups.push(() => {
    listener.close();
  });
  return listener;
}

/** Collects the connections of a listener, from now on. */
function connectionsOf(listener: Listener): PendingConnection[] {
  const connections: PendingConnection[] = [];
  listener.accept((connection) => connections.push(connection));
  return connections;
}

/** Closes connections after the test. */
function closeLater(connections: readonly PendingConnection[]): void {
  fixture.cleanups.push(() => {
    for (const connection of connections) connection.close();
  });
}

/** Waits for the first connection. */
async function first(listener: Listener): Promise<PendingConnection> {
  const connections = connectionsOf(listener);
  await until(() => connections.length > 0);
  const [connection] = connections;
  if (connection === undefined) throw new Error('There is no connection');
  return connection;
}

describe('a listener for many peers', () => {
  it.each(['unix', 'tcp'] as const)('reads at most 64 KiB ahead on %s sockets', async (kind) => {
    const listener = await startListener(sockets.addressOf(kind));
    sockets.dial(listener).write(Buffer.alloc(8 * 1024 * 1024));
    const connection = await first(listener);
    closeLater([connection]);
    const stream = await connection.open(never());
    if (!isSocket(stream)) throw new Error('The stream is not a socket');
    await until(() => stream.bytesRead > 0);
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(stream.bytesRead).toBeLessThanOrEqual(64 * 1024);
    expect(stream.readableLength).toBe(stream.bytesRead);
  });

  it('hands over connections that arrived before accept()', async () => {
    const listener = await startListener({ path: fixture.path });
    sockets.dial(listener);
    await turn();
    await turn();
    const connections = connectionsOf(listener);
    closeLater(connections);
    expect(connections).toHaveLength(1);
    sockets.dial(listener);
    await until(() => connections.length === 2);
  });

  it('closes connections that were never handed over', async () => {
    const listener = await startListener({ path: fixture.path });
    const client = sockets.dial(listener);
    await turn();
    await turn();
    listener.close();
    await closing(client.once('end', () => client.end()));
  });

  it('reports a closed connection, and does not open it', async () => {
    const listener = await startListener({ path: fixture.path });
    sockets.dial(listener);
    const connection = await first(listener);
    connection.close();
    await connection.gone;
    expect(await rejection(connection.open(never()))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('closes a connection whose opening is aborted', async () => {
    const listener = await startListener({ path: fixture.path });
    const client = sockets.dial(listener);
    const connection = await first(listener);
    expect(await rejection(connection.open(AbortSignal.abort('enough')))).toBe('enough');
    await Promise.all([connection.gone, closing(client.once('end', () => client.end()))]);
  });
});

/** Passes the events of Node's TLS servers to `filter`, which returns whether they are emitted. */
function filterEvents(filter: (event: unknown, args: readonly unknown[]) => boolean): void {
  const emit: unknown = Reflect.get(TlsServer.prototype, 'emit');
  if (typeof emit !== 'function') throw new Error('Servers do not emit');
  const spy = vi.spyOn(TlsServer.prototype, 'emit').mockImplementation(function (
    this: TlsServer,
    ...args: unknown[]
  ) {
    return filter(args[0], args.slice(1)) && Boolean(Reflect.apply(emit, this, args));
  });
  onTestFinished(() => {
    spy.mockRestore();
  });
}

describe('TLS', () => {
  const secure = () => startListener({ port: 0, tls: sockets.certificates.server });
  const dial = (listener: Listener) => sockets.dialTls(listener);

  it('removes its listener from the signal', async () => {
    const listener = await secure();
    dial(listener);
    const signal = never();
    const stream = await (await first(listener)).open(signal);
    fixture.cleanups.push(() => stream.destroy());
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('works even if Node does not report which socket is below', async () => {
    filterEvents((event, [peer]) => {
      const isPeer = event === 'secureConnection' && typeof peer === 'object' && peer !== null;
      return !isPeer || Reflect.set(peer, '_parent', null);
    });
    const listener = await secure();
    const [one, other] = [dial(listener), dial(listener)];
    const connections = connectionsOf(listener);
    await until(() => connections.length === 2);
    const streams = await Promise.all(connections.map((connection) => connection.open(never())));
    const ports = streams.map((stream) => 'remotePort' in stream && stream.remotePort);
    expect(ports.sort()).toEqual([one.localPort, other.localPort].sort());
    for (const stream of streams) stream.destroy();
  });

  it('fails when the peer leaves, even if Node does not report that', async () => {
    filterEvents((event) => event !== 'tlsClientError');
    const listener = await secure();
    const client = sockets.dial(listener);
    const connection = await first(listener);
    const opened = rejection(connection.open(never()));
    client.resetAndDestroy();
    expect(await opened).toMatchObject({
      code: 'ERR_CLOSED',
      message: 'The peer left during the TLS handshake',
    });
  });
});
