/** The client against a real QEMU over TLS, with certificates on both sides. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConnectError } from '../../src/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { describeEachQemu, freePort, type RealPeer, startQemu } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describeEachQemu((path, version) => {
  /** Starts QEMU with a monitor that requires client certificates; returns it with its port. */
  const start = async ({ ca, server }: Certificates, identity = server) => {
    const dir = await tempDir();
    await writeFile(join(dir, 'ca-cert.pem'), ca);
    await writeFile(join(dir, 'server-cert.pem'), identity.cert);
    await writeFile(join(dir, 'server-key.pem'), identity.key, { mode: 0o600 });
    const port = await freePort();
    const peer = startQemu(
      path,
      ...['-object', `tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=on`],
      '-chardev',
      `socket,id=c,host=127.0.0.1,port=${String(port)},server=on,wait=off,tls-creds=tls0`,
      ...['-mon', 'chardev=c,mode=control'],
    );
    return { peer, port };
  };

  it('greets a client with a valid certificate', async () => {
    const certificates = await makeCertificates();
    const { ca, client: identity } = certificates;
    const { peer, port } = await start(certificates);
    const client = createClient({ timeouts: { handshake: 1_000 } });
    const connected = peer.connectWithRetry(() =>
      client.connect({ host: '127.0.0.1', port, tls: { ca, ...identity } }),
    );
    const [outcome] = await Promise.allSettled([connected]);
    expect(client.greeting?.QMP.capabilities).toContain('oob');
    // QEMU up to 7.2 processes only the first byte of each TLS record, and so never answers a command.
    if (Number(version) >= 8) {
      expect(outcome.status).toBe('fulfilled');
      expect(await client.execute('query-name')).toEqual({});
      await client.disconnect();
    } else {
      const cause = { phase: 'handshake', code: 'ERR_TIMEOUT' };
      expect(outcome).toMatchObject({ reason: { phase: 'session', cause } });
    }
  });

  it('does not greet a client without a certificate', async () => {
    const certificates = await makeCertificates();
    const { peer, port } = await start(certificates);
    const client = createClient();
    const tls = { ca: certificates.ca };
    const error = await rejection(
      peer.connectWithRetry(() => client.connect({ host: '127.0.0.1', port, tls })),
    );
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'session' });
    expect(client.greeting).toBeUndefined();
  });

  const expectRefusal = async (peer: RealPeer, port: number, ca: string, code: string) => {
    const client = createClient();
    const error = await rejection(
      peer.connectWithRetry(() => client.connect({ host: '127.0.0.1', port, tls: { ca } })),
    );
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'connection', retryable: false, cause: { code } });
    expect(client.runstate).toBe('IDLE');
  };

  it('is refused when its certificate was signed by another authority', async () => {
    const { peer, port } = await start(await makeCertificates());
    const { ca } = await makeCertificates();
    await expectRefusal(peer, port, ca, 'CERT_SIGNATURE_FAILURE');
  });

  it('is refused when its certificate is for another name', async () => {
    const certificates = await makeCertificates();
    const { peer, port } = await start(certificates, certificates.wrongName);
    await expectRefusal(peer, port, certificates.ca, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
