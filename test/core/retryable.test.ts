/** a ConnectError says whether a retry may succeed. */

import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  ConnectError,
  lines,
  type ProtocolDefinition,
  type ProtocolOptions,
  streamPair,
} from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { hangingPeer, listen, rawPeer, type Script } from '../support/peers.ts';
import { gate, rejection } from '../support/signal.ts';

expectIdleAfterEach();

const certificates = await makeCertificates();

interface Case {
  readonly why: string;
  readonly address: () => Address | Promise<Address>;
  readonly definition?: Partial<ProtocolDefinition<string>>;
  readonly options?: ProtocolOptions;
  readonly code: string;
}

const receiving: Partial<ProtocolDefinition<string>> = {
  handshake: async (session) => {
    await session.receive();
  },
};

const peerThat = (script: Script) => async () => (await rawPeer(script)).address;

/** Starts a TLS server, and returns the address to dial it with the options of `client`. */
async function tlsServer(server: object, client: object): Promise<Address> {
  const listener = createTlsServer(server, (socket) => {
    socket.on('error', () => undefined);
    cleanUp(() => socket.destroy());
  });
  cleanUp(() => listener.close());
  const bound = await listen(listener, { host: '127.0.0.1', port: 0 });
  if ('path' in bound) throw new Error('The server has no port');
  return { ...bound, tls: { ca: certificates.ca, ...client } };
}

async function freePort(): Promise<Address> {
  const peer = await rawPeer();
  await new Promise((resolve) => peer.server.close(resolve));
  return peer.address;
}

const RETRYABLE: Case[] = [
  { why: 'the peer refuses the connection', address: freePort, code: 'ECONNREFUSED' },
  { why: 'the path does not exist', address: async () => `${await tempDir()}/no`, code: 'ENOENT' },
  {
    why: 'the peer resets during the handshake',
    address: peerThat((socket) => socket.once('data', () => socket.resetAndDestroy())),
    definition: {
      handshake: async (session) => {
        await session.send('hello');
        await session.receive();
      },
    },
    code: 'ERR_CLOSED',
  },
  {
    why: 'the peer ends during the handshake',
    address: peerThat((socket) => socket.end()),
    definition: receiving,
    code: 'ERR_CLOSED',
  },
  {
    why: 'a deadline passes while dialling',
    address: async () => (await hangingPeer()).address,
    options: { timeouts: { connect: 5 } },
    code: 'ERR_TIMEOUT',
  },
  {
    why: 'a deadline passes during the handshake',
    address: () => ({ stream: streamPair()[0] }),
    definition: { handshake: () => gate().opened },
    options: { timeouts: { handshake: 5 } },
    code: 'ERR_TIMEOUT',
  },
];

const FINAL: Case[] = [
  { why: 'the address is invalid', address: () => ({ port: -1 }), code: 'ERR_ARGUMENT' },
  { why: 'the path is empty', address: () => '', code: 'ERR_ARGUMENT' },
  {
    why: 'the handshake throws',
    address: () => ({ stream: streamPair()[0] }),
    definition: { handshake: () => Promise.reject(new Error('no')) },
    code: 'ERR_HANDLER',
  },
  {
    why: 'the greeting is not a message',
    address: peerThat((socket) => socket.end(Buffer.from([0xff, 0x0a]))),
    definition: receiving,
    code: 'ERR_CODEC',
  },
  {
    why: 'the greeting is too large',
    address: peerThat((socket) => socket.end('x'.repeat(100))),
    definition: receiving,
    options: { limits: { maxMessageBytes: 10 } },
    code: 'ERR_LIMIT',
  },
  {
    why: "the peer's certificate is for another name",
    address: () => tlsServer(certificates.wrongName, {}),
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  {
    why: "the peer's certificate has expired",
    address: () => tlsServer(certificates.expired, {}),
    code: 'CERT_HAS_EXPIRED',
  },
  {
    why: 'the TLS options cannot be used',
    address: () => tlsServer(certificates.server, { minVersion: 'none' }),
    code: 'ERR_ARGUMENT',
  },
];

async function failureOf({ address, definition, options, code }: Case): Promise<ConnectError> {
  const protocol = createProtocol({ codec: lines(), ...definition }, options);
  const error = await rejection(protocol.connect(await address()));
  if (!(error instanceof ConnectError)) throw error;
  expect(error.cause).toMatchObject({ code });
  expect(protocol.runstate).toBe('IDLE');
  return error;
}

describe('X-30 the same attempt may succeed later', () => {
  it.each(RETRYABLE)('when $why', async (each) => {
    expect((await failureOf(each)).retryable).toBe(true);
  });
});

describe('X-30 the same attempt will not succeed later', () => {
  it.each(FINAL)('when $why', async (each) => {
    expect((await failureOf(each)).retryable).toBe(false);
  });

  it('when the peer rejects our certificate, which TLS 1.3 reports after the dial', async () => {
    const { ca, server } = certificates;
    const address = await tlsServer({ ...server, ca, requestCert: true }, {});
    const error = await failureOf({
      why: '',
      address: () => address,
      definition: receiving,
      code: 'ERR_CLOSED',
    });
    expect(error.cause).toMatchObject({
      cause: { code: expect.stringContaining('SSL') as string },
    });
    expect(error.retryable).toBe(false);
  });
});
