/** What `connect()` and `accept()` say when the peer is not a QMP monitor that is ready for a client. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QEMU_VERSIONS } from '../../scripts/qemu-versions.ts';
import { type Address, ConnectError, spawnPeer, supervise } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import {
  describeEachQemu,
  describePeer,
  freePort,
  onSocket,
  RealPeer,
  startQemu,
  suspend,
} from '../support/real-peers.ts';
import { requireQemu } from '../support/required.ts';
import { RedisServer } from '../support/redis.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** A peer that is silent is given this long to say something. */
const HANDSHAKE_MS = 500;

/** A client that gives a silent peer up soon. */
const hastyClient = (handshake = HANDSHAKE_MS) => track(new QmpClient({ timeouts: { handshake } }));

/** Dials until the program listens, and returns the error of the attempt that opened a stream. */
async function refusalBy(peer: RealPeer, address: Address): Promise<ConnectError> {
  const client = hastyClient();
  const error = await rejection(peer.connectWithRetry(() => client.connect(address)));
  if (!(error instanceof ConnectError)) throw new Error('Another error', { cause: error });
  return error;
}

describeEachQemu((path, version) => {
  /** Starts QEMU with a -chardev on a UNIX socket, and what else is given. */
  const withChardev = (options: string, ...others: readonly string[]) =>
    onSocket((socket) =>
      startQemu(
        path,
        ...['-chardev', `socket,id=c,path=${socket},server=on,wait=off${options}`],
        ...others,
      ),
    );
  const asMonitor = ['-mon', 'chardev=c,mode=control'];

  it('a monitor for people is named, at once', async () => {
    const { peer, address } = await withChardev('', '-mon', 'chardev=c,mode=readline');
    const error = await refusalBy(peer, address);
    expect(error).toMatchObject({
      phase: 'session',
      retryable: false,
      cause: { code: 'ERR_CODEC' },
    });
    expect(error.message).toContain(
      "It is QEMU's monitor for people (HMP). Its first bytes are 'QEMU ",
    );
    expect(error.message).toContain('start QEMU with -qmp in place of -monitor');
  });

  it('telnet=on is named, at once', async () => {
    const { peer, address } = await withChardev(',telnet=on', ...asMonitor);
    const error = await refusalBy(peer, address);
    expect(error).toMatchObject({ phase: 'session', retryable: false });
    expect(error.message).toContain(
      "It is a telnet server (telnet=on). Its first bytes are '\\xff\\xfb",
    );
    expect(error.message).toContain('leave telnet=on out of the -chardev');
  });

  it.each([
    ['a -chardev without a -mon', '', []],
    ['websocket=on', ',websocket=on', asMonitor],
  ])('%s is no QMP monitor, which Linux knows', async (_, options, others) => {
    const { peer, address } = await withChardev(options, ...others);
    const error = await refusalBy(peer, address);
    expect(error).toMatchObject({
      phase: 'session',
      retryable: true,
      cause: { code: 'ERR_QMP_BUSY' },
    });
    expect(error.message).toContain('accepted the connection, and it is no QMP monitor');
    expect(error.message).toContain('Connect to the socket of -qmp');
  });

  it('a monitor that another client holds', async () => {
    const { peer, address } = await withChardev('', ...asMonitor);
    const first = await peer.connect(address);
    const error = await refusalBy(peer, address);
    expect(error.message).toContain('Another client holds this monitor');
    expect(error.message).toContain('give each client a -qmp of its own');
    await first.disconnect();
  });

  it('a QEMU that is suspended', async () => {
    const { peer, address } = await withChardev('', ...asMonitor);
    await (await peer.connect(address)).disconnect();
    await suspend(peer.child);
    const error = await refusalBy(peer, address);
    peer.child.kill('SIGCONT');
    expect(error.message).toContain('has not accepted the connection: QEMU is suspended or busy');
    expect(error.message).toContain('timeouts.handshake');
  });

  it('a VNC server', async () => {
    const { peer, address } = await onSocket((socket) => startQemu(path, '-vnc', `unix:${socket}`));
    const error = await refusalBy(peer, address);
    expect(error.message).toContain("It is a VNC server. Its first bytes are 'RFB 003.008\\n'");
  });

  it('a serial console', async () => {
    const { peer, address } = await onSocket(
      (socket) =>
        new RealPeer(path, [
          ...['-nographic', '-nodefaults', '-chardev'],
          ...[`socket,id=s,path=${socket},server=on,wait=on`, '-serial', 'chardev:s'],
        ]),
    );
    const client = track(new QmpClient());
    const error = await rejection(peer.connectWithRetry(() => client.connect(address)));
    expect(String(error)).toContain(
      "It is a console, such as the serial one of the guest. Its first bytes are '\\x1b",
    );
  });

  it.each([
    ['a monitor for people', ['-monitor', 'stdio'], "It is QEMU's monitor for people"],
    ['a text that QEMU prints', ['--version'], 'It is a text that QEMU prints for people'],
    ['no monitor', [], 'Start QEMU with -qmp stdio'],
    ['an option that is not known', ['-foo'], 'exited with code 1: '],
  ])('spawned, with %s', async (_, args, text) => {
    const minimal = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
    const { address, exited } = spawnPeer(path, [...minimal, ...args], { stdio: 'stdio' });
    const error = await rejection(hastyClient(1_500).connect(address));
    expect(error).toMatchObject({ phase: 'session' });
    expect(String(error)).toContain(text);
    await exited;
  });

  it('a monitor that is free again is reached by the next attempt of a supervisor', async () => {
    const { peer, address } = await withChardev('', ...asMonitor);
    const first = await peer.connect(address);
    const vm = supervise(QmpClient, address, {
      timeouts: { handshake: HANDSHAKE_MS },
      backoff: { initial: 1 },
    });
    cleanUp(() => vm.stop({ force: true }));
    const states = vm.states();
    for await (const state of states) if (state === 'WAITING') break;
    expect(vm.failures.at(-1)?.cause.message).toContain('Another client holds this monitor');
    await first.disconnect();
    await vm.up();
    await vm.stop();
  });

  it('a QEMU that dials with a monitor for people', async () => {
    const client = hastyClient();
    const socket = join(await tempDir(), 'accept.sock');
    await client.listen(socket);
    const failed = rejection(client.accept());
    startQemu(path, '-monitor', `unix:${socket}`);
    expect(await failed).toMatchObject({
      message: expect.stringContaining("It is QEMU's monitor for people") as string,
    });
  });

  it('a -chardev without a -mon that dials', async () => {
    const client = hastyClient();
    const socket = join(await tempDir(), 'accept.sock');
    await client.listen(socket);
    const failed = rejection(client.accept());
    startQemu(path, '-chardev', `socket,id=c,path=${socket},server=off`);
    expect(await failed).toMatchObject({
      cause: { code: 'ERR_QMP_BUSY' },
      message: expect.stringContaining(
        'The program that has connected is no QMP monitor',
      ) as string,
    });
  });

  /** Starts QEMU with a monitor over TLS; resolves with its TCP address, and what a client needs. */
  const overTls = async () => {
    const { ca, server, client } = await makeCertificates();
    const dir = await tempDir();
    await writeFile(join(dir, 'ca-cert.pem'), ca);
    await writeFile(join(dir, 'server-cert.pem'), server.cert);
    await writeFile(join(dir, 'server-key.pem'), server.key, { mode: 0o600 });
    const port = await freePort();
    const peer = startQemu(
      path,
      ...['-object', `tls-creds-x509,id=t,endpoint=server,dir=${dir},verify-peer=on`],
      ...[
        '-chardev',
        `socket,id=c,host=127.0.0.1,port=${String(port)},server=on,wait=off,tls-creds=t`,
      ],
      ...asMonitor,
    );
    return { peer, address: { host: '127.0.0.1', port }, ca, client };
  };

  it('a monitor that expects TLS', async () => {
    const { peer, address } = await overTls();
    const error = await refusalBy(peer, address);
    expect(error.message).toContain('or it expects the client to begin, with TLS');
    expect(error.message).toContain('give the address the option tls');
  });

  it('a monitor that expects a certificate of the client', async () => {
    const { peer, address, ca } = await overTls();
    const error = await refusalBy(peer, { ...address, tls: { ca } });
    expect(error.phase).toBe('session');
    expect(error.message).toContain('give tls.cert and tls.key');
  });

  it('a monitor that dials without TLS', async () => {
    const { server } = await makeCertificates();
    const client = track(new QmpClient({ timeouts: { accept: 1_500 } }));
    const bound = await client.listen({ host: '127.0.0.1', port: 0, tls: server });
    const failed = rejection(client.accept());
    startQemu(path, '-qmp', `tcp:127.0.0.1:${String(bound.port)}`);
    const error = await failed;
    expect(error).toMatchObject({ phase: 'connection', cause: { phase: 'accept' } });
    expect(String(error)).toContain('a client has dialed, and its TLS handshake failed: ');
    expect(error).toHaveProperty('advice', expect.stringContaining('QEMU dials without TLS'));
  });

  it('a monitor that dials with TLS', async () => {
    const { ca } = await makeCertificates();
    const dir = await tempDir();
    await writeFile(join(dir, 'ca-cert.pem'), ca);
    const client = hastyClient();
    const bound = await client.listen({ host: '127.0.0.1', port: 0 });
    const failed = rejection(client.accept());
    startQemu(
      path,
      ...['-object', `tls-creds-x509,id=t,endpoint=client,dir=${dir}`, '-chardev'],
      `socket,id=c,host=127.0.0.1,port=${String(bound.port)},server=off,tls-creds=t`,
      ...asMonitor,
    );
    expect(String(await failed)).toContain('It is a client of TLS. Its first bytes are ');
  });

  it('a monitor that speaks no TLS', async () => {
    const port = await freePort();
    const peer = startQemu(path, '-qmp', `tcp:127.0.0.1:${String(port)},server=on,wait=off`);
    const error = await refusalBy(peer, { host: '127.0.0.1', port, tls: {} });
    expect(error).toMatchObject({ phase: 'connection', retryable: false });
    expect(error.message).toContain('The peer does not speak TLS');
    expect(error.advice).toContain('Leave out the option tls');
  });

  it.runIf(Number(version) < 8)('a monitor that stalls over TLS', async () => {
    const { peer, address, ca, client } = await overTls();
    const error = await refusalBy(peer, { ...address, tls: { ca, ...client } });
    expect(error).toMatchObject({
      phase: 'session',
      retryable: true,
      cause: { code: 'ERR_TIMEOUT' },
    });
    expect(error.message).toContain('processes only the first byte of each TLS record');
    expect(error.message).toContain('Use QEMU 8.0 or later, or a UNIX socket');
  });

  it('a socket that a QEMU has left behind', async () => {
    const { peer, address } = await withChardev('', ...asMonitor);
    await (await peer.connect(address)).disconnect();
    peer.child.kill('SIGKILL');
    await peer.exited;
    const error = await rejection(hastyClient().connect(address));
    expect(error).toMatchObject({
      phase: 'connection',
      retryable: true,
      cause: { code: 'ECONNREFUSED' },
    });
    expect(error).toHaveProperty('advice', expect.stringContaining('No program listens there'));
  });
});

const AGENTS = QEMU_VERSIONS.map((version) => [version, requireQemu(version, 'qemu-ga')] as const);
describe.each(AGENTS)('the guest agent %s', (_, path = '') => {
  it.each([
    ['by its name', 'ga.sock', 'By its name this is the socket of a guest agent'],
    ['not by another name', 'vm1.sock', 'and it is no QMP monitor: a guest agent does not greet'],
  ])('is known %s', { skip: path === '' }, async (__, name, text) => {
    const dir = await tempDir();
    const address = join(dir, name);
    const args = ['-m', 'unix-listen', '-p', address, '-t', dir, '-f', join(dir, 'ga.pid')];
    const error = await refusalBy(new RealPeer(path, args), address);
    expect(error).toMatchObject({ retryable: true, cause: { code: 'ERR_QMP_BUSY' } });
    expect(error.message).toContain(text);
  });
});

describePeer('redis-server', (path) => {
  it('is silent too, and no QMP monitor', async () => {
    const server = await RedisServer.start(path);
    const error = await rejection(hastyClient().connect(server.address));
    expect(String(error)).toContain('accepted the connection, and it is no QMP monitor');
  });
});
