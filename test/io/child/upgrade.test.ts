/** TLS that begins on the connection to a child: the end of the session stays the end of the child. */

import { describe, expect, it } from 'vitest';
import { lines, type ProtocolDefinition, type SpawnedPeer } from '../../../src/index.ts';
import { makeCertificates } from '../../support/certificates.ts';
import { isAlive, node } from '../../support/children.ts';
import { createProtocol, expectIdleAfterEach } from '../../support/cleanup.ts';
import { freePath, listening, PATIENT } from '../../support/listening-children.ts';
import { rejection } from '../../support/signal.ts';

expectIdleAfterEach();

const { ca, server } = await makeCertificates();

/** Answers the first line, begins TLS, and echoes within it. */
const SERVE = `
  const { TLSSocket } = require('node:tls');
  const serve = (raw) => raw.once('data', () => {
    raw.write('go\\n');
    const secured = new TLSSocket(raw, { isServer: true, ...${JSON.stringify(server)} });
    secured.on('data', (data) => secured.write(data)).on('end', () => secured.end());
    secured.on('close', () => raw.destroy());
  });`;
const ON_STDIO = `
  const { Duplex } = require('node:stream');
  serve(Duplex.from({ readable: process.stdin, writable: process.stdout }));`;

const starters: Readonly<Record<string, () => Promise<SpawnedPeer> | SpawnedPeer>> = {
  listens: async () =>
    listening(await freePath(), `${SERVE} net.createServer(serve).listen(where)`),
  'inherits a socket': () => node(`${SERVE} serve(new net.Socket({ fd: 3 }))`),
  'speaks over its standard streams': () => node(SERVE + ON_STDIO, { stdio: 'stdio' }),
};

const startTls: ProtocolDefinition<string> = {
  codec: lines(),
  handshake: async ({ send, receive, upgrade }) => {
    await send('STARTTLS');
    expect(await receive()).toBe('go');
    await upgrade({ ca, servername: 'localhost' });
    await send('within');
    expect(await receive()).toBe('within');
  },
};

/** For the end of a child that does not exit by itself. */
const deadlines = { timeouts: { connect: Infinity, close: 200 } };

describe.each(Object.entries(starters))(
  'TLS on the connection to a child that %s',
  (name, start) => {
    it('is known to be authorized, with the process of the child', async () => {
      const peer = await start();
      const protocol = createProtocol(startTls, PATIENT);
      await protocol.connect(peer.address);
      expect(protocol.remote).toMatchObject({ pid: peer.pid, authorized: true });
      await protocol.disconnect({ force: true });
      expect(isAlive(peer.pid)).toBe(false);
      expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
    });

    it('ends with the child', async () => {
      const peer = await start();
      const protocol = createProtocol(startTls, name === 'listens' ? PATIENT : deadlines);
      await protocol.connect(peer.address);
      await protocol.disconnect();
      expect(isAlive(peer.pid)).toBe(false);
      const signal = name === 'listens' ? 'SIGTERM' : 'SIGKILL';
      expect(await peer.exited).toMatchObject({ signal });
    });

    it('has the death of the child as the reason of its end', async () => {
      const peer = await start();
      const protocol = createProtocol(startTls, PATIENT);
      await protocol.connect(peer.address);
      peer.kill('SIGKILL');
      expect((await protocol.closed).cause).toMatchObject({ signal: 'SIGKILL' });
    });
  },
);

it('the death of a child in the TLS handshake fails the attempt', async () => {
  const program = `net.createServer((socket) => {
    socket.once('data', () => {
      socket.once('data', () => process.exit(8));
      socket.write('go\\n');
    });
  }).listen(where)`;
  const peer = listening(await freePath(), program);
  const error = await rejection(createProtocol(startTls, PATIENT).connect(peer.address));
  expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'session', cause: { exitCode: 8 } });
  expect(await peer.exited).toMatchObject({ exitCode: 8 });
});
