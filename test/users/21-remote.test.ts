/** Who is the peer? A server that lets in only those whom it knows, and one that logs who has failed. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  AsyncProtocol,
  lines,
  type PeerInfo,
  type ProtocolDefinition,
  ProtocolServer,
  RefusedError,
  type Remote,
  spawnPeer,
  type WirechartError,
} from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';
import { makeCertificates } from './support.ts';

const { ca, server: identity, client: known, untrusted } = await makeCertificates();

/** A server that serves only peers with a certificate of `ca`, by its own decision. */
function createServer(options: { readonly name?: string } = {}) {
  const failures: { readonly error: WirechartError; readonly peer: PeerInfo }[] = [];
  let wake = (): void => undefined;
  const server = new ProtocolServer<string>(
    {
      codec: lines(),
      handshake: async (session) => {
        const { remote } = session;
        if (remote.authorized !== true) {
          throw new RefusedError(`${String(remote)} is a stranger`, { retryable: false });
        }
        await session.send(`welcome, ${String(remote.certificate?.subject.CN)}`);
      },
    },
    {
      ...options,
      onPeerError: (error, peer) => {
        failures.push({ error, peer });
        wake();
      },
    },
  );
  onTestFinished(() => server.close({ force: true }));
  const failed = () => new Promise<void>((resolve) => (wake = resolve));
  return { server, failures, failed };
}

/** A client that receives one line in its handshake. */
function createClient() {
  const received: string[] = [];
  const client = new AsyncProtocol({
    codec: lines(),
    handshake: async (session) => void received.push(await session.receive()),
  });
  onTestFinished(() => client.disconnect({ force: true }).catch(() => undefined));
  return { client, received };
}

const tls = { ...identity, ca, requestCert: true, rejectUnauthorized: false };

it('lets in a peer with a certificate, and knows it until after it has gone', async () => {
  const { server } = createServer();
  const { port } = await server.listen({ port: 0, tls });
  const { client, received } = createClient();
  await client.connect({ port, tls: { ca, ...known } });
  expect(received).toEqual(['welcome, localhost']);
  expect(client.remote).toMatchObject({ address: '127.0.0.1', port, authorized: true });
  expect(client.remote?.certificate?.subject.CN).toBe('localhost');

  const [peer] = await take(server, 1);
  const ended = peer?.closed;
  const { port: from } = peer?.remote ?? {};
  await client.disconnect();
  await ended;
  expect(peer?.remote).toMatchObject({ address: '127.0.0.1', port: from, authorized: true });
  expect(peer?.remote?.certificate?.subject.CN).toBe('localhost');
});

it.each([
  ['without a certificate', {}, 'UNABLE_TO_GET_ISSUER_CERT'],
  ['with a certificate of another authority', untrusted, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
])('turns away a peer %s, and says who it was', async (_, certificate, authorizationError) => {
  const { server, failures, failed } = createServer({ name: 'vault' });
  const { port } = await server.listen({ port: 0, tls });
  const failure = failed();
  const { client } = createClient();
  await client.connect({ port, tls: { ca, ...certificate } }).catch(() => undefined);
  await failure;
  expect(failures).toMatchObject([
    {
      error: { phase: 'session', cause: { code: 'ERR_REFUSED', message: /stranger/ } },
      peer: {
        number: 1,
        name: 'vault#1',
        remote: { address: '127.0.0.1', authorized: false, authorizationError },
      },
    },
  ]);
});

it('says who it was when TLS has refused the certificate', async () => {
  const { server, failures, failed } = createServer();
  const { port } = await server.listen({ port: 0, tls: { ...tls, rejectUnauthorized: true } });
  const failure = failed();
  const { client } = createClient();
  await client.connect({ port, tls: { ca, ...untrusted } }).catch(() => undefined);
  await failure;
  expect(failures).toMatchObject([
    {
      error: { phase: 'connection' },
      peer: {
        number: 1,
        remote: {
          address: '127.0.0.1',
          authorized: false,
          authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        },
      },
    },
  ]);
});

it('says who it was when the connection was reset in the handshake', async () => {
  let onFailure: (peer: PeerInfo) => void = () => undefined;
  const failed = new Promise<PeerInfo>((resolve) => (onFailure = resolve));
  const handshake: ProtocolDefinition<string>['handshake'] = async (session) => {
    await session.receive();
  };
  const server = new ProtocolServer<string>(
    { codec: lines(), handshake },
    {
      onPeerError: (_, peer) => {
        onFailure(peer);
      },
    },
  );
  onTestFinished(() => server.close({ force: true }));
  const { port } = await server.listen({ port: 0 });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.resetAndDestroy();
  const { remote } = await failed;
  expect(remote).toEqual({ address: '127.0.0.1', port: expect.any(Number) as number });
  expect(String(remote)).toBe(`127.0.0.1:${String(remote.port)}`);
});

it('makes a definition for each peer by what is known of it', async () => {
  const remotes: Remote[] = [];
  const server = new ProtocolServer<string>((_number, _peer, remote) => {
    remotes.push(remote);
    return { codec: lines() };
  });
  onTestFinished(() => server.close({ force: true }));
  const client = new AsyncProtocol({ codec: lines() });
  await client.connect(await server.listen({ port: 0 }));
  await take(server, 1);
  expect(remotes).toMatchObject([{ address: '127.0.0.1' }]);
  await client.disconnect();
});

it('gives both sides of a UNIX socket its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wirechart-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'socket');
  const server = new ProtocolServer({ codec: lines() });
  onTestFinished(() => server.close({ force: true }));
  await server.listen(path);
  const client = new AsyncProtocol({ codec: lines() });
  await client.connect(path);
  const [peer] = await take(server, 1);
  expect([client.remote, peer?.remote]).toEqual([{ path }, { path }]);
  await client.disconnect();
});

it('gives the process id of a program that was started', async () => {
  const child = spawnPeer('cat', [], { stdio: 'stdio' });
  const client = new AsyncProtocol({ codec: lines() });
  expect(client.remote).toBeUndefined();
  await client.connect(child.address);
  expect(client.remote).toEqual({ pid: child.pid });
  expect(String(client.remote)).toBe(`pid ${String(child.pid)}`);
  await client.disconnect();
});

it('shows the facts, and not the certificate, in a log', async () => {
  const { server } = createServer();
  const { port } = await server.listen({ port: 0, tls });
  const { client } = createClient();
  await client.connect({ port, tls: { ca, ...known } });
  const facts = { address: '127.0.0.1', port, authorized: true };
  expect(JSON.stringify(client.remote)).toBe(JSON.stringify(facts));
  expect(inspect(client.remote)).toBe(inspect(facts));
});

/** Takes so many peers from a server, by iterating it. */
async function take<T>(server: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const peer of server) if (taken.push(peer) === count) break;
  return taken;
}
