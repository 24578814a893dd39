/** S12: the certificate of a server is renewed without closing it, and its rules for clients stay. */

import { X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { lines, ProtocolServer } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import {
  certificates,
  listenTls as listen,
  MUTUAL,
  nextText,
  visit,
} from '../support/tls-visits.ts';

expectIdleAfterEach();

const { ca, server: identity, client, other, renewed } = certificates;

const serialOf = ({ cert }: { readonly cert: string }): string =>
  new X509Certificate(cert).serialNumber;

describe('setSecureContext()', () => {
  it('gives new handshakes another certificate, and keeps sessions', async () => {
    const { server, port, handedOver } = await listen(MUTUAL);
    const before = await visit(port, client);
    expect(before.serial).toBe(serialOf(identity));
    server.setSecureContext(renewed);
    const after = await visit(port, client);
    expect(after.serial).toBe(serialOf(renewed));
    expect(handedOver).toMatchObject([{ authorized: true }, { authorized: true }]);
    before.socket.write('still here\n');
    expect(await nextText(before)).toBe('still here\n');
    await Promise.all([before.leave(), after.leave()]);
  });

  it('goes on checking clients, and uses the new certificate for those in the backlog', async () => {
    const { server, port, failed } = await listen(MUTUAL, { maxPeers: 1 });
    const first = await visit(port, client);
    const second = visit(port, client);
    await until(() => server.stats.queued === 1);
    server.setSecureContext(renewed);
    await first.leave();
    expect(await second).toMatchObject({ text: 'welcome\n', serial: serialOf(renewed) });
    await (await second).leave();
    await visit(port, {}).catch(() => undefined);
    await until(() => failed.length === 1);
  });

  it('verifies a client anew that resumes a session from before', async () => {
    const ticketKeys = Buffer.alloc(48, 7);
    const { server, port, failed, handedOver } = await listen({ ...MUTUAL, ticketKeys });
    const before = await visit(port, client);
    await before.leave();
    server.setSecureContext({ ca: other.ca });
    const { session } = before;
    await visit(port, { ...client, session }).catch(() => undefined);
    await until(() => failed.length === 1);
    const known = await visit(port, other.client);
    await known.leave();
    expect(handedOver).toHaveLength(2);
  });

  it('can make a server that checked no client check its clients', async () => {
    const { server, port, failed } = await listen(identity);
    await (await visit(port, {})).leave();
    server.setSecureContext({ ca, requestCert: true });
    await visit(port, {}).catch(() => undefined);
    await until(() => failed.length === 1);
    await (await visit(port, client)).leave();
  });

  it.each<[string, unknown]>([
    ['a certificate that is none', { key: 'junk', cert: 'junk' }],
    ['a key of another certificate', { key: renewed.key }],
    ['no object', undefined],
    ['a text', 'secret'],
    ['an empty authority', { ca: '' }],
    ['a misspelt option', { requestCerts: false }],
    ['ca without requestCert', { ca }],
  ])('throws for %s, and the old certificate stays', async (_, options) => {
    const { server, port } = await listen(identity);
    const renew = (): void => {
      server.setSecureContext(options as TlsOptions);
    };
    expect(renew).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(renew).not.toThrow(/secret|junk/);
    const visitor = await visit(port, {});
    expect(visitor).toMatchObject({ text: 'welcome\n', serial: serialOf(identity) });
    await visitor.leave();
  });

  it('throws a StateError where there is no TLS', async () => {
    const server = new ProtocolServer({ codec: lines() });
    const renew = (): void => {
      server.setSecureContext(renewed);
    };
    const refusal = (state: string) =>
      expect.objectContaining({ code: 'ERR_STATE', state }) as Error;
    expect(renew).toThrow(refusal('IDLE'));
    await server.listen({ port: 0 });
    expect(renew).toThrow(refusal('LISTENING'));
    await server.close();
    expect(renew).toThrow(refusal('IDLE'));
  });

  it('has no effect on the next listen()', async () => {
    const { server } = await listen(identity);
    server.setSecureContext(renewed);
    await server.close();
    const { port } = await server.listen({ port: 0, tls: identity });
    const visitor = await visit(port, {});
    expect(visitor.serial).toBe(serialOf(identity));
    await visitor.leave();
  });
});
