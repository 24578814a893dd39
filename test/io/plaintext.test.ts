/** Which connections are warned of because they leave this machine without TLS. */

import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { warnOfPlainDial } from '../../src/io/plaintext.ts';

/** A stream that looks like a socket between two addresses. */
const socketBetween = (localAddress: string, remoteAddress: string | undefined) =>
  Object.assign(new PassThrough(), { setNoDelay: () => undefined, localAddress, remoteAddress });

/** The warnings of a connection from one address to another. */
function warningsOf(address: unknown, local: string, remote: string | undefined): string[] {
  const warnings: string[] = [];
  warnOfPlainDial(parseAddress(address), socketBetween(local, remote), (text) => {
    warnings.push(text);
  });
  return warnings;
}

it('warns of a connection that leaves this machine, once for each address', () => {
  const dial = (host: string) => warningsOf({ host, port: 4444 }, '10.0.0.1', '10.0.0.2');
  expect(dial('10.0.0.2')).toEqual([
    'The connection to 10.0.0.2:4444 is not encrypted, and its peer not authenticated: ' +
      'use tls, a UNIX socket or a tunnel (WIRECHART_PLAINTEXT)',
  ]);
  expect(dial('10.0.0.2')).toEqual([]);
  expect(dial('vm.example')).toHaveLength(1);
  expect(warningsOf('tcp:[fd00::2]:4444', 'fd00::1', 'fd00::2')).toHaveLength(1);
});

it.each([
  ['to this host by name', { host: 'here', port: 1 }, '127.0.0.1', '127.0.0.1'],
  ['to loopback', { host: '127.9.9.9', port: 1 }, '127.0.0.1', '127.9.9.9'],
  ['to loopback of IPv6', { host: '::1', port: 1 }, '::1', '::1'],
  ['to IPv4 loopback as IPv6', { host: '::ffff:127.0.0.1', port: 1 }, '::1', '::ffff:127.0.0.1'],
  ['to an address of this machine', { host: '10.0.0.7', port: 1 }, '10.0.0.7', '10.0.0.7'],
  ['that is gone already', { host: '10.0.0.8', port: 1 }, '10.0.0.1', undefined],
  ['with TLS', { host: '10.0.0.9', port: 1, tls: {} }, '10.0.0.1', '10.0.0.9'],
  ['over a UNIX socket', '/run/x', '', undefined],
])('does not warn of one %s', (_, address, local, remote) => {
  expect(warningsOf(address, local, remote)).toEqual([]);
});
