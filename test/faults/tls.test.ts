/** Failures of TLS: the error, its causes, the runstates, and whether a retry may succeed. */

import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Address, supervise } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import { createClient } from '../support/qmp.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';
import { thorough } from '../support/thorough.ts';
import { useChaosPeer } from './chaos-peer.ts';
import type { PeerAddress } from './steps.ts';
import { BROKEN, chainOf, endsBy, NEVER, only, MONITOR } from './support.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
const RETRYABLE = 'ConnectError ERR_CONNECT connection retryable';
const FINAL = 'ConnectError ERR_CONNECT connection final';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

/** Starts a server, which is closed with its connections after the test. */
async function start(server: Server): Promise<{ host: string; port: number }> {
  cleanUp(() => server.close());
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    cleanUp(() => socket.destroy());
  });
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  if ('path' in address) throw new Error('The server is bound to a path');
  return address;
}

/** Starts a monitor that sends the greeting and replies to the negotiation, over TLS. */
function monitor(identity: 'server' | keyof Certificates = 'server') {
  const server = createServer(certificates[identity] as Certificates['server'], (socket) => {
    socket.on('error', () => undefined);
    socket.write(MONITOR.greeting);
    socket.once('data', (data: Buffer) => {
      const [, id = ''] = /"id":(\d+)/.exec(data.toString()) ?? [];
      socket.write(MONITOR.reply.replace('$id', id));
    });
  });
  server.on('tlsClientError', () => undefined);
  return start(server);
}

const trusting = (address: PeerAddress): Address =>
  'port' in address ? { ...address, tls: { ca: certificates.ca } } : address;

/** The error chain of a failed attempt, whose runstates are always the same. */
async function failureOf(address: Address, timeouts = NEVER): Promise<readonly string[]> {
  const client = createClient({ timeouts });
  const recording = recordRunstates(client);
  const error = await rejection(client.connect(address));
  expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  expect(client.outcome).toMatchObject({ cause: error, undelivered: 0 });
  return chainOf(error);
}

describe('a server whose certificate', () => {
  it.each([
    ['has expired', 'expired', 'CERT_HAS_EXPIRED'],
    ['is for another name', 'wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['is signed by an unknown authority', 'untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['is self-signed', 'selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const)('%s fails for good', async (_, identity, code) => {
    expect(await failureOf(trusting(await monitor(identity)))).toEqual([FINAL, code]);
  });

  it('is not valid yet is worth another attempt', async () => {
    const address = trusting(await monitor('notYetValid'));
    expect(await failureOf(address)).toEqual([RETRYABLE, 'CERT_NOT_YET_VALID']);
  });

  it('is wrong makes a supervisor give up at once', async () => {
    const address = trusting(await monitor('untrusted'));
    const vm = supervise(QmpClient, address, { backoff: { initial: 1 } });
    cleanUp(() => vm.stop({ force: true }));
    expect(chainOf(await rejection(vm.up())).at(-1)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(vm.state).toBe('GIVEN_UP');
  });
});

describe('a peer that is not a TLS server', () => {
  it('but sends a plaintext greeting fails for good', async () => {
    const { address } = await peer.listen('tcp', [{ send: MONITOR.greeting }]);
    expect(await failureOf(trusting(address))).toEqual([FINAL, expect.stringMatching(/^ERR_SSL_/)]);
  });

  it('but is silent makes the connect deadline pass, which covers the TLS handshake', async () => {
    const { address } = await peer.listen('tcp', []);
    const failed = () => failureOf(trusting(address), only('connect', DEADLINE_MS));
    expect(await endsBy(DEADLINE_MS, failed)).toEqual([
      RETRYABLE,
      'TimeoutError ERR_TIMEOUT connect',
    ]);
  });

  it('but sends single bytes makes the same deadline pass', async () => {
    // A handshake record of 16 KiB, which is never complete.
    const { address } = await peer.listen('tcp', [
      { trickle: `\x16\x03\x03\x40\x00${'\0'.repeat(9999)}` },
    ]);
    const failed = () => failureOf(trusting(address), only('connect', DEADLINE_MS));
    expect(await endsBy(DEADLINE_MS, failed)).toEqual([
      RETRYABLE,
      'TimeoutError ERR_TIMEOUT connect',
    ]);
  });

  it.each(['end', 'reset'] as const)('and leaves (%s) is worth a retry', async (how) => {
    const { address } = await peer.listen('tcp', [how]);
    expect(await failureOf(trusting(address))).toEqual([RETRYABLE, BROKEN]);
  });
});

/** Starts a proxy that forwards so many bytes of the server, and then closes both connections. */
async function cuttingProxy(to: { port: number }, size: number, how: 'end' | 'reset') {
  return start(
    createTcpServer((near) => {
      const far = connect(to);
      cleanUp(() => far.destroy());
      far.on('error', () => undefined);
      near.on('data', (data) => far.write(data));
      let left = size;
      far.on('data', (data: Buffer) => {
        near.write(data.subarray(0, left));
        left -= data.length;
        if (left > 0) return;
        far.destroy();
        if (how === 'end') near.end();
        else near.resetAndDestroy();
      });
    }),
  );
}

/** More than a TLS 1.3 server sends before the session runs: 700 bytes, or 1800 with ML-KEM. */
const MAX_HANDSHAKE_BYTES = 4000;

describe('a server that leaves during the TLS handshake', () => {
  it.each(['end', 'reset'] as const)('at any byte (%s) is worth a retry', async (how) => {
    const server = await monitor();
    const phases: string[] = [];
    const late = 'ConnectError ERR_CONNECT session retryable';
    const step = thorough(97, 5);
    // Small sizes fail in the TLS handshake, larger ones in that of QMP.
    for (let size = 1; size < MAX_HANDSHAKE_BYTES && phases.at(-3) !== late; size += step) {
      const [error = '', ...causes] = await failureOf(
        trusting(await cuttingProxy(server, size, how)),
      );
      if (error === RETRYABLE) expect({ size, causes }).toEqual({ size, causes: [BROKEN] });
      else expect({ size, causes }).toHaveProperty('causes.0', 'ClosedError ERR_CLOSED');
      phases.push(error);
    }
    expect([...new Set(phases)]).toEqual([RETRYABLE, late]);
    expect(phases.slice(-3)).toEqual([late, late, late]);
    expect(phases).toEqual([...phases].sort());
  });
});

describe('a session over TLS', () => {
  it.each(['end', 'reset'] as const)('that is cut below TLS (%s) fails', async (how) => {
    const near: Socket[] = [];
    const server = await monitor();
    const between = createTcpServer((socket) => {
      const far = connect(server);
      cleanUp(() => far.destroy());
      far.on('error', () => undefined);
      near.push(socket);
      socket.pipe(far).pipe(socket);
    });
    const client = createClient({ timeouts: NEVER });
    const recording = recordRunstates(client);
    await client.connect(trusting(await start(between)));
    const interrupted = rejection(client.execute('query-name'));
    await client.protocol.flush();
    const [socket] = near;
    if (how === 'end') socket?.end();
    else socket?.resetAndDestroy();
    const { cause } = await client.closed;
    expect(chainOf(cause)).toEqual(
      how === 'end' ? ['ClosedError ERR_CLOSED'] : ['ClosedError ERR_CLOSED', BROKEN],
    );
    expect(await interrupted).toHaveProperty('cause', cause);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });
});
