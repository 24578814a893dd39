/** A monitor over TLS that requires client certificates. */

import { once } from 'node:events';
import { createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, createServer as createMonitor } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

describe('a monitor that requires client certificates', () => {
  it('serves a client with a certificate', async () => {
    const { ca, server, client: clientIdentity } = certificates;
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true };
    const monitor = createMonitor({ address: { port: 0, tls } });
    const client = createClient();
    const bound = await monitor.listen();
    await client.connect('port' in bound ? { ...bound, tls: { ca, ...clientIdentity } } : bound);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });

  // With TLS 1.3 the refusal arrives after the client has completed the TLS handshake.
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'refuses a client without a certificate, over %s, with an error that is not retryable',
    async (version) => {
      const { ca, server: identity } = certificates;
      const options = { ...identity, ca, requestCert: true, rejectUnauthorized: true };
      const server = createServer({ ...options, maxVersion: version });
      server.on('tlsClientError', () => undefined);
      cleanUp(() => server.close());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const client = createClient();
      const error = await rejection(client.connect({ port, tls: { ca } }));
      expect(error).toBeInstanceOf(ConnectError);
      expect(error).toMatchObject({ retryable: false });
    },
  );
});
