/** `listens` with TLS: the handshake is part of the dial, and a certificate that is wrong ends it at once. */

import { describe, expect, it } from 'vitest';
import { isAlive } from '../../support/children.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { createProtocol, expectIdleAfterEach } from '../../support/cleanup.ts';
import { listening, PATIENT } from '../../support/listening-children.ts';
import { inbox } from '../../support/peers.ts';
import { freePort } from '../../support/real-peers.ts';
import { rejection } from '../../support/signal.ts';

expectIdleAfterEach();

const certificates = await makeCertificates();

/** A program that echoes over TLS, as the server of the certificates. */
const echo = ({ server }: Certificates) =>
  `require('node:tls').createServer(${JSON.stringify(server)}, (s) => s.pipe(s)).listen(where)`;

describe('a child that listens with TLS', () => {
  it('is reached, and is known by its certificate and its process', async () => {
    const port = await freePort();
    const received = inbox();
    const protocol = createProtocol(received.definition, PATIENT);
    const peer = listening({ port }, echo(certificates), {
      listens: { port, tls: { ca: certificates.ca, servername: 'localhost' } },
    });
    await protocol.connect(peer.address);
    await protocol.send('secret');
    expect(await received.count(1)).toEqual(['secret']);
    expect(protocol.remote).toMatchObject({ authorized: true, port, pid: peer.pid });
    expect(protocol.remote?.certificate).toHaveProperty('subject');
    await protocol.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
  });

  it('is not tried again when its certificate is wrong', async () => {
    const port = await freePort();
    const peer = listening({ port }, echo(certificates), { listens: { port, tls: {} } });
    const protocol = createProtocol(inbox().definition, PATIENT);
    const error = await rejection(protocol.connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', retryable: false });
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});
