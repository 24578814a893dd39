/** A service: who comes too early or too late, and what of TLS Node does not always tell. */

import { getEventListeners } from 'node:events';
import { Server as TlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { serve } from '../../src/io/serve.ts';
import type { PendingConnection, Listener } from '../../src/machines/server-port.ts';
import type { Address } from '../../src/core/types.ts';
import { until, useListeners } from '../support/listeners.ts';
import { rejection, turn } from '../support/signal.ts';
import { closing, useFixture } from '../support/sockets.ts';

const fixture = useFixture();
const sockets = useListeners(fixture);
const never = () => new AbortController().signal;

async function served(address: Address): Promise<Listener> {
  const service = await serve(parseAddress(address), (error) => {
    throw error;
  });
  fixture.cleanups.push(() => {
    service.close();
  });
  return service;
}

/** Those who come to a service, from now on. */
function arrivals(service: Listener): PendingConnection[] {
  const come: PendingConnection[] = [];
  service.accept((arrival) => come.push(arrival));
  return come;
}

/** Has them sent away after the test. */
function dismissLater(come: readonly PendingConnection[]): void {
  fixture.cleanups.push(() => {
    for (const arrival of come) arrival.close();
  });
}

/** The first who comes. */
async function first(service: Listener): Promise<PendingConnection> {
  const come = arrivals(service);
  await until(() => come.length > 0);
  const [arrival] = come;
  if (arrival === undefined) throw new Error('Nobody has come');
  return arrival;
}

describe('a service', () => {
  it('hands over who came before it was asked to', async () => {
    const service = await served({ path: fixture.path });
    sockets.dial(service);
    await turn();
    await turn();
    const come = arrivals(service);
    dismissLater(come);
    expect(come).toHaveLength(1);
    sockets.dial(service);
    await until(() => come.length === 2);
  });

  it('sends away who came before it was asked to, and whom nobody asked for', async () => {
    const service = await served({ path: fixture.path });
    const client = sockets.dial(service);
    await turn();
    await turn();
    service.close();
    await closing(client.once('end', () => client.end()));
  });

  it('says who has gone, and opens nothing to them', async () => {
    const service = await served({ path: fixture.path });
    sockets.dial(service);
    const arrival = await first(service);
    arrival.close();
    await arrival.gone;
    expect(await rejection(arrival.open(never()))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('opens nothing for who does not want it any more', async () => {
    const service = await served({ path: fixture.path });
    const client = sockets.dial(service);
    const arrival = await first(service);
    expect(await rejection(arrival.open(AbortSignal.abort('enough')))).toBe('enough');
    await Promise.all([arrival.gone, closing(client.once('end', () => client.end()))]);
  });
});

/** Has `change` see what the TLS servers of Node emit, and say whether it is emitted. */
function withEvents(change: (event: unknown, given: readonly unknown[]) => boolean): void {
  const emit: unknown = Reflect.get(TlsServer.prototype, 'emit');
  if (typeof emit !== 'function') throw new Error('Servers do not emit');
  const spy = vi.spyOn(TlsServer.prototype, 'emit').mockImplementation(function (
    this: TlsServer,
    ...given: unknown[]
  ) {
    return change(given[0], given.slice(1)) && Boolean(Reflect.apply(emit, this, given));
  });
  onTestFinished(() => {
    spy.mockRestore();
  });
}

describe('TLS', () => {
  const secure = () => served({ port: 0, tls: sockets.certificates.server });
  const dial = (service: Listener) => sockets.dialTls(service);

  it('leaves no listener on the signal', async () => {
    const service = await secure();
    dial(service);
    const signal = never();
    const stream = await (await first(service)).open(signal);
    fixture.cleanups.push(() => stream.destroy());
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is spoken also where Node does not tell which socket is below', async () => {
    withEvents((event, [peer]) => {
      const isPeer = event === 'secureConnection' && typeof peer === 'object' && peer !== null;
      return !isPeer || Reflect.set(peer, '_parent', null);
    });
    const service = await secure();
    const [one, other] = [dial(service), dial(service)];
    const come = arrivals(service);
    await until(() => come.length === 2);
    const streams = await Promise.all(come.map((arrival) => arrival.open(never())));
    const ports = streams.map((stream) => 'remotePort' in stream && stream.remotePort);
    expect(ports.sort()).toEqual([one.localPort, other.localPort].sort());
    for (const stream of streams) stream.destroy();
  });

  it('fails when the peer leaves, also where Node does not tell of that', async () => {
    withEvents((event) => event !== 'tlsClientError');
    const service = await secure();
    const client = sockets.dial(service);
    const arrival = await first(service);
    const opened = rejection(arrival.open(never()));
    client.resetAndDestroy();
    expect(await opened).toMatchObject({
      code: 'ERR_CLOSED',
      message: 'The peer left during the handshake of TLS',
    });
  });
});
