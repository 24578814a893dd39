/** A monitor over TLS that requires client certificates. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
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

it('a listener says why the clients that have dialed it are no monitors', async () => {
  const clock = new SimulatedClock();
  const client = createClient({ clock, timeouts: { accept: 1_000 } });
  const bound = await client.listen({ host: '127.0.0.1', port: 0, tls: certificates.server });
  const accepted = rejection(client.accept());
  const visitor = connect(bound.port, '127.0.0.1', () =>
    visitor.write('{"QMP": {"version": {}}}\r\n'),
  );
  visitor.on('error', () => undefined).resume();
  await once(visitor, 'close');
  clock.increment(1_000);
  const error = await accepted;
  expect(error).toMatchObject({ phase: 'connection', retryable: true, cause: { phase: 'accept' } });
  expect(String(error)).toContain('a client has dialed, and its TLS handshake failed: ');
  expect(error).toHaveProperty('advice', expect.stringContaining('QEMU dials without TLS'));
});
