/** STARTTLS: a handshake that begins in plaintext and goes on in TLS, on either side. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, type ConnectionOptions, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  ArgumentError,
  type AsyncProtocol,
  ClosedError,
  CodecError,
  lines,
  type ProtocolDefinition,
  type Remote,
  type Session,
  StateError,
  streamPair,
  TimeoutError,
  type UpgradeOptions,
  type WirechartError,
} from '../../src/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { portOf, start, useFixture } from '../support/sockets.ts';
import { dialSocket, createTestServer } from '../support/servers.ts';

expectIdleAfterEach();
const fixture = useFixture();

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

type TlsSettings = ConnectionOptions | TlsOptions;
type Definition = ProtocolDefinition<string, string, string>;

/** Asks for TLS, and then for a greeting within TLS. */
const client = (tls: TlsSettings, options?: UpgradeOptions): Definition => ({
  codec: lines(),
  handshake: async ({ send, receive, upgrade }) => {
    await send('STARTTLS');
    const go = await receive();
    if (go !== '220 go') throw new Error(`no TLS: ${go}`);
    await upgrade(tls, options);
    await send('HELLO');
    return receive();
  },
});

/** Grants TLS, and answers the first line within TLS. */
const server = (tls: TlsSettings, options?: UpgradeOptions): Definition => ({
  codec: lines(),
  handshake: async ({ send, receive, upgrade }) => {
    await receive();
    await send('220 go');
    await upgrade(tls, options);
    const line = await receive();
    await send(`you said ${line}`);
    return line;
  },
  onMessage: (line, { send }) => send(line.toUpperCase()),
});

/** A server by hand, which does `onLine` with the first line of a peer. */
async function byHand(onLine: (peer: Socket) => void): Promise<number> {
  const listener: Server = createServer((peer) => {
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

async function failure(connected: Promise<void>): Promise<unknown> {
  const error = await rejection(connected);
  expect(error).toMatchObject({ code: 'ERR_CONNECT' });
  return error instanceof Error ? error.cause : undefined;
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
    const definition = client({ ca: certificates.ca });
    const protocol = createProtocol<string, string, string>({
      ...definition,
      handshake: async (session) => {
        const result = (await definition.handshake?.(session)) ?? '';
        ({ remote } = session);
        return result;
      },
    });
    await protocol.connect({ port });
    expect(protocol.negotiated).toBe('secret HELLO');
    expect(remote).toMatchObject({ authorized: true, port });
    expect(remote?.certificate).toMatchObject({ subject: expect.anything() });
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
    expect(Buffer.from((cause as CodecError).raw ?? []).toString()).toContain('250 INJ');
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
    expect(cause).toMatchObject({ cause: { code: expect.stringContaining('ERR_SSL') } });
  });

  it.each(['untrusted', 'expired', 'wrongName', 'selfSigned'] as const)(
    'refuses a certificate that is %s, for good',
    async (kind) => {
      const { server: peers, errors } = createTestServer(() => server(certificates[kind]));
      const address = await peers.listen({ port: 0 });
      const cause = await failure(createProtocol(client({ ca: certificates.ca })).connect(address));
      expect(cause).toBeInstanceOf(ClosedError);
      expect((cause as WirechartError).retryable).toBe(false);
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
    expect((cause as WirechartError).retryable).toBe(true);
  });
});

describe('upgrade() of a server', () => {
  it('serves a client of its own kind, over TCP', async () => {
    const { server: peers } = createTestServer(() => server(certificates.server));
    const address = await peers.listen({ port: 0 });
    const received: string[] = [];
    const arrived: { resolve?: () => void } = {};
    const done = new Promise<void>((resolve) => (arrived.resolve = resolve));
    const protocol = createProtocol<string, string, string>({
      ...client({ ca: certificates.ca }),
      onMessage: (line) => {
        received.push(line);
        arrived.resolve?.();
      },
    });
    await protocol.connect(address);
    expect(protocol.negotiated).toBe('you said HELLO');
    await protocol.send('loud');
    await done;
    expect(received).toEqual(['LOUD']);
    await protocol.disconnect();
    await peers.close();
  });

  it('refuses a command that was inserted in plaintext behind STARTTLS', async () => {
    const { server: peers, errors, failed } = createTestServer(() => server(certificates.server));
    const address = await peers.listen({ port: 0 });
    const socket = await dialSocket(address);
    socket.write('STARTTLS\nRCPT TO:<mallory>\n');
    await failed(1);
    expect(errors[0]?.error).toMatchObject({ cause: { code: 'ERR_CODEC' } });
    socket.destroy();
    await peers.close();
  });

  it('tells who the client is, by its certificate', async () => {
    const remotes: Remote[] = [];
    const definition = server({
      ...certificates.server,
      ca: certificates.ca,
      requestCert: true,
    });
    const { server: peers } = createTestServer((): Definition => ({
      ...definition,
      onMessage: (_, { remote }) => void remotes.push(remote),
      onEnd: () => undefined,
    }));
    const address = await peers.listen({ port: 0 });
    const protocol = createProtocol(client({ ca: certificates.ca, ...certificates.client }));
    await protocol.connect(address);
    await protocol.send('who am I?');
    await protocol.disconnect();
    await peers.close();
    expect(remotes).toMatchObject([{ authorized: true, address: '127.0.0.1' }]);
    expect(remotes[0]?.certificate?.serialNumber).toBeTypeOf('string');
  });

  it('refuses a client without a certificate if it requires one', async () => {
    const tls = { ...certificates.server, ca: certificates.ca, requestCert: true };
    const { server: peers, failed, errors } = createTestServer(() => server(tls));
    const address = await peers.listen({ port: 0 });
    const connected = createProtocol(client({ ca: certificates.ca })).connect(address);
    await failed(1);
    await rejection(connected);
    expect(errors).toHaveLength(1);
    await peers.close();
  });

  it('is on the side that accepted, and on a stream of the user where isServer says so', async () => {
    const [near, far] = streamPair();
    const accepted = createProtocol(server(certificates.server, { isServer: true }));
    const dialed = createProtocol(client({ ca: certificates.ca }));
    await Promise.all([accepted.connect({ stream: far }), dialed.connect({ stream: near })]);
    expect([accepted.negotiated, dialed.negotiated]).toEqual(['HELLO', 'you said HELLO']);
    await Promise.all([dialed.disconnect(), accepted.disconnect()]);

    const listening = createProtocol(server(certificates.server));
    const address = await listening.listen({ port: 0 });
    await Promise.all([listening.accept(), dialed.connect(address)]);
    expect(dialed.negotiated).toBe('you said HELLO');
    await Promise.all([dialed.disconnect(), listening.disconnect()]);
  });

  it('takes the first bytes of TLS that came while it was still answering', async () => {
    const [near, far] = streamPair();
    const answered: { resolve?: () => void } = {};
    const hello = new Promise<void>((resolve) => (answered.resolve = resolve));
    const definition = server(certificates.server);
    const accepted = createProtocol<string, string, string>({
      ...definition,
      handshake: async (session) => {
        const late = async (line: string): Promise<void> => {
          await session.send(line);
          if (line === '220 go') await hello;
        };
        const { receive, upgrade, remote, signal, switchCodec } = session;
        const slow = { receive, upgrade, remote, signal, switchCodec, send: late };
        return (await definition.handshake?.({ ...slow, negotiated: undefined })) ?? '';
      },
    });
    const watched = watch(near, () => answered.resolve?.());
    const dialed = createProtocol(client({ ca: certificates.ca }));
    await Promise.all([
      accepted.connect({ stream: far }).catch((error: unknown) => error),
      dialed.connect({ stream: watched }).catch((error: unknown) => error),
    ]);
    expect([accepted.runstate, dialed.runstate]).toEqual(['IDLE', 'IDLE']);
  });
});

/** Calls back when the second write, the first of TLS, was handed over. */
function watch(stream: Duplex, onHello: () => void): Duplex {
  const write = stream.write.bind(stream);
  let writes = 0;
  stream.write = (...args: Parameters<Duplex['write']>) => {
    writes += 1;
    if (writes === 2) setImmediate(onHello);
    return write(...args);
  };
  return stream;
}

/** What a handshake does wrong, and the error that it gets. */
const mistakes: readonly (readonly [
  string,
  (session: Session<string>) => Promise<unknown>,
  RegExp,
])[] = [
  [
    'is called while a receive() is pending',
    async ({ receive, upgrade }) => {
      receive().catch(() => undefined);
      await upgrade({});
    },
    /receive\(\) is pending/,
  ],
  [
    'is called twice',
    async ({ upgrade }) => {
      upgrade({}).catch(() => undefined);
      await upgrade({});
    },
    /upgrade\(\) is pending/,
  ],
  [
    'is not awaited before send()',
    async ({ upgrade, send }) => {
      upgrade({}).catch(() => undefined);
      await send('hello');
    },
    /upgrade\(\) is pending/,
  ],
  [
    'is not awaited before the handshake settles',
    ({ upgrade }) => {
      upgrade({}).catch(() => undefined);
      return Promise.resolve();
    },
    /await it/,
  ],
];

describe('upgrade()', () => {
  it.each(mistakes)('fails the handshake when it %s', async (_, handshake, text) => {
    const [near] = streamPair();
    const protocol = createProtocol({ codec: lines(), handshake });
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toBeInstanceOf(StateError);
    expect(cause).toHaveProperty('message', expect.stringMatching(text));
  });

  it.each([
    ['no options', undefined, /tls is undefined/],
    ['a name that is misspelt', { servernme: 'x' }, /servername/],
    ['an empty authority', { ca: '' }, /tls.ca is empty/],
    ['a certificate that is none', { cert: 'x', key: 'y' }, /TLS options cannot be used/],
  ])('says what is wrong with %s', async (_, tls, text) => {
    const [near] = streamPair();
    const protocol = createProtocol({
      codec: lines(),
      handshake: ({ upgrade }) => upgrade(tls as ConnectionOptions),
    });
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toBeInstanceOf(ArgumentError);
    expect(cause).toHaveProperty('message', expect.stringMatching(text));
  });

  it('does not go on in plaintext when the handshake ignores its failure', async () => {
    const [near, far] = streamPair();
    far.write('220 go\nin plaintext\n');
    const received: unknown[] = [];
    const protocol: AsyncProtocol<string> = createProtocol({
      codec: lines(),
      handshake: async ({ receive, upgrade }) => {
        await receive();
        await upgrade({}).catch(() => undefined);
        received.push(await receive().catch((error: unknown) => error));
      },
    });
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toBeInstanceOf(CodecError);
    expect(received).toEqual([cause]);
  });

  it('is only for the handshake', async () => {
    const [near, far] = streamPair();
    cleanUp(() => far.destroy());
    const errors: unknown[] = [];
    const attempt = async ({ upgrade }: Session<string, string, void>): Promise<void> => {
      errors.push(await upgrade({}).catch((error: unknown) => error));
    };
    const protocol = createProtocol({
      codec: lines(),
      onMessage: (_, session) => attempt(session),
      farewell: attempt,
    });
    far.write('hello\n');
    far.on('end', () => far.end()).resume();
    await protocol.connect({ stream: near });
    await new Promise(setImmediate);
    await protocol.disconnect();
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_STATE' });
  });
});
