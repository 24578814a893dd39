/** Who is at the other end of a stream, judged by what the stream says when it is open. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { dialedRemote, noteRemote, remoteOf, tlsRemoteOf } from '../../src/io/remote.ts';
import { closing, start, useFixture } from '../support/sockets.ts';

const fixture = useFixture();

/** A connected TCP socket, accepted here, and its client. */
async function acceptTcp(): Promise<readonly [accepted: Socket, client: Socket]> {
  const server = createServer();
  const port = await listen(server);
  const arrived = once(server, 'connection');
  const client = connect(port, '127.0.0.1');
  fixture.cleanups.push(() => client.destroy());
  const [accepted] = (await arrived) as [Socket];
  fixture.cleanups.push(() => accepted.destroy());
  accepted.on('error', () => undefined);
  return [accepted, client];
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await start(fixture, server, { port: 0, host: '127.0.0.1' });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A stream with members of a TLS socket. */
const tlsLike = (members: object): Duplex =>
  Object.assign(new PassThrough(), { encrypted: true }, members);

describe('remoteOf()', () => {
  it('finds the address and the port of a TCP socket, and keeps them when it has gone', async () => {
    const [accepted, client] = await acceptTcp();
    const remote = remoteOf(accepted);
    const closed = closing(accepted);
    client.resetAndDestroy();
    accepted.resume();
    await closed;
    expect(remote).toEqual({ address: '127.0.0.1', port: expect.any(Number) as number });
    expect(String(remote)).toBe(`127.0.0.1:${String(remote.port)}`);
  });

  it('finds nothing, and does not throw, when the socket was reset before', async () => {
    const [accepted, client] = await acceptTcp();
    const closed = closing(accepted);
    client.resetAndDestroy();
    accepted.resume();
    await closed;
    expect(remoteOf(accepted)).toEqual({});
    expect(String(remoteOf(accepted))).toBe('an unknown peer');
  });

  it('takes the path that it is given, and the process id that the stream has', () => {
    expect(remoteOf(new PassThrough(), '/run/x')).toEqual({ path: '/run/x' });
    const child = Object.assign(new PassThrough(), { pid: 4711 });
    expect([remoteOf(child), String(remoteOf(child))]).toEqual([{ pid: 4711 }, 'pid 4711']);
  });

  it('writes an IPv6 address in brackets', () => {
    const socket = Object.assign(new PassThrough(), { remoteAddress: '::1', remotePort: 7 });
    expect(String(remoteOf(socket))).toBe('[::1]:7');
  });

  it('returns what was noted for the stream', () => {
    const stream = new PassThrough();
    noteRemote(stream, { path: '/run/noted' });
    expect(remoteOf(stream)).toEqual({ path: '/run/noted' });
  });

  it.each<[string, object, object]>([
    [
      'a peer that was verified',
      { authorized: true, authorizationError: null },
      { authorized: true },
    ],
    ['a peer that was not asked for a certificate', {}, { authorized: false }],
    [
      'a peer whose certificate was refused, by the code',
      { authorized: false, authorizationError: 'CERT_HAS_EXPIRED' },
      { authorized: false, authorizationError: 'CERT_HAS_EXPIRED' },
    ],
    [
      'the same by the error that a client gets',
      {
        authorized: false,
        authorizationError: Object.assign(new Error('x'), { code: 'E_OF_TLS' }),
      },
      { authorized: false, authorizationError: 'E_OF_TLS' },
    ],
  ])('tells %s from others', (_, members, remote) => {
    expect(remoteOf(tlsLike(members))).toEqual(remote);
  });

  it('gets a certificate at once, parses it when it is read, and shows it in no log', () => {
    const calls: string[] = [];
    const x509 = {
      toLegacyObject: () => {
        calls.push('parse');
        return { subject: { CN: 'vm1' } };
      },
    };
    const getPeerX509Certificate = () => {
      calls.push('get');
      return x509;
    };
    const remote = remoteOf(tlsLike({ authorized: true, getPeerX509Certificate }));
    expect(calls).toEqual(['get']);
    expect(remote.certificate?.subject.CN).toBe('vm1');
    expect(remote.certificate).toBe(remote.certificate);
    expect(calls).toEqual(['get', 'parse']);
    expect(JSON.stringify(remote)).toBe('{"authorized":true}');
    expect(inspect(remote)).toBe('{ authorized: true }');
  });

  it('has no certificate where there is none', () => {
    expect(
      remoteOf(tlsLike({ getPeerX509Certificate: () => undefined })).certificate,
    ).toBeUndefined();
    expect(remoteOf(new PassThrough()).certificate).toBeUndefined();
  });
});

describe('tlsRemoteOf()', () => {
  it('adds what TLS says to what is known of the stream below', () => {
    const below = remoteOf(
      Object.assign(new PassThrough(), { remoteAddress: '10.0.0.1', remotePort: 1 }),
    );
    const remote = tlsRemoteOf(tlsLike({ authorizationError: 'SELF_SIGNED_CERT' }), below);
    expect(remote).toEqual({
      address: '10.0.0.1',
      port: 1,
      authorized: false,
      authorizationError: 'SELF_SIGNED_CERT',
    });
  });
});

describe('dialedRemote()', () => {
  it('knows the peer by the address that was dialed', () => {
    const stream = new PassThrough();
    expect(dialedRemote(stream, parseAddress('/run/x'))).toEqual({ path: '/run/x' });
    expect(dialedRemote(stream, parseAddress({ port: 7 }))).toEqual({
      address: '127.0.0.1',
      port: 7,
    });
  });

  it('asks the stream where a name was dialed', () => {
    const stream = Object.assign(new PassThrough(), { remoteAddress: '::1', remotePort: 7 });
    const target = parseAddress({ host: 'localhost', port: 7 });
    expect(dialedRemote(stream, target)).toEqual({ address: '::1', port: 7 });
  });

  it('asks the readable half of a pair', () => {
    const readable = Object.assign(new PassThrough(), { remoteAddress: '10.0.0.1', remotePort: 7 });
    const target = parseAddress({ stream: { readable, writable: new PassThrough() } });
    expect(dialedRemote(new PassThrough(), target)).toEqual({ address: '10.0.0.1', port: 7 });
  });
});
