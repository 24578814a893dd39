import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { until, useListeners } from '../support/listeners.ts';
import { closing, textOf, useFixture } from '../support/sockets.ts';

const REASON = new Error('the reason');

const fixture = useFixture();
const sockets = useListeners(fixture);

describe('listening with TLS', () => {
  it('goes on after a client fails the handshake, and keeps the error', async () => {
    const listener = await sockets.listen({ port: 0, tls: sockets.certificates.server });
    const accepted = sockets.accept(listener);
    const plain = sockets.dial(listener);
    plain.write('{"execute": "qmp_capabilities"}\n');
    await closing(plain);
    expect(listener.tlsErrors).toHaveLength(1);
    expect(listener.tlsErrors[0]).toHaveProperty('code', expect.stringMatching(/^ERR_SSL_/));
    sockets.dialTls(listener).end('hello');
    expect(await textOf(await accepted)).toBe('hello');
  });

  it('keeps the last eight errors', async () => {
    const listener = await sockets.listen({ port: 0, tls: sockets.certificates.server });
    const seen: Error[] = [];
    for (let i = 0; i < 10; i += 1) {
      const plain = sockets.dial(listener);
      plain.end('this is no TLS');
      await closing(plain);
      await until(() => listener.tlsErrors.at(-1) !== seen.at(-1));
      seen.push(...listener.tlsErrors.slice(-1));
    }
    expect(seen).toHaveLength(10);
    expect(listener.tlsErrors).toEqual(seen.slice(-8));
    expect(new Set(seen).size).toBe(10);
  });

  it('rejects an aborted accept with the reason, also after failed handshakes', async () => {
    const listener = await sockets.listen({ port: 0, tls: sockets.certificates.server });
    const controller = new AbortController();
    const accepted = sockets.accept(listener, controller.signal);
    const plain = sockets.dial(listener);
    plain.end('this is no TLS');
    await closing(plain);
    controller.abort(REASON);
    await expect(accepted).rejects.toBe(REASON);
  });

  it('accepts a client with the required certificate', async () => {
    const tls = { ...sockets.certificates.server, ca: sockets.certificates.ca, requestCert: true };
    const listener = await sockets.listen({ port: 0, tls });
    sockets.dialTls(listener, sockets.certificates.client).end('hello');
    expect(await textOf(await sockets.accept(listener))).toBe('hello');
    expect(listener.tlsErrors).toEqual([]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'goes on after a client has no certificate, or a wrong one (%s)',
    async (maxVersion) => {
      const tls = {
        ...sockets.certificates.server,
        ca: sockets.certificates.ca,
        requestCert: true,
        maxVersion,
      };
      const listener = await sockets.listen({ port: 0, tls });
      const accepted = sockets.accept(listener);
      await closing(sockets.dialTls(listener));
      await until(() => listener.tlsErrors.length === 1);
      await closing(sockets.dialTls(listener, sockets.certificates.untrusted));
      await until(() => listener.tlsErrors.length === 2);
      expect(listener.tlsErrors.map(({ message }) => message)).toEqual([
        expect.stringContaining('peer did not return a certificate'),
        "The client's certificate was refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      ]);
      sockets.dialTls(listener, sockets.certificates.client).end('hello');
      expect(await textOf(await accepted)).toBe('hello');
    },
  );

  it('destroys clients in their handshake when the first one is done', async () => {
    const listener = await sockets.listen({ port: 0, tls: sockets.certificates.server });
    const silent = sockets.dial(listener);
    await once(silent, 'connect');
    sockets.dialTls(listener).end('hello');
    const stream = await sockets.accept(listener);
    await closing(silent);
    expect(await textOf(stream)).toBe('hello');
    expect(listener.tlsErrors).toEqual([]);
  });

  it('has at most 256 clients in their handshake, the newest ones', async () => {
    const listener = await sockets.listen({ port: 0, tls: sockets.certificates.server });
    const [oldest, second] = [sockets.dial(listener), sockets.dial(listener)];
    await Promise.all([once(oldest, 'connect'), once(second, 'connect')]);
    for (let count = 0; count < 255; count += 1) sockets.dial(listener);
    await closing(oldest);
    expect(second.closed).toBe(false);
    sockets.dialTls(listener).end('hello');
    expect(await textOf(await sockets.accept(listener))).toBe('hello');
  });

  it('destroys clients in their handshake when it is closed', async () => {
    const listener = await sockets.listen({ port: 0, tls: sockets.certificates.server });
    const silent = sockets.dial(listener);
    await once(silent, 'connect');
    listener.close();
    await closing(silent);
  });
});
