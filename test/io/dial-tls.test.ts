import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/core/errors.ts';
import { parseAddress } from '../../src/io/address.ts';
import { dial } from '../../src/io/dial.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { expectEcho, expectOnlyErrorListener, dialer } from '../support/dialing.ts';
import { closing, nextPeer, portOf, start, useFixture } from '../support/sockets.ts';

const REASON = new Error('the reason');

const fixture = useFixture();
const open = dialer(fixture);

let certificates: Certificates;

beforeAll(async () => {
  certificates = await makeCertificates();
});

describe('dialling TLS', () => {
  async function tlsServer(options: TlsOptions) {
    const server = createTlsServer({ allowHalfOpen: true, ...options }, (peer) => {
      peer.on('error', () => undefined);
      peer.pipe(peer);
    });
    return portOf(await start(fixture, server));
  }

  it('resolves with an open stream when the certificate is valid', async () => {
    const port = await tlsServer(certificates.server);
    const stream = await open({ port, tls: { ca: certificates.ca } });
    expectOnlyErrorListener(stream);
    expect(stream.allowHalfOpen).toBe(true);
    await expectEcho(stream);
  });

  it.each(['localhost', 'other.example'])('sends the server name (%s)', async (name) => {
    const names: string[] = [];
    const SNICallback: TlsOptions['SNICallback'] = (requested, done) => {
      names.push(requested);
      done(null);
    };
    const port = await tlsServer({ ...certificates.server, SNICallback });
    const options =
      name === 'localhost' ? {} : { servername: name, checkServerIdentity: () => undefined };
    await open({ host: 'localhost', port, tls: { ca: certificates.ca, ...options } });
    expect(names).toEqual([name]);
  });

  it('connects to the address, and ignores host, port and path of the TLS options', async () => {
    const port = await tlsServer(certificates.server);
    const tls = { ca: certificates.ca, host: 'nowhere.invalid', port: 1, path: '/nowhere' };
    await expectEcho(await open({ host: '127.0.0.1', port, tls }));
  });

  it('rejects a certificate for another name', async () => {
    const port = await tlsServer(certificates.wrongName);
    const dialled = open({ port, tls: { ca: certificates.ca } });
    await expect(dialled).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('rejects a certificate of an unknown authority', async () => {
    const port = await tlsServer(certificates.untrusted);
    const dialled = open({ port, tls: { ca: certificates.ca } });
    await expect(dialled).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  it('rejects an expired certificate', async () => {
    const port = await tlsServer(certificates.expired);
    const dialled = open({ port, tls: { ca: certificates.ca } });
    await expect(dialled).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' });
  });

  it('sends the certificate of the client to a server that requires one', async () => {
    const port = await tlsServer({
      ...certificates.server,
      requestCert: true,
      ca: certificates.ca,
    });
    await expectEcho(await open({ port, tls: { ca: certificates.ca, ...certificates.client } }));
  });

  it('fails without the required certificate, at the latest on the open stream', async () => {
    const mutual = { ...certificates.server, requestCert: true, ca: certificates.ca };
    const port = await tlsServer(mutual);
    const stream = await open({ port, tls: { ca: certificates.ca } });
    await closing(stream);
    expect(stream.errored).toHaveProperty('code', expect.stringMatching(/^ERR_SSL_|ECONNRESET/));

    const older = await tlsServer({ ...mutual, maxVersion: 'TLSv1.2' });
    await expect(open({ port: older, tls: { ca: certificates.ca } })).rejects.toThrow();
  });

  it('rejects when the server closes the connection during the handshake', async () => {
    const port = portOf(
      await start(
        fixture,
        createServer((peer) => peer.end()),
      ),
    );
    await expect(open({ port, tls: {} })).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('rejects when the server does not speak TLS', async () => {
    const port = portOf(
      await start(
        fixture,
        createServer((peer) => peer.end('{"QMP": {}}\r\n')),
      ),
    );
    await expect(open({ port, tls: {} })).rejects.toHaveProperty(
      'code',
      expect.stringMatching(/^ERR_SSL_/),
    );
  });

  it.each([{ cert: 'junk', key: 'junk' }, { minVersion: 'TLSv9' }, { cert: 5 }])(
    'rejects options that Node rejects (%j)',
    async (tls) => {
      const dialled = dial(parseAddress({ port: 1, tls }), AbortSignal.timeout(10_000));
      await expect(dialled).rejects.toThrow(ArgumentError);
      await expect(dialled).rejects.toThrow('TLS options cannot be used');
    },
  );
});

describe('adopting a TLS socket', () => {
  it('waits for a TLS socket in its handshake', async () => {
    const port = portOf(
      await start(
        fixture,
        createTlsServer(certificates.server, (peer) => void peer.pipe(peer)),
      ),
    );
    const stream = connectTls({ port, host: '127.0.0.1', ca: certificates.ca });
    const before = stream.listenerCount('secure');
    expect(await open({ stream })).toBe(stream);
    expect(stream.authorized).toBe(true);
    expect(stream.listenerCount('secure')).toBe(before);
    await expectEcho(stream);
  });

  it('rejects with the error of a TLS socket whose peer has the wrong name', async () => {
    const port = portOf(await start(fixture, createTlsServer(certificates.wrongName)));
    const stream = connectTls({ port, host: '127.0.0.1', ca: certificates.ca });
    const dialled = open({ stream });
    await expect(dialled).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});

describe('an aborted dial with TLS', () => {
  it('closes the socket in the middle of a TLS handshake', async () => {
    const server = await start(fixture, createServer());
    const controller = new AbortController();
    const arrival = nextPeer(server);
    const dialled = open({ port: portOf(server), tls: {} }, controller.signal);
    const rejected = expect(dialled).rejects.toBe(REASON);
    const peer = await arrival;
    // The ClientHello, which is never answered.
    await once(peer, 'data');
    const closed = closing(peer);
    controller.abort(REASON);
    await rejected;
    await closed;
  });
});
