/** STARTTLS on the client's side: a handshake that begins in plaintext and goes on in TLS. */

import { createServer, type Socket } from 'node:net';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  ClosedError,
  CodecError,
  lines,
  type Remote,
  streamPair,
  TimeoutError,
} from '../../src/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { portOf, start, useFixture } from '../support/sockets.ts';
import { createTestServer } from '../support/servers.ts';
import { askForTls, client, failure, server } from './starttls.ts';

expectIdleAfterEach();
const fixture = useFixture();

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

/** A server by hand, which does `onLine` with the first line of a peer. */
async function byHand(onLine: (peer: Socket) => void): Promise<number> {
  const listener = createServer((peer) => {
    peer.on('error', () => undefined);
    peer.once('data', () => {
      onLine(peer);
    });
  });
  return portOf(await start(fixture, listener));
}

/** Starts TLS on the server's side with Node alone. */
function secure(peer: Socket, then: (secured: TLSSocket) => void): void {
  const secured = new TLSSocket(peer, { isServer: true, ...certificates.server });
  secured.on('error', () => undefined);
  then(secured);
}

describe('upgrade() of a client', () => {
  it('continues in TLS with a server that was not written here', async () => {
    const port = await byHand((peer) => {
      peer.write('220 go\n', () => {
        peer.removeAllListeners('data');
        secure(peer, (secured) => {
          secured.once('data', (line) => secured.write(`secret ${String(line)}`));
        });
      });
    });
    let remote: Remote | undefined;
    const protocol = createProtocol<string, string, string>({
      codec: lines(),
      handshake: async (session) => {
        const result = await askForTls({ ca: certificates.ca })(session);
        ({ remote } = session);
        return result;
      },
    });
    await protocol.connect({ port });
    expect(protocol.negotiated).toBe('secret HELLO');
    expect(remote).toMatchObject({ authorized: true, port });
    expect(remote?.certificate?.serialNumber).toBeTypeOf('string');
    expect(protocol.remote).toBe(remote);
    await protocol.disconnect();
  });

  it.each([
    ['in the same chunk', '220 go\n250 INJECTED\n'],
    ['without a line end', '220 go\n250 INJ'],
  ])('refuses plaintext that was inserted behind the reply %s', async (_, text) => {
    const received: string[] = [];
    const port = await byHand((peer) => peer.write(text));
    const protocol = createProtocol({
      ...client({ ca: certificates.ca }),
      inbound: (line) => {
        received.push(line);
        return line;
      },
    });
    const cause = await failure(protocol.connect({ port }));
    expect(cause).toBeInstanceOf(CodecError);
    expect(cause).toHaveProperty('message', expect.stringContaining('plaintext'));
    expect(String(cause instanceof CodecError && Buffer.from(cause.raw))).toContain('250 INJ');
    expect(received).toEqual(['220 go']);
  });

  it('refuses plaintext that arrives while it prepares TLS', async () => {
    const [near, far] = streamPair();
    const protocol = createProtocol({
      codec: lines(),
      handshake: async ({ receive, upgrade }) => {
        await receive();
        far.write('250 INJECTED\n');
        await new Promise(setImmediate);
        await upgrade({ ca: certificates.ca });
      },
    });
    far.write('220 go\n');
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toMatchObject({ code: 'ERR_CODEC' });
  });

  it('fails when plaintext comes instead of TLS', async () => {
    const port = await byHand((peer) => {
      peer.write('220 go\n');
      peer.once('data', () => peer.write('250 INJECTED\n'));
    });
    const protocol = createProtocol(client({ ca: certificates.ca }));
    const cause = await failure(protocol.connect({ port }));
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause).toHaveProperty('cause.code', expect.stringContaining('ERR_SSL'));
  });

  it.each(['untrusted', 'expired', 'wrongName', 'selfSigned'] as const)(
    'refuses a certificate that is %s, for good',
    async (kind) => {
      const { server: peers, errors } = createTestServer(() => server(certificates[kind]));
      const address = await peers.listen({ port: 0 });
      const cause = await failure(createProtocol(client({ ca: certificates.ca })).connect(address));
      expect(cause).toBeInstanceOf(ClosedError);
      expect(cause).toMatchObject({ retryable: false });
      await peers.close();
      expect(errors.length).toBeLessThanOrEqual(1);
    },
  );

  it('verifies the name that was dialed, and sends it to the server', async () => {
    const names: string[] = [];
    const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
      names.push(name);
      done(null);
    };
    const { server: peers } = createTestServer(() =>
      server({ ...certificates.server, SNICallback }),
    );
    const { port } = (await peers.listen({ port: 0 })) as { port: number };
    const protocol = createProtocol(client({ ca: certificates.ca }));
    await protocol.connect({ host: 'localhost', port });
    expect(names).toEqual(['localhost']);
    await protocol.disconnect();
    await peers.close();
  });

  it('ends at the deadline of the handshake when the server is silent', async () => {
    const clock = new SimulatedClock();
    const [near, far] = streamPair();
    far.write('220 go\n');
    const hello = new Promise((resolve) => {
      far.on('data', (chunk: Uint8Array) => {
        if (chunk[0] === 0x16) resolve(undefined);
      });
    });
    const protocol = createProtocol(client({ ca: certificates.ca }), {
      clock,
      timeouts: { handshake: 500 },
    });
    const connected = protocol.connect({ stream: near });
    connected.catch(() => undefined);
    await hello;
    clock.increment(500);
    expect(await failure(connected)).toBeInstanceOf(TimeoutError);
  });

  it('is given up when connect() is aborted, or disconnected, in the middle of TLS', async () => {
    for (const end of ['abort', 'disconnect'] as const) {
      const controller = new AbortController();
      const hello: { resolve?: () => void } = {};
      const arrived = new Promise<void>((resolve) => (hello.resolve = resolve));
      const port = await byHand((peer) => {
        peer.write('220 go\n');
        peer.once('data', () => hello.resolve?.());
      });
      const protocol = createProtocol(client({ ca: certificates.ca }));
      const connected = protocol.connect({ port }, { signal: controller.signal });
      connected.catch(() => undefined);
      await arrived;
      const reason = new Error('changed my mind');
      if (end === 'abort') controller.abort(reason);
      else await protocol.disconnect();
      const error = await rejection(connected);
      if (end === 'abort') expect(error).toBe(reason);
      else expect(error).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    }
  });

  it('is a ClosedError when the server leaves instead', async () => {
    const port = await byHand((peer) => {
      peer.write('220 go\n');
      peer.once('data', () => peer.destroy());
    });
    const cause = await failure(createProtocol(client({ ca: certificates.ca })).connect({ port }));
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause).toMatchObject({ retryable: true });
  });
});
