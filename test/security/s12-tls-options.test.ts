/**
 * S12: no option of TLS is switched off silently, whatever it is left out by; a callback that throws ends one
 * handshake; and what leaves this machine without TLS is warned of.
 */

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { lines, type ListenAddress, ProtocolServer, sealAddress } from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { rejection } from '../support/signal.ts';
import { certificates, listenTls, MUTUAL, visit } from '../support/tls-visits.ts';

expectIdleAfterEach();

const { ca, server: identity, client, untrusted, wrongName } = certificates;

/** Any value, as plain JavaScript may pass it. */
const anything = (value: unknown) => value as never;

/** Connects a protocol, and returns what it knows of the server. */
async function connect(port: number, tls: ConnectionOptions, host = '127.0.0.1') {
  const protocol = createProtocol<string>({ codec: lines() });
  await protocol.connect({ host, port, tls });
  const { remote } = protocol;
  await protocol.disconnect();
  return remote;
}

/** The cause of a rejected attempt. */
const causeOf = async (attempt: Promise<unknown>): Promise<unknown> =>
  Reflect.get((await rejection(attempt)) as object, 'cause');

describe('tls in an address', () => {
  it.each([undefined, null, false])('is not switched off by %s', async (tls) => {
    let connections = 0;
    const plain = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
    cleanUp(() => plain.close());
    await once(plain, 'listening');
    const bound = plain.address();
    const port = typeof bound === 'object' ? bound?.port : undefined;
    const dialing = createProtocol<string>({ codec: lines() });
    const server = new ProtocolServer({ codec: lines() });
    const refused = {
      code: 'ERR_ARGUMENT',
      message: `tls is ${String(tls)}: to connect without TLS, leave it out`,
    };
    for (const address of [{ port, tls }, sealAddress({ port, tls })].map(anything)) {
      expect(await causeOf(dialing.connect(address))).toMatchObject(refused);
    }
    for (const address of [
      { port: 0, tls },
      { fd: 3, tls },
    ].map(anything)) {
      expect(await causeOf(server.listen(address))).toMatchObject(refused);
      expect(await causeOf(dialing.listen(address))).toMatchObject(refused);
    }
    expect(connections).toBe(0);
  });

  it('is left out by leaving it out', async () => {
    const server = new ProtocolServer<string>({ codec: lines() });
    const { port } = await server.listen({ port: 0 });
    const dialing = createProtocol<string>({ codec: lines() });
    await dialing.connect({ port });
    expect(dialing.remote?.authorized).toBeUndefined();
    await dialing.disconnect();
    await server.close();
  });
});

describe('an option of TLS that is undefined', () => {
  it('counts as absent: the name of the server is sent, and its certificate verified', async () => {
    const names: string[] = [];
    const { port } = await listenTls({
      ...identity,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const off = {
      servername: undefined,
      rejectUnauthorized: undefined,
      checkServerIdentity: undefined,
      minVersion: undefined,
    };
    expect(await connect(port, { ...off, ca }, 'localhost')).toMatchObject({ authorized: true });
    expect(names).toEqual(['localhost']);
    expect(await causeOf(connect(port, { ...off, ca: undefined }))).toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    const other = await listenTls(wrongName);
    expect(await causeOf(connect(other.port, { ...off, ca }))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('counts as absent in a server, which goes on requiring certificates', async () => {
    const { port, handedOver, failed } = await listenTls({
      ...MUTUAL,
      rejectUnauthorized: undefined,
    });
    await (await visit(port, {})).leave();
    await until(() => failed.length === 1);
    expect(handedOver).toEqual([]);
  });
});

describe('an option of TLS that Node would ignore', () => {
  const EMPTY = ['', null, false, [], [''], Buffer.alloc(0), [undefined]];

  it.each(['ca', 'cert', 'key', 'pfx', 'crl'])('is refused when it is empty: %s', async (name) => {
    const dialing = createProtocol<string>({ codec: lines() });
    const server = new ProtocolServer({ codec: lines() });
    for (const value of EMPTY) {
      const tls = anything({ ...MUTUAL, [name]: value });
      const refused = { code: 'ERR_ARGUMENT', message: new RegExp(`^tls.${name} is empty`) };
      expect(await causeOf(dialing.connect({ port: 1, tls }))).toMatchObject(refused);
      expect(await causeOf(server.listen({ port: 0, tls }))).toMatchObject(refused);
    }
  });

  it.each([
    ['requestCerts', 'requestCert'],
    ['requestcert', 'requestCert'],
    ['rejectUnauthorised', 'rejectUnauthorized'],
    ['CA', 'ca'],
    ['server_name', 'servername'],
  ])('is refused when its name is misspelt: %s', async (name, meant) => {
    const server = new ProtocolServer({ codec: lines() });
    const tls = { ...identity, [name]: true };
    expect(await causeOf(server.listen({ port: 0, tls }))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: `tls has no option '${name}': did you mean '${meant}'?`,
    });
  });

  it('is not refused when the name is like no other', async () => {
    const { port } = await listenTls({ ...identity, ...{ color: 'red' } });
    expect(await connect(port, { ca, ...{ color: 'red' } })).toMatchObject({ authorized: true });
  });

  it.each([
    ['a text', 'secret', 'a text'],
    ['true', true, 'true'],
    ['an array', [identity], 'an array'],
  ])('cannot be given as %s instead of an object', async (_, tls, shown) => {
    const server = new ProtocolServer({ codec: lines() });
    expect(await causeOf(server.listen(anything({ port: 0, tls })))).toMatchObject({
      message: `tls must be an object of Node's TLS options, not ${shown}`,
    });
  });

  it.each<[string, () => TlsOptions]>([
    [
      'a getter of its class',
      () =>
        new (class {
          readonly ca = ca;
          get requestCert() {
            return this.ca === ca;
          }
          readonly key = identity.key;
          readonly cert = identity.cert;
        })(),
    ],
    [
      'its prototype',
      () => Object.assign(Object.create({ ca, requestCert: true }) as object, identity),
    ],
  ])('is used when the object has it by %s', async (_, make) => {
    const { port, handedOver, failed } = await listenTls(make());
    await (await visit(port, {})).leave();
    await until(() => failed.length === 1);
    await (await visit(port, client)).leave();
    expect(handedOver).toMatchObject([{ authorized: true }]);
  });

  it('is refused when it cannot be read', async () => {
    const server = new ProtocolServer({ codec: lines() });
    const tls = {
      ...identity,
      get ca(): string {
        throw new Error('no file');
      },
    };
    expect(await causeOf(server.listen({ port: 0, tls }))).toMatchObject({
      message: 'tls.ca cannot be read: no file',
    });
  });
});

describe('a callback of TLS that throws', () => {
  const fail = (): never => {
    throw new Error('a mistake of ours');
  };

  it.each<[string, ConnectionOptions['checkServerIdentity']]>([
    ['throws', fail],
    ['rejects', anything(() => Promise.reject(new Error('later')))],
    ['returns false', anything(() => false)],
    ['returns true', anything(() => true)],
  ])('refuses the server: checkServerIdentity %s', async (_, checkServerIdentity) => {
    const { port } = await listenTls(identity);
    expect(await causeOf(connect(port, { ca, checkServerIdentity }))).toMatchObject({
      code: 'ERR_HANDLER',
      message: /checkServerIdentity/,
    });
  });

  it('ends one handshake: SNICallback', async () => {
    const { port, failed } = await listenTls({
      ...identity,
      SNICallback: (name, done) => {
        if (name === 'evil.example') fail();
        if (name === 'later.example') return anything(Promise.reject(new Error('later')));
        done(null);
      },
    });
    await (await visit(port, { servername: 'evil.example' })).leave();
    await (await visit(port, { servername: 'later.example' })).leave();
    await until(() => failed.length === 2);
    const known = await visit(port, {});
    expect(known.text).toBe('welcome\n');
    await known.leave();
  });

  it.each<[string, TlsOptions['ALPNCallback']]>([
    ['throws', fail],
    ['chooses what was not offered', () => 'other'],
  ])('ends one handshake: ALPNCallback %s', async (_, callback) => {
    const { port, failed } = await listenTls({
      ...identity,
      ALPNCallback: (offer) => (offer.protocols.includes('good') ? 'good' : callback?.(offer)),
    });
    await (await visit(port, { ALPNProtocols: ['bad'] })).leave();
    await until(() => failed.length === 1);
    const known = await visit(port, { ALPNProtocols: ['bad', 'good'] });
    expect(known.text).toBe('welcome\n');
    expect(known.socket.alpnProtocol).toBe('good');
    await known.leave();
  });

  it('ends one handshake: pskCallback', async () => {
    const options = { pskCallback: fail, ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
    const { port, failed } = await listenTls(options);
    const psk = Buffer.from('0123456789abcdef');
    const checkServerIdentity = () => undefined;
    const pskCallback = () => ({ psk, identity: 'x' });
    await (
      await visit(port, { ...options, pskCallback, checkServerIdentity, ca: undefined })
    ).leave();
    await until(() => failed.length === 1);
  });
});

describe('TLS is as strict as that of Node', () => {
  it('without an overlap of ALPN there is no connection', async () => {
    const { port, failed } = await listenTls({ ...identity, ALPNProtocols: ['one'] });
    await (await visit(port, { ALPNProtocols: ['other'] })).leave();
    await until(() => failed.length === 1);
  });

  it('rejectUnauthorized: false lets a client connect, which is told the verdict', async () => {
    const { port } = await listenTls(untrusted);
    expect(await connect(port, { ca, rejectUnauthorized: false })).toMatchObject({
      authorized: false,
      authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });
});

/** A TCP port that is free. */
async function freePort(): Promise<number> {
  const server = new ProtocolServer({ codec: lines() });
  const { port } = await server.listen({ port: 0 });
  await server.close();
  return port;
}

describe('listening without TLS', () => {
  const warning = (port: number): string =>
    `Connections to 0.0.0.0:${String(port)} are not encrypted, and any host can make one: ` +
    'use tls, a UNIX socket or a tunnel';

  it('beyond this machine is logged as a warning, once for each address', async () => {
    const address: ListenAddress = { host: '0.0.0.0', port: await freePort() };
    const { logger, records } = recordingLogger();
    const server = new ProtocolServer({ codec: lines() }, { logger });
    for (let round = 0; round < 2; round += 1) {
      await server.listen(address);
      await server.close();
    }
    const single = createProtocol<string>({ codec: lines() }, { logger });
    await single.listen(address);
    await single.disconnect();
    const warnings = records.filter((record) => record.startsWith('warn'));
    expect(warnings).toEqual([`warn ${warning(address.port)} (WIRECHART_PLAINTEXT)`]);
  });

  it('is a warning of the process without a logger', async () => {
    const port = await freePort();
    const warned = once(process, 'warning');
    const server = new ProtocolServer({ codec: lines() });
    await server.listen({ host: '0.0.0.0', port });
    expect(await warned).toMatchObject([
      { name: 'WirechartWarning', code: 'WIRECHART_PLAINTEXT', message: warning(port) },
    ]);
    await server.close();
  });

  it('on this machine is not warned of, nor is TLS', async () => {
    const { logger, records } = recordingLogger();
    const server = new ProtocolServer({ codec: lines() }, { logger });
    const addresses: ListenAddress[] = [
      { port: 0 },
      { host: 'localhost', port: 0 },
      { host: '127.1.2.3', port: 0 },
      { host: '0.0.0.0', port: 0, tls: identity },
    ];
    for (const address of addresses) {
      await server.listen(address);
      await server.close();
    }
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([]);
  });
});
