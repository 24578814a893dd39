/** a ConnectError tells whether to try again. */

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

const hear: Partial<ProtocolDefinition<string>> = {
  handshake: async (session) => {
    await session.receive();
  },
};

const peerThat = (script: Script) => async () => (await rawPeer(script)).address;

/** A TLS server, and how it is dialled. */
async function tlsServer(server: object, client: object): Promise<Address> {
  const listener = createTlsServer(server, (socket) => {
    socket.on('error', () => undefined);
    cleanUp(() => socket.destroy());
  });
  cleanUp(() => listener.close());
  const bound = await listen(listener, { host: '127.0.0.1', port: 0 });
  if ('path' in bound) throw new Error('It has no port');
  return { ...bound, tls: { ca: certificates.ca, ...client } };
}

async function freePort(): Promise<Address> {
  const peer = await rawPeer();
  await new Promise((resolve) => peer.server.close(resolve));
  return peer.address;
}

const AGAIN: Case[] = [
  { why: 'the peer refuses', address: freePort, code: 'ECONNREFUSED' },
  { why: 'the peer is absent', address: async () => `${await tempDir()}/no`, code: 'ENOENT' },
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
    definition: hear,
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

const NEVER: Case[] = [
  { why: 'the address is none', address: () => ({ port: -1 }), code: 'ERR_ARGUMENT' },
  { why: 'the path is empty', address: () => '', code: 'ERR_ARGUMENT' },
  {
    why: 'the handshake throws',
    address: () => ({ stream: streamPair()[0] }),
    definition: { handshake: () => Promise.reject(new Error('no')) },
    code: 'ERR_HANDLER',
  },
  {
    why: 'the greeting is no message',
    address: peerThat((socket) => socket.end(Buffer.from([0xff, 0x0a]))),
    definition: hear,
    code: 'ERR_CODEC',
  },
  {
    why: 'the greeting is too large',
    address: peerThat((socket) => socket.end('x'.repeat(100))),
    definition: hear,
    options: { limits: { maxMessageBytes: 10 } },
    code: 'ERR_LIMIT',
  },
  {
    why: "the name in the peer's certificate is another",
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
  it.each(AGAIN)('when $why', async (each) => {
    expect((await failureOf(each)).retryable).toBe(true);
  });
});

describe('X-30 the same attempt will not succeed later', () => {
  it.each(NEVER)('when $why', async (each) => {
    expect((await failureOf(each)).retryable).toBe(false);
  });

  it('when the peer refuses our certificate, which TLS 1.3 tells us after the dial', async () => {
    const { ca, server } = certificates;
    const address = await tlsServer({ ...server, ca, requestCert: true }, {});
    const error = await failureOf({
      why: '',
      address: () => address,
      definition: hear,
      code: 'ERR_CLOSED',
    });
    expect(error.cause).toMatchObject({
      cause: { code: expect.stringContaining('SSL') as string },
    });
    expect(error.retryable).toBe(false);
  });
});
