/** Streams that the server's own listener has not accepted, and the counts of peers. */

import { connect } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { streamPair } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createClient,
  createTestServer,
  dialLines,
  dialSocket,
  echo,
  numberOf,
} from '../support/servers.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const { ca, server: identity, client } = await makeCertificates();

describe('adopt()', () => {
  it('takes one state of the server after another', async () => {
    const { server } = createTestServer();
    await server.adopt(streamPair()[0]);
    expect(String(server)).toBe('<ProtocolServer state=ADOPTING peers=1>');
    const error = await rejection(server.listen({ port: 0 }));
    expect(error).toMatchObject({ code: 'ERR_STATE', state: 'ADOPTING', required: 'IDLE' });
    expect(error).toMatchObject({
      message: /Call listen\(\) before adopt\(\), or close\(\) first/,
    });
    await server.close({ force: true });
    await server.listen({ port: 0 });
    await server.adopt(streamPair()[0]);
    expect(server.state).toBe('LISTENING');
  });

  it('rejects while the server binds, and destroys the stream', async () => {
    const { server } = createTestServer();
    const bound = server.listen({ port: 0 });
    const [stream] = streamPair();
    expect(await rejection(server.adopt(stream))).toMatchObject({
      code: 'ERR_STATE',
      state: 'BINDING',
    });
    expect(stream.destroyed).toBe(true);
    await bound;
  });

  it('takes a pair of streams, and ends both with the session', async () => {
    const { server } = createTestServer();
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    const peer = await server.adopt({ readable, writable });
    readable.write('hello\n');
    await until(() => writable.readableLength > 0);
    expect(String(writable.read())).toBe('1: hello\n');
    await peer.disconnect({ force: true });
    expect([readable.destroyed, writable.destroyed]).toEqual([true, true]);
  });

  it('refuses a stream that it has adopted already', async () => {
    const { server } = createTestServer();
    const [stream] = streamPair();
    const [first, second] = [server.adopt(stream), rejection(server.adopt(stream))];
    expect(await second).toMatchObject({ code: 'ERR_ARGUMENT', message: /belongs to another/ });
    expect((await first).runstate).toBe('RUNNING');
  });

  it('drops a stream that ends while it waits for a slot', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeers: 1 } });
    await server.adopt(streamPair()[0]);
    const [stream] = streamPair();
    const waiting = rejection(server.adopt(stream));
    expect(server.stats.queued).toBe(1);
    stream.destroy();
    expect(await waiting).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    expect(server.stats).toMatchObject({ queued: 0, refused: 0, failed: 0 });
  });

  it('refuses a stream that gets no slot in time, and logs who it was', async () => {
    const clock = new SimulatedClock();
    const { logger, records } = recordingLogger();
    const { server } = createTestServer(echo, { limits: { maxPeers: 1 }, clock, logger });
    await server.adopt(streamPair()[0]);
    const waiting = rejection(server.adopt(streamPair()[0]));
    clock.increment(30_000);
    expect(await waiting).toMatchObject({
      code: 'ERR_CONNECT',
      cause: { code: 'ERR_CLOSED', message: 'no slot was free within 30000 ms (timeouts.backlog)' },
    });
    expect(records).toContainEqual(
      expect.stringMatching(
        /^warn A connection from an unknown peer was refused: no slot was free/,
      ),
    );
  });

  it('is answered also when it is called while the machine is busy', async () => {
    const [stream] = streamPair();
    const outcomes: Promise<unknown>[] = [];
    const { logger } = recordingLogger();
    const debug = (text: string): void => {
      if (text === 'BINDING') outcomes.push(rejection(server.adopt(stream)));
    };
    const { server } = createTestServer(echo, { logger: { ...logger, debug } });
    await server.listen({ port: 0 });
    expect(await outcomes[0]).toMatchObject({ code: 'ERR_STATE' });
    expect(stream.destroyed).toBe(true);
  });

  it('rejects when the machine was stopped', async () => {
    let stop = (): void => undefined;
    const attach = (actor: { readonly id: string; stop(): unknown }) => {
      if (actor.id === 'server') stop = () => void actor.stop();
    };
    const { server } = createTestServer(echo, {
      name: 'server',
      inspect: Object.assign(() => undefined, { attach }),
    });
    const peer = await server.adopt(streamPair()[0]);
    stop();
    await peer.closed;
    const [stream] = streamPair();
    expect(await rejection(server.adopt(stream))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(stream.destroyed).toBe(true);
  });
});

describe('the state of a server', () => {
  it('is shown by inspect(), with its address where it listens', async () => {
    const { server } = createTestServer(echo, { name: 'chat' });
    expect(inspect(server)).toBe("<ProtocolServer name='chat' state=IDLE peers=0>");
    expect(server.address).toBeUndefined();
    const address = await server.listen({ port: 0 });
    expect(server.address).toEqual(address);
    const client = createClient();
    await client.protocol.connect(server.address ?? '');
    expect(await numberOf(client)).toBe(1);
    await server.close();
    expect(server.address).toBeUndefined();
  });

  it('is counted in stats', async () => {
    const { server, failed } = createTestServer(
      (number, peer) => ({
        ...echo(number, peer),
        handshake: async (session) => {
          if (number === 2) throw new Error('not you');
          if (number === 3) await session.receive();
        },
      }),
      { limits: { maxPeers: 2, maxBacklog: 1 } },
    );
    const none = { admitted: 0, handshakes: 0, running: 0, queued: 0, refused: 0, failed: 0 };
    expect(server.stats).toMatchObject(none);
    const address = await server.listen({ port: 0 });
    await numberOf(await dialLines(address));
    await dialLines(address);
    await failed(1);
    expect(server.stats).toMatchObject({ ...none, admitted: 2, running: 1, failed: 1 });
    void server.adopt(streamPair()[0]);
    void server.adopt(streamPair()[0]);
    void server.adopt(streamPair()[0]);
    await turn();
    const now = { admitted: 3, handshakes: 1, running: 1, queued: 1, refused: 1, failed: 1 };
    expect(server.stats).toMatchObject(now);
    await server.close({ force: true });
    expect(server.stats).toMatchObject({ ...none, admitted: 3, refused: 1, failed: 1 });
  });
});

describe('a socket that is not open yet', () => {
  /** The ends of a TLS connection whose handshake is about to begin. */
  function startTls(options: object = {}) {
    const [near, far] = streamPair();
    const tls = { ...identity, ca, requestCert: true, rejectUnauthorized: false };
    const secureContext = createSecureContext(tls);
    const socket = new TLSSocket(near, { ...tls, secureContext, isServer: true });
    cleanUp(() => socket.destroy());
    const dial = () => connectTls({ socket: far, ca, servername: 'localhost', ...options });
    return { socket, dial };
  }

  it('has its TLS handshake before it is identified', async () => {
    const names: unknown[] = [];
    const { server } = createTestServer((number, peer, remote) => {
      names.push(remote.certificate?.subject.CN);
      return echo(number, peer);
    });
    const { socket, dial } = startTls(client);
    const adopted = server.adopt(socket);
    expect(await hasSettled(adopted)).toBe(false);
    expect(server.stats.handshakes).toBe(1);
    const far = dial();
    cleanUp(() => far.destroy());
    const peer = await adopted;
    expect(names).toEqual(['localhost']);
    // A TLSSocket that was made by hand leaves it to its owner to verify the certificate.
    expect(peer.remote).toEqual({ authorized: false });
    expect(peer.remote?.certificate?.subject.CN).toBe('localhost');
    far.destroy();
  });

  it('fails at the handshake deadline', async () => {
    const clock = new SimulatedClock();
    const { server, errors } = createTestServer(echo, { clock });
    const { socket } = startTls();
    const adopted = rejection(server.adopt(socket));
    clock.increment(10_000);
    expect(await adopted).toMatchObject({ phase: 'connection', cause: { phase: 'handshake' } });
    expect(errors).toMatchObject([{ number: 1, remote: { authorized: false } }]);
    expect(socket.destroyed).toBe(true);
  });

  it('is given up by close()', async () => {
    const { server } = createTestServer();
    const { socket } = startTls();
    const adopted = rejection(server.adopt(socket));
    await server.close();
    expect(await adopted).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    expect(socket.destroyed).toBe(true);
  });

  it('is identified when it is connected, and so is a pair that consists of sockets', async () => {
    const other = createTestServer().server;
    const address = await other.listen({ port: 0 });
    const { server } = createTestServer();
    const peer = await server.adopt(connect({ ...address }));
    expect(peer.remote).toEqual({ address: address.host, port: address.port });
    const socket = await dialSocket(address);
    const pair = await server.adopt({ readable: socket, writable: socket });
    expect(pair.remote).toEqual(peer.remote);
    await server.close({ force: true });
  });
});
