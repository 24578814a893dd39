/** TCP probes a silent peer, so that one whose system has vanished is noticed. */

import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseListenAddress } from '../../src/io/listen-target.ts';
import { SinglePeerListener } from '../../src/io/listen.ts';
import { serve } from '../../src/io/serve.ts';
import { isSocket } from '../../src/io/socket.ts';
import { makeCertificates } from '../support/certificates.ts';
import { dialer } from '../support/dialing.ts';
import { secondsToProbe } from '../support/keep-alive.ts';
import { portOf, start, useFixture } from '../support/sockets.ts';

const fixture = useFixture();
const open = dialer(fixture);
const certificates = await makeCertificates();
const signal = new AbortController().signal;

function portsOf(stream: unknown): [number, number] {
  if (!isSocket(stream)) throw new Error('The stream is not a socket');
  return [stream.localPort ?? 0, stream.remotePort ?? 0];
}

const CASES: [string, { keepAlive?: boolean | number }, number | undefined][] = [
  ['by default', {}, 30],
  ['with keepAlive: true', { keepAlive: true }, 30],
  ['in seconds, rounded up', { keepAlive: 4_001 }, 5],
  ['not at all with keepAlive: false', { keepAlive: false }, undefined],
];

/** Asserts the time of the next probe, which may have begun to run. */
function expectProbe(seconds: number | undefined, expected: number | undefined): void {
  if (expected === undefined) expect(seconds).toBeUndefined();
  else expect(Math.abs((seconds ?? 0) - expected)).toBeLessThan(1.5);
}

describe('a peer is probed', () => {
  it.each(CASES)('%s when it was dialled', async (_, options, expected) => {
    const port = portOf(await start(fixture, createServer()));
    const stream = await open({ port, ...options });
    expectProbe(secondsToProbe(...portsOf(stream)), expected);
  });

  it.each(CASES)('%s when it was dialled with TLS', async (_, options, expected) => {
    const port = portOf(await start(fixture, createTlsServer(certificates.server)));
    const stream = await open({ port, tls: { ca: certificates.ca }, ...options });
    expectProbe(secondsToProbe(...portsOf(stream)), expected);
  });

  it.each(CASES)('%s when it was accepted', async (_, options, expected) => {
    const target = parseListenAddress({ port: 0, ...options });
    const listener = await SinglePeerListener.bind(target, signal);
    const { address } = listener;
    if ('path' in address) throw new Error('The listener has no port');
    await open({ ...address, keepAlive: false });
    const peer = await listener.accept(signal);
    fixture.cleanups.push(() => peer.destroy());
    expectProbe(secondsToProbe(...portsOf(peer)), expected);
  });

  it.each(CASES)('%s when a server accepted it', async (_, options, expected) => {
    const target = parseListenAddress({ port: 0, ...options });
    const listener = await serve(target, (error) => {
      throw error;
    });
    fixture.cleanups.push(() => {
      listener.close();
    });
    const { address } = listener;
    if ('path' in address) throw new Error('The listener has no port');
    const stream = await open({ ...address, keepAlive: false });
    const peer = await new Promise<unknown>((resolve) => {
      listener.accept((connection) => {
        fixture.cleanups.push(() => {
          connection.close();
        });
        resolve(connection.open(signal));
      });
    });
    expect(peer).toBeDefined();
    const [local, remote] = portsOf(stream);
    expectProbe(secondsToProbe(remote, local), expected);
  });
});
