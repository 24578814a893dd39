/**
 * S8: TLS tells which client it is before anything else happens, a client without an accepted certificate is
 * never handed over, and a server that would not check its clients is refused.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { lines, ProtocolServer, sealAddress } from '../../src/index.ts';
import { findProgram } from '../../scripts/programs.ts';
import { createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { rejection } from '../support/signal.ts';
import { certificates, listenTls as listen, MUTUAL, visit } from '../support/tls-visits.ts';

expectIdleAfterEach();

const { ca, server: identity, client, untrusted, expired, crl } = certificates;

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

describe.each(VERSIONS)('a client without an accepted certificate (%s)', (maxVersion) => {
  const cases: [string, ConnectionOptions][] = [
    ['with none', {}],
    ['of another authority', untrusted],
    ['that has expired', expired],
  ];

  it.each(cases)('%s is never handed over by a server', async (_, certificate) => {
    const { port, handedOver, failed } = await listen({ ...MUTUAL, maxVersion });
    const stranger = await visit(port, certificate).catch(() => ({ text: '' }));
    await until(() => failed.length === 1);
    expect(stranger.text).toBe('');
    const known = await visit(port, client);
    expect(known.text).toBe('welcome\n');
    await known.leave();
    expect(handedOver).toHaveLength(1);
    expect(handedOver).toMatchObject([{ authorized: true }]);
  });

  it.each(cases)('%s is never handed over by a listener for one peer', async (_, certificate) => {
    const listener = createProtocol<string>({ codec: lines() });
    const { port } = await listener.listen({ port: 0, tls: { ...MUTUAL, maxVersion } });
    const accepted = listener.accept();
    const stranger = await visit(port, certificate).catch(() => ({ text: '' }));
    expect(stranger.text).toBe('');
    const friend = createProtocol<string>({ codec: lines() });
    await friend.connect({ port, tls: { ca, ...client } });
    await accepted;
    expect(listener.remote).toMatchObject({ authorized: true });
    await Promise.all([friend.disconnect(), listener.closed]);
  });
});

describe('what the handshake of the protocol is told', () => {
  it('is the certificate of the client, and that it was verified', async () => {
    const { port, handedOver } = await listen(MUTUAL);
    const known = await visit(port, client);
    expect(known.text).toBe('welcome\n');
    const [remote] = handedOver;
    expect(remote).toMatchObject({ authorized: true, address: '127.0.0.1' });
    expect(remote?.certificate?.subject.CN).toBe('localhost');
    await known.leave();
  });

  it.each<[string, ConnectionOptions, boolean]>([
    ['there is none', {}, false],
    ['it is of another authority', untrusted, true],
    ['it has expired', expired, true],
  ])('is why it was not, if the server decides by itself: %s', async (_, certificate, has) => {
    const { port, handedOver } = await listen({ ...MUTUAL, rejectUnauthorized: false });
    await (await visit(port, certificate)).leave();
    const [remote] = handedOver;
    expect(remote).toMatchObject({
      authorized: false,
      authorizationError: expect.any(String) as string,
    });
    expect(remote?.certificate !== undefined).toBe(has);
  });

  it.each(
    VERSIONS.flatMap((version) => [
      [version, 'no', {}, false] as const,
      [version, 'a foreign', untrusted, false] as const,
      [version, 'an accepted', client, true] as const,
    ]),
  )('is the same when a session is resumed (%s, %s certificate)', async (...given) => {
    const [maxVersion, , certificate, authorized] = given;
    const { port, handedOver } = await listen({ ...MUTUAL, rejectUnauthorized: false, maxVersion });
    const first = await visit(port, certificate);
    await first.leave();
    const second = await visit(port, { ...certificate, session: first.session });
    expect(second.isReused).toBe(true);
    await second.leave();
    expect(handedOver.map((remote) => remote.authorized)).toEqual([authorized, authorized]);
    const [before, after] = handedOver;
    expect(after?.authorizationError).toBe(before?.authorizationError);
    expect(after?.certificate?.serialNumber).toBe(before?.certificate?.serialNumber);
  });
});

it('does not hand over a client that resumes a session in which no certificate was requested', async () => {
  const ticketKeys = Buffer.alloc(48, 7);
  const open = await listen({ ...identity, ticketKeys });
  const first = await visit(open.port, {});
  await first.leave();
  const { port, handedOver, failed } = await listen({ ...MUTUAL, ticketKeys });
  const second = await visit(port, { session: first.session }).catch(() => ({ text: '' }));
  await until(() => failed.length === 1);
  expect(second.text).toBe('');
  expect(handedOver).toEqual([]);

  const listener = createProtocol<string>({ codec: lines() });
  const tls = { ...MUTUAL, ticketKeys };
  const bound = await listener.listen({ port: 0, tls });
  const accepted = listener.accept();
  await visit(bound.port, { session: first.session }).catch(() => undefined);
  expect(listener.runstate).toBe('CONNECTING');
  await Promise.all([listener.disconnect(), accepted.catch(() => undefined)]);
});

describe('options that would check clients, without requestCert', () => {
  const options: [string, object][] = [
    ['ca', { ca }],
    ['crl', { crl: 'x' }],
    ['rejectUnauthorized', { rejectUnauthorized: true }],
    ['ca', { ca, requestCert: undefined }],
  ];
  const refusal = (name: string) => ({
    code: 'ERR_CONNECT',
    cause: {
      code: 'ERR_ARGUMENT',
      message: expect.stringMatching(`^tls has ${name}, but .* write requestCert: true`) as string,
    },
  });

  it.each(options)('are refused when listening: %s (%#)', async (name, extra) => {
    const tls = { ...identity, ...extra };
    const single = createProtocol<string>({ codec: lines() });
    const server = new ProtocolServer({ codec: lines() });
    expect(await rejection(single.listen({ port: 0, tls }))).toMatchObject(refusal(name));
    for (const address of [{ port: 0, tls }, { fd: 3, tls }, sealAddress({ port: 0, tls })]) {
      expect(await rejection(server.listen(address))).toMatchObject(refusal(name));
    }
  });

  it('are accepted with requestCert: false, which says it', async () => {
    const { port } = await listen({ ...identity, ca, requestCert: false });
    const visitor = await visit(port, {});
    expect(visitor.text).toBe('welcome\n');
    await visitor.leave();
  });

  it.each(['yes', 1, null])('are not replaced by requestCert: %j', async (requestCert) => {
    const server = new ProtocolServer({ codec: lines() });
    const tls = { ...identity, ca, requestCert } as never;
    expect(await rejection(server.listen({ port: 0, tls }))).toMatchObject({
      cause: { code: 'ERR_ARGUMENT', message: /requestCert of tls must be a boolean/ },
    });
  });

  it('mean what they say when dialling', async () => {
    const { port } = await listen(identity);
    const dialing = createProtocol<string>({ codec: lines() });
    await dialing.connect({ port, tls: { ca } });
    await dialing.disconnect();
  });
});

it('does not hand over a client whose certificate was revoked', async () => {
  const { port, handedOver, failed } = await listen({ ...MUTUAL, crl });
  await visit(port, client).catch(() => undefined);
  await until(() => failed.length === 1);
  expect(handedOver).toEqual([]);
  expect(failed).toMatchObject([{ remote: { authorizationError: 'CERT_REVOKED' } }]);
});

const openssl = findProgram('openssl');
it.skipIf(openssl === undefined)('checks clients with a pfx file, too', async () => {
  const directory = await tempDir();
  writeFileSync(join(directory, 'cert.pem'), identity.cert);
  writeFileSync(join(directory, 'key.pem'), identity.key);
  const command = 'pkcs12 -export -in cert.pem -inkey key.pem -out server.pfx -passout pass:sesame';
  execFileSync(openssl ?? '', command.split(' '), { cwd: directory, stdio: 'pipe' });
  const pfx = readFileSync(join(directory, 'server.pfx'));
  const { port, handedOver, failed } = await listen({
    ...{ pfx, passphrase: 'sesame', ca, requestCert: true },
  });
  await visit(port, untrusted).catch(() => undefined);
  await until(() => failed.length === 1);
  const known = await visit(port, client);
  await known.leave();
  expect(handedOver).toMatchObject([{ authorized: true }]);
});
