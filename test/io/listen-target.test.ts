/** The addresses that can be listened on. */

import { describe, expect, it } from 'vitest';
import { sealAddress, streamPair } from '../../src/index.ts';
import { parseDialAddress, parseListenAddress } from '../../src/io/listen-target.ts';

/** Any value, as plain JavaScript may pass it. */
const anything = (value: unknown) => value as never;

describe('parseListenAddress()', () => {
  it('takes a file descriptor, with or without TLS', () => {
    const tls = { key: 'k' };
    expect(parseListenAddress({ fd: 0 })).toEqual({ kind: 'fd', fd: 0 });
    expect(parseListenAddress({ fd: 3, tls })).toEqual({ kind: 'fd', fd: 3, tls });
    expect(parseListenAddress(sealAddress({ fd: 3, tls }))).toEqual({ kind: 'fd', fd: 3, tls });
  });

  it('takes what can be dialed, except a stream', () => {
    expect(parseListenAddress('/run/x')).toEqual({ kind: 'unix', path: '/run/x' });
    expect(parseListenAddress({ port: 7 })).toMatchObject({ kind: 'tcp', port: 7 });
    const [stream] = streamPair();
    expect(() => parseListenAddress({ stream })).toThrow('A stream cannot be listened on');
    expect(stream.destroyed).toBe(false);
    stream.destroy();
  });

  it.each([
    [{ fd: -1 }, 'fd must be the number of a file descriptor, not -1'],
    [{ fd: 1.5 }, 'fd must be the number of a file descriptor, not 1.5'],
    [{ fd: '3' }, 'fd must be the number of a file descriptor, not 3'],
    [{ fd: 2 ** 31 }, 'fd must be the number of a file descriptor, not 2147483648'],
    [{ fd: 3, tls: true }, "tls must be an object of Node's TLS options, not true"],
    [{ fd: 3, port: 7 }, "An address with fd may have tls, and nothing else: not 'port'"],
  ])('throws for %o', (address, message) => {
    expect(() => parseListenAddress(anything(address))).toThrow(message);
  });

  it.each([null, undefined, 7, true])('throws an ArgumentError for %s', (address) => {
    expect(() => parseListenAddress(anything(address))).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});

describe('parseDialAddress()', () => {
  it('takes any address but a file descriptor', () => {
    expect(parseDialAddress('/run/x')).toEqual({ kind: 'unix', path: '/run/x' });
    expect(() => parseDialAddress({ fd: 3 })).toThrow('{ fd } is for listen()');
  });
});
